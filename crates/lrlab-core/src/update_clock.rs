//! The clock of schedules: it counts applied updates, and nothing else.

use serde::{Deserialize, Serialize};

/// Counts the updates that were applied: the `t` of schedules and schedulers.
///
/// Batches whose gradients are only added up, and updates that were skipped because a gradient was not
/// finite, do not advance it, so a schedule is not used up by what changed no parameter.
///
/// ```
/// use lrlab_core::UpdateClock;
///
/// // Gradients of four batches make one update.
/// let mut clock = UpdateClock::accumulating(4);
/// let due: Vec<bool> = (0..8).map(|_| clock.batch()).collect();
/// assert_eq!(due, [false, false, false, true, false, false, false, true]);
///
/// let mut clock = UpdateClock::default();
/// for finite in [true, false, true] {
///     if clock.batch() && finite {
///         // scheduler.before_step(clock.t(), &mut groups)?; optimizer.step()
///         clock.applied();
///     }
/// }
/// assert_eq!(clock.t(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateClock {
    t: u64,
    accumulate: u64,
    batches: u64,
}

impl Default for UpdateClock {
    fn default() -> Self {
        Self::accumulating(1)
    }
}

impl UpdateClock {
    /// A clock at 0 for updates from the gradients of `batches` batches; 0 counts as 1.
    pub fn accumulating(batches: u64) -> Self {
        Self { t: 0, accumulate: batches.max(1), batches: 0 }
    }

    /// The same clock after `t` updates.
    pub fn at(self, t: u64) -> Self {
        Self { t, batches: 0, ..self }
    }

    /// Updates applied so far.
    pub fn t(&self) -> u64 {
        self.t
    }

    /// Takes in a batch; whether an update is due with its gradients.
    pub fn batch(&mut self) -> bool {
        self.batches = (self.batches + 1) % self.accumulate;
        self.batches == 0
    }

    /// Ticks: the update was applied.
    pub fn applied(&mut self) {
        self.t += 1;
    }
}
