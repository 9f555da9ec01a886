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
//! - a new part starts from `initial_lr`, wherever the rate was, except `MultiplicativeLR` and `SWALR`, which
//!   have no closed form and go on from the present rate;
//! - a `OneCycleLR` anywhere has overwritten `initial_lr` in its constructor, which earlier parts then start
//!   from, and it and `CyclicLR` have set momentum;
//! - a `SequentialLR` or `ChainedScheduler` as a later part raises at its milestone, and as first part is
//!   stepped once too often;
//! - milestones out of order are skipped in silence, and `last_epoch` does not choose the part.
//!
//! It has no closed form.

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, build as build_part, python,
    python_text,
};
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

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["schedulers", "milestones", "last_epoch"], 2)?;
    let schedulers = all_schedulers(&arguments, "SequentialLR", groups)?;
    let milestones = arguments.numbers("milestones")?;
    SequentialLR::new(schedulers, milestones, arguments.last_epoch()?, groups).map(boxed)
}

/// Builds the argument `schedulers` of `class`: Python has made them all before torch looks at one.
pub(super) fn all_schedulers(
    arguments: &Arguments<'_>,
    class: &str,
    groups: &mut [ParamGroup],
) -> Result<Vec<Box<dyn TorchScheduler>>, TorchError> {
    let items = match arguments.value("schedulers") {
        Some(TorchValue::List(items)) => items.as_slice(),
        other => {
            let kind = other.map_or("NoneType", python_text::type_name);
            return Err(TorchError::Type(format!("object of type '{kind}' has no len()")));
        }
    };
    let mut schedulers = Vec::new();
    let mut stranger = None;
    for (index, item) in items.iter().enumerate() {
        match item {
            TorchValue::Call(part) => {
                let part = build_part(part, groups)?;
                if stranger.is_none() {
                    schedulers.push(part);
                }
            }
            _ => stranger = stranger.or(Some(index)),
        }
    }
    let Some(index) = stranger else { return Ok(schedulers) };
    refuse_metrics(class, &schedulers)?;
    Err(TorchError::Type(format!("{class} at index {index} should have `optimizer` as its attribute.")))
}

/// Refuses parts that are stepped with a metric.
pub(super) fn refuse_metrics(class: &str, parts: &[Box<dyn TorchScheduler>]) -> Result<(), TorchError> {
    match parts.iter().position(|part| part.takes_metric()) {
        None => Ok(()),
        Some(index) => Err(TorchError::Value(format!(
            "{class} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be \
             specified when calling `step`, but got one at index {index} in the given schedulers sequence."
        ))),
    }
}

/// Refuses an epoch, which the `step` of a class of schedulers does not take.
pub(super) fn no_epoch(class: &str, epoch: Option<f64>) -> Result<(), TorchError> {
    match epoch {
        None => Ok(()),
        Some(_) => {
            Err(TorchError::Type(format!("{class}.step() takes 1 positional argument but 2 were given")))
        }
    }
}

/// What is raised for the rates of a class of schedulers, where torch gives no text.
pub(super) fn no_rates(class: &str) -> TorchError {
    TorchError::NotImplemented(format!(
        "{class} has no rates of its own: it cannot follow another scheduler in a SequentialLR"
    ))
}

/// Takes back the count of one step of each.
pub(super) fn undo_all(schedulers: &mut [Box<dyn TorchScheduler>]) {
    for scheduler in schedulers {
        scheduler.undo();
    }
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
        refuse_metrics("SequentialLR", &schedulers)?;
        if milestones.len() != schedulers.len() - 1 {
            return Err(TorchError::Value(format!(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of \
                 milestone points, but got number of schedulers {} and the number of milestones to be equal to {}",
                schedulers.len(),
                milestones.len()
            )));
        }
        for group in &mut *groups {
            let initial_lr =
                group.torch.initial_lr.ok_or_else(|| TorchError::Key("initial_lr".to_owned()))?;
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
    fn name(&self) -> &'static str {
        "SequentialLR"
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
        no_epoch(self.name(), epoch)?;
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

    fn parts(&self) -> &[Box<dyn TorchScheduler>] {
        &self.schedulers
    }

    fn undo(&mut self) {
        undo_all(&mut self.schedulers);
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes_of_composite(true);
        all.push(("_milestones", &mut self.milestones));
        all.push(("_schedulers", &mut self.schedulers));
        all
    }

    fn check(&self) -> Result<(), TorchError> {
        for (index, scheduler) in self.schedulers.iter().enumerate() {
            scheduler.check()?;
            // Milestones that nobody sorted may never be met.
            let is_met = |at: f64| at >= 1.0 && at.fract() == 0.0 && self.part_at(at) == index;
            if index > 0 && !scheduler.parts().is_empty() && is_met(self.milestones[index - 1]) {
                return Err(TorchError::NotImplemented(format!(
                    "SequentialLR: the scheduler at index {index} is a {}, at whose milestone PyTorch raises \
                     NotImplementedError; write all its schedulers into one SequentialLR",
                    scheduler.name()
                )));
            }
        }
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
