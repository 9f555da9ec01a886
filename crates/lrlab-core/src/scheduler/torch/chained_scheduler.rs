//! `ChainedScheduler`: several schedulers that are all stepped at every step, one after the other.
//!
//! PyTorch: `torch.optim.lr_scheduler.ChainedScheduler(schedulers, optimizer=None)`.
//! What comes out is the product of all only where each one multiplies the present rate; one that
//! computes its rates anew (`LambdaLR`, `CosineAnnealingWarmRestarts`, `CyclicLR`, `OneCycleLR`) overwrites what
//! those before it did. It has no rates of its own: as a later part of `SequentialLR` it raises at its
//! milestone, and as its first part its own parts are stepped once too often. It has no closed form.

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, rates_of,
    sequential_lr::{all_schedulers, no_rates, undo_all},
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `ChainedScheduler`.
#[derive(Clone, Debug)]
pub struct ChainedScheduler {
    /// `_last_lr`; torch's has no other of the attributes that all schedulers have.
    pub state: State,
    /// `_schedulers`: the parts, in the order in which they are stepped.
    pub schedulers: Vec<Box<dyn TorchScheduler>>,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    // `optimizer` is the last parameter here; a call leaves it out wherever it stands.
    let arguments = Arguments::bind_after(1, call, &["schedulers", "optimizer"], 1)?;
    let schedulers = all_schedulers(&arguments, "ChainedScheduler", groups)?;
    ChainedScheduler::new(schedulers, groups).map(boxed)
}

impl ChainedScheduler {
    /// Torch's constructor, over parts that have been made on the same `groups`.
    ///
    /// # Errors
    /// `ValueError` without parts, and for a part that takes a metric.
    pub fn new(schedulers: Vec<Box<dyn TorchScheduler>>, groups: &[ParamGroup]) -> Result<Self, TorchError> {
        if schedulers.is_empty() {
            return Err(TorchError::Value(
                "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler."
                    .to_owned(),
            ));
        }
        super::sequential_lr::refuse_metrics("ChainedScheduler", &schedulers)?;
        Ok(Self { state: State { last_lr: rates_of(groups), ..State::default() }, schedulers })
    }
}

impl TorchScheduler for ChainedScheduler {
    fn name(&self) -> &'static str {
        "ChainedScheduler"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, _groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        Err(no_rates(self.name()))
    }

    fn step(&mut self, epoch: Option<f64>, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        super::sequential_lr::no_epoch(self.name(), epoch)?;
        for scheduler in &mut self.schedulers {
            scheduler.step(None, groups)?;
        }
        self.state.last_lr = rates_of(groups);
        Ok(())
    }

    fn parts(&self) -> &[Box<dyn TorchScheduler>] {
        &self.schedulers
    }

    fn undo(&mut self) {
        undo_all(&mut self.schedulers);
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes_of_composite(false);
        all.push(("_schedulers", &mut self.schedulers));
        all
    }

    fn check(&self) -> Result<(), TorchError> {
        self.schedulers.iter().try_for_each(|scheduler| scheduler.check())
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
