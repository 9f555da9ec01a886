//! Schedules: pure functions of the step, one file each.
//!
//! A schedule's file holds its formula, its sources and its differences from PyTorch, the type that
//! evaluates it, and its [`Entry`]. Adding one is such a file, its `mod` line here and its line in
//! [`SCHEDULES`].

use std::fmt::Debug;

mod ceiling;
mod constant;
mod cooldown;
mod cosine;
mod cyclic;
mod end;
mod exponential;
mod fall;
mod floor;
mod from_fn;
mod hold;
mod inverse_sqrt;
mod lambda;
mod linear;
mod multi_step;
mod multiplicative;
mod noam;
mod noise;
mod one_cycle;
mod one_minus_sqrt;
mod piecewise;
mod points_csv;
mod polynomial;
mod power_law;
mod product;
mod range_test;
mod rebased;
mod recipe;
pub mod registry;
mod repeat;
mod rex;
mod sequence;
mod slanted_triangular;
mod stage;
mod staircase;
mod step;
mod stretched;
mod tanh;
mod torch_form;
mod warm_restarts;
mod warmup;
mod warmup_stable_decay;

pub use cooldown::CooldownShape;
pub use from_fn::{from_fn, from_multipliers, from_table};
pub(crate) use noise::PYTHON as NOISE_IN_PYTHON;
pub use recipe::{Recipe, Stretch};
pub use registry::{Entry, Form, SCHEDULES, find};
pub(crate) use torch_form::at;
pub use torch_form::{Part, TorchForm};

/// A pure function of the step: random access, no state.
///
/// Everything that could go wrong is refused when a schedule is built, so evaluating one cannot
/// fail.
pub trait Schedule: Send + Sync + Debug {
    /// The value for the update after `t` updates have been made (t = 0: the first update), for a
    /// group whose own value of the field is `base`.
    ///
    /// After the schedule's end the last value holds.
    fn value_at(&self, t: u64, base: f64) -> f64;

    /// Steps that it was made for, where it has a length of its own; from there on its value holds.
    /// `None` where it goes on for ever.
    fn length(&self) -> Option<u64> {
        None
    }
}
