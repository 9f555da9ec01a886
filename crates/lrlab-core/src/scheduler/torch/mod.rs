//! PyTorch's schedulers, replayed bit for bit in f64.
//!
//! PyTorch's rates come from a recursion: `step()` multiplies the rate that the group has now. What
//! others did to the rate stays, rounding adds up, and quirks are part of the meaning (a cosine rises
//! again after `T_max`). These state machines do the same operations in the same order on
//! [`ParamGroup`]s, with torch's attribute names. lrlab's own meaning of the same words is the
//! closed form, in [`schedule`](crate::schedule).
//!
//! Where torch's classes act in their constructors, so do these: making one changes the groups.
//! Warnings are not replayed, rates are floats only (torch also takes tensors), and a whole number is
//! kept as a float, so that the texts of a division by zero are those of torch's usual kinds.

mod anneal;
mod arguments;
mod attributes;
mod chained_scheduler;
mod constant_lr;
mod cosine_annealing_lr;
mod cosine_annealing_warm_restarts;
mod cyclic_lr;
mod error;
mod exponential_lr;
mod factor;
mod group_state;
mod lambda_lr;
mod linear_lr;
mod multi_step_lr;
mod multiplicative_lr;
mod one_cycle_lr;
mod phase;
mod plan;
mod polynomial_lr;
mod python;
mod python_text;
mod reduce_lr_on_plateau;
mod sequential_lr;
mod state;
mod state_dict;
mod step_lr;
mod swalr;

use std::fmt::Debug;

use crate::{Field, ParamGroup, spec::TorchCall};
use arguments::Arguments;

pub use anneal::Anneal;
pub use attributes::{Attribute, Attributes, NumberOrNone, Refusal};
pub use chained_scheduler::ChainedScheduler;
pub use constant_lr::ConstantLR;
pub use cosine_annealing_lr::CosineAnnealingLR;
pub use cosine_annealing_warm_restarts::CosineAnnealingWarmRestarts;
pub use cyclic_lr::{CyclicLR, CyclicMode};
pub use error::TorchError;
pub use exponential_lr::ExponentialLR;
pub use factor::{Factor, ScaleFn};
pub use group_state::{groups_state, load_groups_state};
pub use lambda_lr::LambdaLR;
pub use linear_lr::LinearLR;
pub use multi_step_lr::{Milestones, MultiStepLR};
pub use multiplicative_lr::MultiplicativeLR;
pub use one_cycle_lr::OneCycleLR;
pub use phase::{Phase, PhaseKey};
pub use plan::TorchPlan;
pub use polynomial_lr::PolynomialLR;
pub use reduce_lr_on_plateau::{PlateauMode, ReduceLROnPlateau, ThresholdMode};
pub use sequential_lr::SequentialLR;
pub use state::State;
pub use state_dict::{StateDict, StateValue};
pub use step_lr::StepLR;
pub use swalr::SWALR;

/// One of torch's schedulers. `groups` are always all the groups of its optimizer.
pub trait TorchScheduler: Send + Sync + Debug {
    /// The name of its class in torch.
    fn name(&self) -> &'static str;

    /// The attributes that all have.
    fn state(&self) -> &State;

    /// The attributes that all have, to change.
    fn state_mut(&mut self) -> &mut State;

    /// `get_lr`: the rates of the step that `last_epoch` has just been set to, from the groups' own.
    /// Two classes set the groups' momentum on the way.
    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError>;

    /// `_get_closed_form_lr`: the rates at `last_epoch` from those at the start; `None` where the
    /// class has none.
    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        None
    }

    /// `_initial_step`: the step that the constructor makes.
    fn initial_step(&mut self, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        let state = self.state_mut();
        state.has_begun = true;
        state.step_count = 0;
        state.is_initial = true;
        let stepped = self.step(None, groups);
        self.state_mut().is_initial = false;
        stepped
    }

    /// `step`: moves on by one, or to `epoch`, which takes the closed form where there is one.
    fn step(&mut self, epoch: Option<f64>, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        self.state_mut().step_count += 1;
        self.update_lr(epoch, groups)
    }

    /// `step` of the class that is driven by a metric, [`ReduceLROnPlateau`]: moves on by one, or to
    /// `epoch`. All others raise.
    fn metric(
        &mut self,
        metric: f64,
        _epoch: Option<f64>,
        _groups: &mut [ParamGroup],
    ) -> Result<(), TorchError> {
        Err(TorchError::Type(format!("{} is stepped without a metric, got {metric}", self.name())))
    }

    /// Whether it moves on by [`metric`](Self::metric) and not by [`step`](Self::step).
    fn takes_metric(&self) -> bool {
        false
    }

    /// `_update_lr`: `step` without counting it.
    fn update_lr(&mut self, epoch: Option<f64>, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        let rates = if let Some(epoch) = epoch {
            self.state_mut().last_epoch = epoch;
            match self.closed_form() {
                Some(rates) => rates,
                None => self.get_lr(groups),
            }
        } else {
            self.state_mut().last_epoch += 1.0;
            self.get_lr(groups)
        }?;
        set_rates(groups, &rates)?;
        self.state_mut().last_lr = rates_of(groups);
        Ok(())
    }

    /// The schedulers that this one drives; none for most.
    fn parts(&self) -> &[Box<dyn TorchScheduler>] {
        &[]
    }

    /// Whether it may set `field` of the groups.
    fn writes(&self, field: Field) -> bool {
        field == Field::Lr || self.parts().iter().any(|part| part.writes(field))
    }

    /// Takes back the count of one step, not its effect: what `SequentialLR` does to its parts.
    fn undo(&mut self) {
        self.state_mut().last_epoch -= 1.0;
    }

    /// Its attributes by torch's names: what [`state_dict`](Self::state_dict) saves.
    fn attributes(&mut self) -> Attributes<'_>;

    /// `state_dict`: everything but the groups, whose part [`groups_state`] has.
    ///
    /// ```
    /// use lrlab_core::{Field, ParamGroup, scheduler::torch};
    ///
    /// let call = "StepLR(5, gamma=0.5)".parse()?;
    /// let mut groups = [ParamGroup::new("all").with(Field::Lr, 0.1)];
    /// let mut scheduler = torch::build(&call, &mut groups)?;
    /// for _ in 0..5 {
    ///     scheduler.step(None, &mut groups)?;
    /// }
    /// let saved = (scheduler.state_dict(), torch::groups_state(&groups));
    ///
    /// let mut fresh = [ParamGroup::new("all").with(Field::Lr, 0.1)];
    /// let mut resumed = torch::build(&call, &mut fresh)?;
    /// resumed.load_state_dict(&saved.0)?;
    /// torch::load_groups_state(&mut fresh, &saved.1)?;
    /// assert_eq!((fresh[0].lr(), resumed.state().last_epoch), (0.05, 5.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn state_dict(&self) -> StateDict {
        attributes::save(self.clone_box().attributes())
    }

    /// `load_state_dict`: takes over what [`state_dict`](Self::state_dict) gave; the groups' rates stay.
    ///
    /// A missing key leaves its attribute as it is and an unknown one is passed over, as in torch,
    /// where it becomes an attribute that nothing reads.
    ///
    /// # Errors
    /// `KeyError` for the keys that torch takes out of the dict (`_schedulers`, `lr_lambdas`,
    /// `_scale_fn_custom`), `TypeError` for a value of the wrong kind. Nothing is taken over then.
    fn load_state_dict(&mut self, dict: &StateDict) -> Result<(), TorchError> {
        let name = self.name();
        attributes::load(name, self.clone_box().attributes(), dict)?;
        attributes::load(name, self.attributes(), dict)
    }

    /// Refuses arguments with which torch raises in the middle of training instead of at the start.
    fn check(&self) -> Result<(), TorchError> {
        Ok(())
    }

    /// A copy that continues on its own.
    fn clone_box(&self) -> Box<dyn TorchScheduler>;
}

impl Clone for Box<dyn TorchScheduler> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// Makes the scheduler that `call` constructs, and lets its constructor act on `groups`.
///
/// Arguments, defaults and guards are torch's, with torch's texts.
///
/// ```
/// use lrlab_core::{Field, ParamGroup, scheduler::torch};
///
/// let mut groups = [ParamGroup::new("all").with(Field::Lr, 0.1)];
/// let call = "ConstantLR(factor=0.5, total_iters=2)".parse()?;
/// let mut scheduler = torch::build(&call, &mut groups)?;
/// assert_eq!(groups[0].lr(), 0.05);
/// scheduler.step(None, &mut groups)?;
/// scheduler.step(None, &mut groups)?;
/// assert_eq!(groups[0].lr(), 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    match BUILDERS.iter().find(|(class, _)| *class == call.name) {
        Some((_, build)) => build(call, groups),
        None => Err(TorchError::NotImplemented(format!(
            "{} is no scheduler of PyTorch's; there are {}",
            call.name,
            CLASSES.join(", ")
        ))),
    }
}

/// What building a scheduler ends in.
type Built = Result<Box<dyn TorchScheduler>, TorchError>;

/// A class by its name, and what makes it from a call.
type Builder = (&'static str, fn(&TorchCall, &mut [ParamGroup]) -> Built);

const BUILDERS: [Builder; 16] = [
    ("LambdaLR", lambda_lr::build),
    ("MultiplicativeLR", multiplicative_lr::build),
    ("StepLR", step_lr::build),
    ("MultiStepLR", multi_step_lr::build),
    ("ConstantLR", constant_lr::build),
    ("LinearLR", linear_lr::build),
    ("ExponentialLR", exponential_lr::build),
    ("PolynomialLR", polynomial_lr::build),
    ("CosineAnnealingLR", cosine_annealing_lr::build),
    ("CosineAnnealingWarmRestarts", cosine_annealing_warm_restarts::build),
    ("CyclicLR", cyclic_lr::build),
    ("OneCycleLR", one_cycle_lr::build),
    ("ReduceLROnPlateau", reduce_lr_on_plateau::build),
    ("SequentialLR", sequential_lr::build),
    ("ChainedScheduler", chained_scheduler::build),
    ("SWALR", swalr::build),
];

/// The classes that [`build`] knows: all of `torch.optim.lr_scheduler`, and `swa_utils.SWALR`.
///
/// A function stands in a call as `LambdaLR(lambda epoch: 0.95 ** epoch)`; closures and tables go to [`LambdaLR::new`], [`MultiplicativeLR::new`] and [`CyclicLR::new`].
pub const CLASSES: [&str; BUILDERS.len()] = {
    let mut names = [""; BUILDERS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = BUILDERS[at].0;
        at += 1;
    }
    names
};

/// What torch's base constructor does: notes where each group starts, then makes the first step.
fn construct<S: TorchScheduler>(
    mut scheduler: S,
    last_epoch: f64,
    groups: &mut [ParamGroup],
) -> Result<S, TorchError> {
    for (i, group) in groups.iter_mut().enumerate() {
        if last_epoch == -1.0 {
            // An older value survives: a second scheduler starts where the first one did.
            let lr = group.lr();
            group.torch.initial_lr.get_or_insert(lr);
        } else if group.torch.initial_lr.is_none() {
            return Err(TorchError::Key(format!(
                "param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with \
                 last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a \
                 checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 \
                 for a fresh training run (not recommended)"
            )));
        }
    }
    scheduler.state_mut().base_lrs = groups.iter().filter_map(|group| group.torch.initial_lr).collect();
    scheduler.state_mut().last_epoch = last_epoch;
    scheduler.initial_step(groups)?;
    Ok(scheduler)
}

fn boxed<S: TorchScheduler + 'static>(scheduler: S) -> Box<dyn TorchScheduler> {
    Box::new(scheduler)
}

fn rates_of(groups: &[ParamGroup]) -> Vec<f64> {
    groups.iter().map(ParamGroup::lr).collect()
}

/// The groups' rates, each times `factor`.
fn scaled(groups: &[ParamGroup], factor: f64) -> Vec<f64> {
    groups.iter().map(|group| group.lr() * factor).collect()
}

/// Sets the groups' rates pair by pair, and only then finds that their numbers differ.
fn set_rates(groups: &mut [ParamGroup], rates: &[f64]) -> Result<(), TorchError> {
    for (group, rate) in groups.iter_mut().zip(rates) {
        group.set(Field::Lr, *rate);
    }
    same_count(rates.len(), groups.len())
}

/// What Python's `zip(first, second, strict=True)` says of lists that differ in length.
fn same_count(second: usize, first: usize) -> Result<(), TorchError> {
    let than = match second.cmp(&first) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => "shorter",
        std::cmp::Ordering::Greater => "longer",
    };
    Err(TorchError::Value(format!("zip() argument 2 is {than} than argument 1")))
}
