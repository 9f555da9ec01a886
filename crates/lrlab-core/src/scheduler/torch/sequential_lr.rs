//! `SequentialLR`: one scheduler after another.
//!
//! ```text
//! part k = milestones up to e
//! at a milestone: the new part's _update_lr(0), its closed form at 0; else: its step()
//! ```
//!
//! e: steps made; milestones: steps at which the next part takes over, one fewer than parts.
//! PyTorch: `torch.optim.lr_scheduler.SequentialLR(optimizer, schedulers, milestones, last_epoch=-1)`.
//! Its quirks, all replayed:
//! - every part's constructor acts on the groups first; then the rates are put back to `initial_lr`,
//!   each part's count is taken back, and the first part makes its first step again;
//! - a new part starts from `initial_lr`, wherever the rate was;
//! - a `SequentialLR` as a later part raises at its milestone, and as first part loses a step;
//! - milestones out of order are skipped in silence, and `last_epoch` does not choose the part.
//!
//! It has no closed form.

use super::{Arguments, State, TorchError, TorchScheduler, build as build_part, python};
use crate::{
    Field, ParamGroup,
    spec::{TorchCall, TorchValue},
};

/// torch's `SequentialLR`.
#[derive(Clone, Debug)]
pub struct SequentialLR {
    /// The attributes that all schedulers have; torch's has no `base_lrs`, so they are empty.
    pub state: State,
    /// `_schedulers`: the parts.
    pub schedulers: Vec<Box<dyn TorchScheduler>>,
    /// `_milestones`: steps at which the next part takes over.
    pub milestones: Vec<f64>,
}

pub(super) fn build(
    call: &TorchCall,
    groups: &mut [ParamGroup],
) -> Result<Box<dyn TorchScheduler>, TorchError> {
    let arguments = Arguments::bind(call, &["schedulers", "milestones"], 2)?;
    let mut schedulers = Vec::new();
    for (index, part) in arguments.list("schedulers")?.iter().enumerate() {
        let TorchValue::Call(part) = part else {
            return Err(TorchError::Type(format!(
                "SequentialLR at index {index} should have `optimizer` as its attribute."
            )));
        };
        if part.name == "ReduceLROnPlateau" {
            return Err(TorchError::Value(format!(
                "SequentialLR does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to \
                 be specified when calling `step`, but got one at index {index} in the given schedulers sequence."
            )));
        }
        schedulers.push(build_part(part, groups)?);
    }
    let milestones = arguments.numbers("milestones")?;
    SequentialLR::new(schedulers, milestones, arguments.last_epoch()?, groups)
        .map(|sequence| -> Box<dyn TorchScheduler> { Box::new(sequence) })
}

impl SequentialLR {
    /// Torch's constructor, over parts that have been made on the same `groups`.
    pub fn new(
        schedulers: Vec<Box<dyn TorchScheduler>>,
        milestones: Vec<f64>,
        last_epoch: f64,
        groups: &mut [ParamGroup],
    ) -> Result<Self, TorchError> {
        if schedulers.is_empty() {
            return Err(TorchError::Value(
                "SequentialLR expects at least one scheduler, but got no scheduler.".to_owned(),
            ));
        }
        if milestones.len() != schedulers.len() - 1 {
            return Err(TorchError::Value(format!(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of \
                 milestone points, but got number of schedulers {} and the number of milestones to be equal to {}",
                schedulers.len(),
                milestones.len()
            )));
        }
        for group in &mut *groups {
            let initial_lr = group.initial_lr.ok_or_else(|| TorchError::Key("initial_lr".to_owned()))?;
            group.set(Field::Lr, initial_lr);
        }
        let state = State { last_epoch: last_epoch + 1.0, ..State::default() };
        let mut sequence = Self { state, schedulers, milestones };
        sequence.undo();
        let first = sequence.part_at(0.0);
        sequence.schedulers[first].initial_step(groups)?;
        sequence.keep_last_lr(first);
        Ok(sequence)
    }

    fn part_at(&self, epoch: f64) -> usize {
        python::bisect_right(&self.milestones, epoch)
    }

    fn keep_last_lr(&mut self, part: usize) {
        let last_lr = self.schedulers[part].state().last_lr.clone();
        self.state.last_lr = last_lr;
    }
}

impl TorchScheduler for SequentialLR {
    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, _groups: &[ParamGroup]) -> Result<Vec<f64>, TorchError> {
        Err(TorchError::NotImplemented(
            "SequentialLR has no rates of its own: it cannot follow another scheduler in a SequentialLR"
                .to_owned(),
        ))
    }

    fn step(&mut self, epoch: Option<f64>, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        if epoch.is_some() {
            return Err(TorchError::Type(
                "SequentialLR.step() takes 1 positional argument but 2 were given".to_owned(),
            ));
        }
        self.state.last_epoch += 1.0;
        let epoch = self.state.last_epoch;
        let part = self.part_at(epoch);
        let scheduler = &mut self.schedulers[part];
        if part > 0 && self.milestones[part - 1] == epoch {
            scheduler.update_lr(Some(0.0), groups)?;
        } else {
            scheduler.step(None, groups)?;
        }
        self.keep_last_lr(part);
        Ok(())
    }

    fn undo(&mut self) {
        for scheduler in &mut self.schedulers {
            scheduler.undo();
        }
    }

    fn check(&self) -> Result<(), TorchError> {
        for (index, scheduler) in self.schedulers.iter().enumerate() {
            scheduler.check()?;
            if index > 0 && scheduler.closed_form().is_none() {
                return Err(TorchError::NotImplemented(format!(
                    "SequentialLR: the scheduler at index {index} is a SequentialLR, at whose milestone PyTorch \
                     raises NotImplementedError; write all its schedulers into one SequentialLR"
                )));
            }
        }
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
