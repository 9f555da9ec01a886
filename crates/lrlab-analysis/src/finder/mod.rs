//! Finding a learning rate: the range test, every published suggestion under its tool's name, and
//! lrlab's own.
//!
//! A [`Sweep`] is one range test: a training whose rate rises from tiny to huge, with the loss of every
//! step. Each published way to read a rate off it lives in a file of its own and is listed once in
//! [`FINDERS`]; it computes what the tool computes, with the tool's own smoothing, skipping and
//! stopping, so that its users recognise the number, and says where the tool has none to give.
//! [`hint`] reads several sweeps and gives a rate with an interval and its reasons.
//!
//! What every one of them shares: a loss stands beside the rate of the update made *after* it was
//! measured, so the curve lags by a step; and the sweep's own history (momentum, a Hessian that adapts)
//! is in every point of it.

use lrlab_core::registry::Source;

mod batch_size;
mod contiguous_valley;
mod edge;
mod fastai;
mod gradient;
mod hint;
mod lightning;
mod plan;
mod smoothing;
mod sweep;
mod torch_lr_finder;
mod transfer;
mod view;

use fastai::{minimum, slide, steep, valley};
use lightning::{index_spacing, linear_spacing};

pub use batch_size::{BATCH_SIZE_RULES, BatchSizeError, BatchSizeRule};
pub use edge::{DIVERGED, edge, least_edge};
pub use hint::{Hint, Limit, Reading, hint};
pub use plan::{Spacing, SweepPlan};
pub use smoothing::{smooth, smooth_both_ways};
pub use sweep::{Sweep, SweepError, stable_rate};
pub use transfer::{TransferError, best_peak, factor};
pub use view::{View, png, svg, terminal};

/// One published way to read a rate off a sweep.
#[derive(Debug)]
pub struct Finder {
    /// Its name: `fastai-valley`.
    pub name: &'static str,
    /// The tool that ships it, with the version read.
    pub tool: &'static str,
    /// What it suggests, as one sentence.
    pub summary: &'static str,
    /// How, as a formula or rule.
    pub formula: &'static str,
    /// Where it is written down.
    pub source: Source,
    /// The sweep that the tool makes unless told otherwise.
    pub plan: SweepPlan,
    /// The rate that the tool suggests after this sweep, from the raw losses.
    pub suggest: fn(&Sweep) -> Result<f64, NoSuggestion>,
}

/// Why a sweep gives no rate.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoSuggestion {
    /// Too little of the sweep is left after skipping and stopping.
    #[error(
        "{points} points of the sweep are left and at least {least} are needed; sweep in more steps, or begin at a lower rate"
    )]
    TooShort {
        /// Points left.
        points: usize,
        /// Points needed.
        least: usize,
    },
    /// The tool takes a point whose gradient is NaN, which stands beside the first loss that is.
    #[error("the tool would suggest {would:e}, beside a loss that is NaN; end the sweep at a lower rate")]
    NotANumber {
        /// The rate that the tool returns.
        would: f64,
    },
    /// The loss never falls, so that nothing tells one rate from another.
    #[error("the loss falls nowhere in the sweep; begin at a lower rate, or sweep further up")]
    NeverFalls,
    /// There was no sweep.
    #[error("there is no sweep to read; give at least one")]
    NoSweep,
}

/// Every published suggestion; those in wide use first.
pub static FINDERS: &[&Finder] = &[
    &valley::VALLEY,
    &slide::SLIDE,
    &minimum::MINIMUM,
    &steep::STEEP,
    &linear_spacing::LINEAR_SPACING,
    &index_spacing::INDEX_SPACING,
    &torch_lr_finder::TORCH_LR_FINDER,
    &contiguous_valley::CONTIGUOUS_VALLEY,
];

/// The finder of a name.
///
/// ```
/// use lrlab_analysis::finder::{Sweep, find};
///
/// let rates: Vec<f64> = (0..100).map(|k| 1e-7 * 10_f64.powf(0.08 * f64::from(k))).collect();
/// let losses = rates.iter().map(|rate| 2.0 - (rate / (rate + 1e-2)) + rate * rate).collect();
/// let minimum = find("fastai-minimum").unwrap();
/// let rate = (minimum.suggest)(&Sweep::new(rates, losses)?)?;
/// assert!((1e-2..1e-1).contains(&rate));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find(name: &str) -> Option<&'static Finder> {
    FINDERS.iter().copied().find(|finder| finder.name == name)
}
