//! Small-sample statistics that hold for what lrlab claims: exact where a count is possible, and
//! where randomness is needed it comes from a seed that the caller names.
//!
//! Two kinds of comparison of paired differences live here. For one look at a number of pairs set
//! beforehand: [`sign_flip_p`]. For as many looks as one likes, stopping when the answer is known:
//! [`Sequence`] and [`Rule`].

mod bootstrap;
mod decision;
mod draws;
mod flips;
mod holm;
mod power;
mod proportion;
mod sequence;
mod summary;
mod survival;

pub use bootstrap::bootstrap_interval;
pub use decision::{Claim, Decision, Rule, Side};
pub use draws::Draws;
pub use flips::{LARGEST_EXACT, sign_flip_p, smallest_p};
pub use holm::holm;
pub use power::Test;
pub use proportion::{proportion_interval, proportion_upper};
pub use sequence::{LARGEST_SEQUENCE, PRECISION, Sequence, interval_reach};
pub use summary::{mean, mean_interval, median, median_interval, quantile, standard_deviation};
pub use survival::{Survival, Wait};

/// Confidence of every interval in lrlab's tables and verdicts.
pub const CONFIDENCE: f64 = 0.95;

/// Why a statistic cannot be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// A number is not one that the statistic is defined for.
    #[error("{what} is {value}; it must be {expected}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
}

/// `value`, if `allowed` says that it may be.
fn within(
    what: &'static str,
    value: f64,
    expected: &'static str,
    allowed: impl Fn(f64) -> bool,
) -> Result<f64, StatisticsError> {
    if allowed(value) { Ok(value) } else { Err(StatisticsError::OutOfRange { what, value, expected }) }
}

/// A level or a confidence: strictly between 0 and 1.
fn open_share(what: &'static str, value: f64) -> Result<f64, StatisticsError> {
    within(what, value, "between 0 and 1, both excluded", |value| value > 0.0 && value < 1.0)
}
