//! What holds after the end of training.

use std::sync::Arc;

use super::Schedule;

/// A schedule whose value at the end holds after it.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    end: u64,
    of: Arc<dyn Schedule>,
}

impl Ended {
    /// `of`, held from `end` on; `of` itself where it holds already.
    pub(super) fn at(end: u64, of: Arc<dyn Schedule>) -> Arc<dyn Schedule> {
        match of.length() {
            Some(length) if length <= end => of,
            _ => Arc::new(Self { end, of }),
        }
    }
}

impl Schedule for Ended {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.of.value_at(t.min(self.end), base)
    }

    fn length(&self) -> Option<u64> {
        self.of.length().map(|length| length.min(self.end))
    }
}
