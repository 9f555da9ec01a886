//! Signals: what reacts to a metric while training runs, with a factor over the plan.
//!
//! A schedule stays a pure function of t. A signal holds state: it is told of each reading, and the
//! plan's rates are multiplied by its factor until the next one.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::Horizon;

mod arguments;
mod greedy;
mod plateau;
pub mod registry;
mod watch;
mod window;

pub use registry::{Built, SIGNALS, SignalEntry, find};
pub(crate) use watch::means;

/// Reacts to a metric with a factor over the plan.
///
/// ```
/// use lrlab_core::{Horizon, signal::{self, Setting}};
/// let plateau = signal::find("plateau").unwrap();
/// let setting = Setting { horizon: Horizon::new(1000, 20), warmup: 100 };
/// let mut signal = (plateau.build)(&Default::default(), setting).unwrap();
/// for epoch in 5..=16 {
///     signal.on_metric(20 * epoch, "validation loss", 0.7)?;
/// }
/// assert_eq!(signal.factor(), 0.1);
/// # Ok::<(), lrlab_core::signal::SignalError>(())
/// ```
pub trait Signal: Send + Sync + Debug {
    /// Whether readings of the metric `name` are taken. A training that reports no such metric would
    /// never hear from the signal, one that reports several would mix them.
    fn listens_to(&self, name: &str) -> bool;

    /// Takes a reading of the metric `name`, made after `t` updates; others' readings are ignored.
    ///
    /// Allocates nothing. Refuses readings older than the last one and, where `nan=error` asks for
    /// it, those that are not finite; the state is as before then.
    fn on_metric(&mut self, t: u64, name: &str, value: f64) -> Result<(), SignalError>;

    /// What the plan's rates are multiplied by: finite, 0 or more, 1 before the first reaction.
    fn factor(&self) -> f64;

    /// All that the next readings depend on besides the arguments.
    fn state(&self) -> SignalState;

    /// Goes on from `state`, exactly as the signal that it was taken from. Refuses the state of
    /// another signal, and numbers that this one cannot reach.
    fn restore(&mut self, state: &SignalState) -> Result<(), SignalError>;

    /// A copy that shares nothing.
    fn clone_box(&self) -> Box<dyn Signal>;
}

/// In what training a signal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What turns `10%` and `3 epochs` into steps.
    pub horizon: Horizon,
    /// Steps before which nothing reacts, unless told otherwise.
    pub warmup: u64,
}

/// The state of a signal as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalState {
    /// The signal's name in the registry.
    pub signal: String,
    /// The present factor.
    pub factor: f64,
    /// The best reading since the gate opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<f64>,
    /// Updates made before the last reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// The t from which the patience with bad readings counts.
    pub bad_since: u64,
    /// The t from which the patience with good readings counts, where those matter.
    pub good_since: u64,
    /// The readings of the smoothing window, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<f64>,
}

/// Why a signal refuses a reading or a state.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SignalError {
    /// A reading that is NaN or infinite, where the arguments ask for an error.
    #[error(
        "{name} after {t} updates is {value}, which `nan=error` refuses; `nan=bad` counts it as a bad reading, `nan=ignore` skips it"
    )]
    NotFinite {
        /// The metric.
        name: String,
        /// Updates made before the reading.
        t: u64,
        /// The reading.
        value: f64,
    },
    /// A reading older than the last one.
    #[error(
        "{name} after {t} updates comes too late, the last reading was after {last}: hand readings over in order"
    )]
    OutOfOrder {
        /// The metric.
        name: String,
        /// Updates made before the reading.
        t: u64,
        /// Updates made before the last one.
        last: u64,
    },
    /// A state that this signal cannot have had.
    #[error(
        "state of {signal}: {field} is `{got}`, expected {allowed}; restore it into a signal of the same arguments"
    )]
    State {
        /// The signal that refuses it.
        signal: &'static str,
        /// Which number.
        field: &'static str,
        /// What it holds.
        got: String,
        /// What is allowed.
        allowed: String,
    },
}

impl Clone for Box<dyn Signal> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}
