//! Optimizers: one formula each, over state that lives outside in named slots.

pub mod adam;
pub mod adamw;
pub mod clip;
pub mod elementwise;
pub mod registry;
pub mod sgd;
pub mod trace;
pub mod value;

use std::fmt::Debug;

pub use adam::Adam;
pub use elementwise::Elementwise;
pub use sgd::Sgd;
pub use trace::{Op, Program, Trace};
pub use value::Value;

use crate::ParamGroup;

/// One parameter tensor as a task shows it: contiguous, row-major.
#[derive(Debug)]
pub struct ParamMut<'a> {
    /// Its path in the model, `hidden.weight` for instance.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// Its values.
    pub value: &'a mut [f32],
    /// The gradient of the loss, of the same length.
    pub grad: &'a mut [f32],
}

/// A model's parameters, walked in an order that never changes.
pub trait Parameters {
    /// Calls `f` once for each parameter.
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>));
}

/// A quantity that an optimizer keeps for each element of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// PyTorch's name for it in `state_dict`: `momentum_buffer`, `exp_avg`...
    pub name: &'static str,
}

/// What an optimizer keeps for one parameter tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParamState {
    /// Updates that this parameter has had.
    pub t: u64,
    /// One vector for each of the optimizer's slots, each as long as the parameter; zero at first.
    pub slots: Vec<Vec<f32>>,
}

impl ParamState {
    /// The state of a parameter of `length` elements before its first update.
    pub fn new(optimizer: &dyn Optimizer, length: usize) -> Self {
        Self { t: 0, slots: optimizer.slots().iter().map(|_| vec![0.0; length]).collect() }
    }
}

/// One parameter's turn in an update.
#[derive(Debug)]
pub struct ParamStep<'a> {
    /// Its path in the model.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// The hyperparameters of its group.
    pub group: &'a ParamGroup,
    /// Updates that this parameter has had before this one.
    pub t: u64,
    /// Its values, changed in place.
    pub value: &'a mut [f32],
    /// The gradient of the loss.
    pub grad: &'a mut [f32],
    /// One vector for each slot.
    pub slots: &'a mut [Vec<f32>],
}

/// What an optimizer sees of one update: its own parameters, as often as it likes.
pub trait StepContext {
    /// Calls `f` for each parameter of this optimizer; may be called again for a second pass, for
    /// norms or distances over all parameters before the update.
    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>));
}

/// Changes parameters by their gradients.
pub trait Optimizer: Send + Sync + Debug {
    /// What it keeps for each parameter.
    fn slots(&self) -> &'static [Slot];

    /// Makes one update in place.
    fn step(&self, context: &mut dyn StepContext);

    /// The update that follows after `t` updates as operations on whole tensors, for engines whose
    /// tensors are not slices; `None` for an optimizer that is not a formula on single elements.
    fn trace(&self, group: &ParamGroup, t: u64) -> Option<Program> {
        let _ = (group, t);
        None
    }

    /// The sharpness above which steps of this size grow instead of shrink, as far as theory knows
    /// it: largest eigenvalue of the (preconditioned) Hessian H of the loss alone, in units of
    /// loss / p² (P = 1) or 1 / p (Adam). Infinite at a rate of 0.
    ///
    /// What weight decay adds to H is taken off the limit where it is one number for all
    /// directions; each optimizer says how. `group` holds the hyperparameters of the update, `t` the
    /// updates made so far.
    fn stability_limit(&self, group: &ParamGroup, t: u64) -> f64;

    /// Writes the diagonal of the preconditioner P into `out` and returns true, or returns false
    /// where P = 1. The sharpness that [`stability_limit`](Self::stability_limit) speaks of is the
    /// largest eigenvalue of `P^-1 H`. Before the first update (t = 0) an optimizer whose P comes
    /// from gradients has none: `out` becomes NaN.
    ///
    /// `slots` are the parameter's own, each as long as `out`.
    fn preconditioner(&self, group: &ParamGroup, t: u64, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let _ = (group, t, slots, out);
        false
    }
}
