//! What one learning rate gave: the points that a strategy was tuned over.

use crate::statistics::mean;

/// A learning rate of an arm's grid, with what its runs came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RateResult {
    /// The learning rate, above 0.
    pub rate: f64,
    /// The objective of each run that completed, lower being better.
    pub objectives: Vec<f64>,
    /// Runs that diverged.
    pub diverged: usize,
}

impl RateResult {
    /// The mean objective; `None` where a run diverged, an objective is not finite, or there is none.
    pub fn mean(&self) -> Option<f64> {
        let sound = !self.objectives.is_empty() && !self.has_diverged();
        sound.then(|| mean(&self.objectives))
    }

    /// Whether a run diverged, or ended with an objective that is not finite.
    pub fn has_diverged(&self) -> bool {
        self.diverged > 0 || self.objectives.iter().any(|objective| !objective.is_finite())
    }
}
