//! The stretch of training that a schedule covers.

use crate::Horizon;

/// The stretch of training that a schedule covers, in steps from the start of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Updates before it.
    pub start: u64,
    /// Updates before its end: what a length that was left out reaches to.
    pub end: u64,
    /// What turns shares and epochs into steps.
    pub horizon: Horizon,
}

impl Stretch {
    /// The whole of a training.
    pub fn whole(horizon: Horizon) -> Self {
        Self { start: 0, end: horizon.total_steps, horizon }
    }

    /// What is left after the first `steps`.
    pub fn after(self, steps: u64) -> Self {
        Self { start: self.start.saturating_add(steps), ..self }
    }

    /// The first `steps` only, and no more than there are.
    pub fn first(self, steps: u64) -> Self {
        Self { end: self.end.min(self.start.saturating_add(steps)), ..self }
    }

    /// Its length.
    pub fn steps(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}
