//! Clones of a trial that go on by themselves with other rates.

use lrlab_core::{Event, Field};

use super::Trial;
use crate::TrainError;

/// What a branch does with the run's rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateChange {
    /// Nothing: this is the run itself.
    None,
    /// Half of each.
    Half,
    /// The larger of twice the present rate and the highest one so far.
    Raised,
}

impl Trial {
    /// A clone that goes on by itself for `steps` with other rates; the loss on the probe batch at
    /// its end, infinite if it went out of bounds.
    pub(crate) fn branch(&self, rate: RateChange, steps: u64) -> Result<f64, TrainError> {
        let mut clone = self.clone();
        clone.rate = rate;
        let end = clone.t + steps;
        while clone.t < end {
            let event = clone.step()?;
            let kept = match &event {
                Event::Step(step) => clone.bounds.contain(step.loss),
                skipped => clone.bounds.end_after(skipped).is_none(),
            };
            if !kept {
                return Ok(f64::INFINITY);
            }
        }
        let loss = clone.probe_loss()?;
        Ok(if clone.bounds.contain(loss) { loss } else { f64::INFINITY })
    }

    /// Changes the rates that the scheduler has just set, in a branch.
    pub(super) fn change_rates(&mut self) {
        for (group, peak) in self.groups.fields.values.iter_mut().zip(&mut self.peaks) {
            let lr = group.lr();
            *peak = peak.max(lr);
            match self.rate {
                RateChange::None => {}
                RateChange::Half => group.set(Field::Lr, lr / 2.0),
                RateChange::Raised => group.set(Field::Lr, peak.max(2.0 * lr)),
            }
        }
    }
}
