//! Optimizers: one formula each, over state that lives outside in named slots.

pub mod adadelta;
pub mod adafactor;
pub mod adagrad;
pub mod adam;
pub mod adamax;
pub mod adamw;
pub mod algorithm;
pub mod asgd;
pub mod clip;
mod decay;
pub mod dog;
pub mod elementwise;
pub mod lion;
pub mod muon;
pub mod nadam;
pub mod prodigy;
pub mod radam;
pub mod registry;
pub mod rmsprop;
pub mod rprop;
pub mod schedule_free;
pub mod schedule_free_adamw;
pub mod schedule_free_radam;
pub mod schedule_free_sgd;
pub mod sgd;
mod slices;
pub mod trace;
pub mod value;

use std::fmt::Debug;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use algorithm::Algorithm;
pub use asgd::Asgd;
pub use dog::DoG;
pub use elementwise::Elementwise;
pub use lion::Lion;
pub use muon::{Adjustment, Muon};
pub use nadam::NAdam;
pub use prodigy::Prodigy;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use rprop::Rprop;
pub use schedule_free::Averaging;
pub use schedule_free_adamw::ScheduleFreeAdamW;
pub use schedule_free_radam::ScheduleFreeRAdam;
pub use schedule_free_sgd::ScheduleFreeSgd;
pub use sgd::Sgd;
pub use slices::{MOST_SLOTS, SlotSlices};
pub use trace::{Op, Program, Trace};
pub use value::{Float, Value};

use crate::ParamGroup;

/// One parameter tensor as a task shows it: contiguous, row-major.
#[derive(Debug)]
pub struct ParamMut<'a> {
    /// Its path in the model, `hidden.weight` for instance.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// Whether a matrix of weights is stored as `[inputs, outputs]`, the transpose of what PyTorch's `Linear`
    /// keeps.
    pub transposed: bool,
    /// Its values.
    pub value: &'a mut [f32],
    /// The gradient of the loss, of the same length.
    pub grad: &'a mut [f32],
}

impl<'a> ParamMut<'a> {
    /// One that is stored as PyTorch stores it.
    pub fn new(name: &'a str, shape: &'a [usize], value: &'a mut [f32], grad: &'a mut [f32]) -> Self {
        Self { name, shape, transposed: false, value, grad }
    }
}

/// A model's parameters, walked in an order that never changes.
pub trait Parameters {
    /// Calls `f` once for each parameter.
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>));
}

/// A quantity that an optimizer keeps for one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// PyTorch's name for it in `state_dict`: `momentum_buffer`, `exp_avg`...
    pub name: &'static str,
    /// Its shape: mostly the parameter's own.
    pub shape: Vec<usize>,
}

/// A number that an optimizer keeps for a whole group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Its name where it is written down, as in the implementation it comes from: `weight_sum`, `d`...
    pub name: &'static str,
    /// Its value before the first update.
    pub initial: f64,
}

/// What an optimizer keeps for one parameter tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParamState<V = f32> {
    /// Updates that this parameter has had.
    pub t: u64,
    /// One vector for each of the optimizer's slots; zero at first.
    pub slots: Vec<Vec<V>>,
}

impl<V: Float> ParamState<V> {
    /// The state of a parameter of `shape` before its first update.
    pub fn new(optimizer: &dyn Optimizer, shape: &[usize]) -> Self {
        let zeros = |slot: Slot| vec![V::of(0.0); slot.shape.iter().product()];
        Self { t: 0, slots: optimizer.slots(shape).into_iter().map(zeros).collect() }
    }

    /// Its slots as an update takes them.
    pub fn slices(&mut self) -> SlotSlices<'_, V> {
        self.slots.iter_mut().map(Vec::as_mut_slice).collect()
    }
}

/// What an optimizer keeps for a whole group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupState {
    /// Updates that the group has had.
    pub t: u64,
    /// The optimizer's numbers, in its order.
    pub numbers: Vec<f64>,
}

impl GroupState {
    /// The state of a group before its first update.
    pub fn new(optimizer: &dyn Optimizer) -> Self {
        Self { t: 0, numbers: optimizer.numbers().iter().map(|number| number.initial).collect() }
    }
}

/// A group at one moment of training.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Its hyperparameters.
    pub group: &'a ParamGroup,
    /// Updates made so far.
    pub t: u64,
    /// What its optimizer keeps for the whole of it.
    pub numbers: &'a [f64],
}

/// A group's turn in an update.
#[derive(Debug)]
pub struct GroupStep<'a> {
    /// Its hyperparameters.
    pub group: &'a ParamGroup,
    /// Updates that it has had before this one.
    pub t: u64,
    /// What its optimizer keeps for the whole of it.
    pub numbers: &'a mut [f64],
}

/// One parameter's turn in an update.
#[derive(Debug)]
pub struct ParamStep<'a, V = f32> {
    /// Its path in the model.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// Whether a matrix of weights is stored as `[inputs, outputs]`, the transpose of what PyTorch's `Linear`
    /// keeps.
    pub transposed: bool,
    /// Its group, with the updates that this parameter has had before this one. Weight decay is this
    /// parameter's own: it is 0 under a mask, whatever that of the group as a whole.
    pub at: Moment<'a>,
    /// Its values, changed in place.
    pub value: &'a mut [V],
    /// The gradient of the loss.
    pub grad: &'a mut [V],
    /// One slice for each slot, wherever it lives.
    pub slots: &'a mut [&'a mut [V]],
}

/// What an optimizer sees of one update: a group and its parameters, as often as it likes.
///
/// Whoever drives an optimizer counts the updates of group and parameters up after each.
pub trait StepContext<V = f32> {
    /// The group as a whole.
    fn group(&mut self) -> GroupStep<'_>;

    /// Calls `f` for each parameter of the group; may be called again for a second pass, for
    /// norms or distances over all parameters before the update.
    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_, V>));
}

/// Where a model stands: some optimizers train at one point and mean another as their result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Where gradients are taken.
    Train,
    /// What is evaluated, used and kept.
    Evaluate,
}

/// Changes parameters by their gradients.
///
/// Formulas on single elements implement [`Elementwise`], all others best [`Algorithm`], which is this
/// for any float.
pub trait Optimizer: Send + Sync + Debug {
    /// What it keeps for a parameter of `shape`.
    fn slots(&self, shape: &[usize]) -> Vec<Slot>;

    /// What it keeps for a whole group.
    fn numbers(&self) -> Vec<Number> {
        Vec::new()
    }

    /// Says in a sentence why it cannot update a parameter of `shape`, if it cannot.
    fn refuses(&self, shape: &[usize]) -> Option<String> {
        let _ = shape;
        None
    }

    /// Makes one update in place.
    fn step(&self, context: &mut dyn StepContext);

    /// [`step`](Self::step) for parameters in f64; false, and nothing done, where it only knows f32.
    fn step_f64(&self, context: &mut dyn StepContext<f64>) -> bool {
        let _ = context;
        false
    }

    /// Whether [`Point::Evaluate`] is another point than [`Point::Train`].
    fn evaluates_elsewhere(&self) -> bool {
        false
    }

    /// Moves the parameters from the other point to `point`, up to rounding.
    fn move_to(&self, point: Point, context: &mut dyn StepContext) {
        let _ = (point, context);
    }

    /// [`move_to`](Self::move_to) for parameters in f64.
    fn move_to_f64(&self, point: Point, context: &mut dyn StepContext<f64>) {
        let _ = (point, context);
    }

    /// What an update does to the group's numbers before it looks at any gradient.
    /// [`step`](Self::step) begins with it; whoever carries out [`trace`](Self::trace) calls it first.
    fn advance(&self, step: GroupStep<'_>) {
        let _ = step;
    }

    /// The update that follows on [`advance`](Self::advance) as operations on whole tensors, for engines
    /// whose tensors are not slices; `None` for an optimizer that is not a formula on single elements.
    fn trace(&self, at: Moment<'_>) -> Option<Program> {
        let _ = at;
        None
    }

    /// What really multiplies the direction in the update after `at.t` updates: the group's learning rate
    /// with whatever the optimizer makes of it by itself. Corrections of means that start at 0 and what
    /// is divided by element by element belong to the direction.
    ///
    /// `at` holds the numbers as that update left them; where they come from gradients, they are those of
    /// the last update made.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        at.group.lr()
    }

    /// What [`effective_lr`](Self::effective_lr) is, in the words of the registry's formulas, for a user.
    fn effective_lr_formula(&self) -> &'static str {
        "lr"
    }

    /// The sharpness above which steps of this size grow instead of shrink, as far as theory knows
    /// it: largest eigenvalue of the (preconditioned) Hessian H of the loss alone, in units of
    /// loss / p² (P = 1) or 1 / p (Adam). Infinite at a rate of 0, NaN where no theory tells.
    ///
    /// What weight decay adds to H is taken off the limit where it is one number for all
    /// directions; each optimizer says how. `at` is the group after [`advance`](Self::advance), with
    /// the updates made so far.
    fn stability_limit(&self, at: Moment<'_>) -> f64;

    /// Writes the diagonal of the preconditioner P into `out` and returns true, or returns false
    /// where P = 1. The sharpness that [`stability_limit`](Self::stability_limit) speaks of is the
    /// largest eigenvalue of `P^-1 H`. Before the first update (t = 0) an optimizer whose P comes
    /// from gradients has none: `out` becomes NaN.
    ///
    /// `slots` are those of a parameter as long as `out`.
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let _ = (at, slots, out);
        false
    }
}
