//! The one place that reads the clock. Times go to `timing.jsonl` and to progress bars, never into
//! an event log.

use std::time::{Duration, Instant};

/// Time since something began.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[allow(clippy::disallowed_methods, reason = "this is the clock's one place")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the beginning.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
