//! PyTorch's schedulers, replayed bit for bit in f64.
//!
//! PyTorch's rates come from a recursion: `step()` multiplies the rate that the group has now. What
//! others did to the rate stays, rounding adds up, and quirks are part of the meaning (a cosine rises
//! again after `T_max`). These state machines do the same operations in the same order on
//! [`ParamGroup`]s, with torch's attribute names. lrlab's own meaning of the same words is the
//! closed form, in [`schedule`](crate::schedule).
//!
//! Where torch's classes act in their constructors, so do these: making one changes the groups.
//! Warnings are not replayed, and rates are floats only (torch also takes tensors).

mod arguments;
mod constant_lr;
mod cosine_annealing_lr;
mod error;
mod exponential_lr;
mod linear_lr;
mod multi_step_lr;
mod plan;
mod python;
mod sequential_lr;
mod step_lr;

use std::fmt::Debug;

use crate::{Field, ParamGroup, spec::TorchCall};
use arguments::Arguments;

pub use constant_lr::ConstantLR;
pub use cosine_annealing_lr::CosineAnnealingLR;
pub use error::TorchError;
pub use exponential_lr::ExponentialLR;
pub use linear_lr::LinearLR;
pub use multi_step_lr::MultiStepLR;
pub use plan::TorchPlan;
pub use sequential_lr::SequentialLR;
pub use step_lr::StepLR;

/// The attributes that every scheduler of torch has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// `base_lrs`: the rates at the start, one for each group.
    pub base_lrs: Vec<f64>,
    /// `last_epoch`: how often it was stepped; -1 before its constructor steps it to 0. A fraction
    /// after `step(epoch)` with one.
    pub last_epoch: f64,
    /// `_step_count`: calls of `step`, the constructor's included.
    pub step_count: u64,
    /// `_is_initial`: whether the constructor's step is being made.
    pub is_initial: bool,
    /// `_last_lr`: the rates that the last step left, one for each group.
    pub last_lr: Vec<f64>,
}

/// One of torch's schedulers. `groups` are always all the groups of its optimizer.
pub trait TorchScheduler: Send + Sync + Debug {
    /// The attributes that all have.
    fn state(&self) -> &State;

    /// The attributes that all have, to change.
    fn state_mut(&mut self) -> &mut State;

    /// `get_lr`: the rates of the step that `last_epoch` has just been set to, from the groups' own.
    fn get_lr(&mut self, groups: &[ParamGroup]) -> Result<Vec<f64>, TorchError>;

    /// `_get_closed_form_lr`: the rates at `last_epoch` from those at the start; `None` where the
    /// class has none.
    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        None
    }

    /// `_initial_step`: the step that the constructor makes.
    fn initial_step(&mut self, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        self.state_mut().step_count = 0;
        self.state_mut().is_initial = true;
        let stepped = self.step(None, groups);
        self.state_mut().is_initial = false;
        stepped
    }

    /// `step`: moves on by one, or to `epoch`, which takes the closed form where there is one.
    fn step(&mut self, epoch: Option<f64>, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        self.state_mut().step_count += 1;
        self.update_lr(epoch, groups)
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
        same_count("argument 2", rates.len(), "argument 1", groups.len())?;
        for (group, rate) in groups.iter_mut().zip(rates) {
            group.set(Field::Lr, rate);
        }
        self.state_mut().last_lr = rates_of(groups);
        Ok(())
    }

    /// Takes back the count of one step, not its effect: what `SequentialLR` does to its parts.
    fn undo(&mut self) {
        self.state_mut().last_epoch -= 1.0;
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
pub fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Result<Box<dyn TorchScheduler>, TorchError> {
    match call.name.as_str() {
        "StepLR" => step_lr::build(call, groups),
        "MultiStepLR" => multi_step_lr::build(call, groups),
        "ConstantLR" => constant_lr::build(call, groups),
        "LinearLR" => linear_lr::build(call, groups),
        "ExponentialLR" => exponential_lr::build(call, groups),
        "CosineAnnealingLR" => cosine_annealing_lr::build(call, groups),
        "SequentialLR" => sequential_lr::build(call, groups),
        name => Err(TorchError::NotImplemented(format!(
            "lrlab does not replay {name} yet; it replays {}",
            CLASSES.join(", ")
        ))),
    }
}

/// The classes that [`build`] knows.
pub const CLASSES: &[&str] = &[
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "CosineAnnealingLR",
    "SequentialLR",
];

/// What torch's base constructor does: notes where each group starts, then makes the first step.
fn construct<S: TorchScheduler + 'static>(
    mut scheduler: S,
    arguments: &Arguments<'_>,
    groups: &mut [ParamGroup],
) -> Result<Box<dyn TorchScheduler>, TorchError> {
    let last_epoch = arguments.last_epoch()?;
    for (i, group) in groups.iter_mut().enumerate() {
        if last_epoch == -1.0 {
            // An older value survives: a second scheduler starts where the first one did.
            let lr = group.lr();
            group.initial_lr.get_or_insert(lr);
        } else if group.initial_lr.is_none() {
            return Err(TorchError::Key(format!(
                "param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with \
                 last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a \
                 checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 \
                 for a fresh training run (not recommended)"
            )));
        }
    }
    scheduler.state_mut().base_lrs = groups.iter().filter_map(|group| group.initial_lr).collect();
    scheduler.state_mut().last_epoch = last_epoch;
    scheduler.initial_step(groups)?;
    Ok(Box::new(scheduler))
}

fn rates_of(groups: &[ParamGroup]) -> Vec<f64> {
    groups.iter().map(ParamGroup::lr).collect()
}

/// The groups' rates, each times `factor`.
fn scaled(groups: &[ParamGroup], factor: f64) -> Vec<f64> {
    groups.iter().map(|group| group.lr() * factor).collect()
}

/// What Python's `zip(strict=True)` says of lists that differ in length, the first being `second`.
fn same_count(first: &str, count: usize, second: &str, groups: usize) -> Result<(), TorchError> {
    let than = match count.cmp(&groups) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => "shorter",
        std::cmp::Ordering::Greater => "longer",
    };
    Err(TorchError::Value(format!("zip() {first} is {than} than {second}")))
}
