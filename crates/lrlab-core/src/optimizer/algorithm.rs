//! Optimizers written for any float.

use std::fmt::Debug;

use super::{Float, GroupStep, Moment, Number, Optimizer, Point, Program, Slot, StepContext};
use crate::ParamGroup;

/// An optimizer whose update is written once for parameters of any float.
///
/// Whoever implements this is an [`Optimizer`]; every method means what it means there. For formulas on
/// single elements there is [`Elementwise`](super::Elementwise), which gives all of this.
pub trait Algorithm: Send + Sync + Debug {
    /// See [`Optimizer::slots`].
    fn slots(&self, shape: &[usize]) -> Vec<Slot>;

    /// See [`Optimizer::numbers`].
    fn numbers(&self) -> Vec<Number> {
        Vec::new()
    }

    /// See [`Optimizer::refuses`].
    fn refuses(&self, shape: &[usize]) -> Option<String> {
        let _ = shape;
        None
    }

    /// See [`Optimizer::step`].
    fn step<V: Float>(&self, context: &mut dyn StepContext<V>);

    /// See [`Optimizer::evaluates_elsewhere`].
    fn evaluates_elsewhere(&self) -> bool {
        false
    }

    /// See [`Optimizer::move_to`].
    fn move_to<V: Float>(&self, point: Point, context: &mut dyn StepContext<V>) {
        let _ = (point, context);
    }

    /// See [`Optimizer::advance`].
    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        let _ = (group, t, numbers);
    }

    /// See [`Optimizer::trace`].
    fn trace(&self, at: Moment<'_>) -> Option<Program> {
        let _ = at;
        None
    }

    /// See [`Optimizer::effective_lr`].
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        at.group.lr()
    }

    /// See [`Optimizer::effective_lr_formula`].
    fn effective_lr_formula(&self) -> &'static str {
        "lr"
    }

    /// See [`Optimizer::stability_limit`].
    fn stability_limit(&self, at: Moment<'_>) -> f64;

    /// See [`Optimizer::preconditioner`].
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let _ = (at, slots, out);
        false
    }
}

impl<A: Algorithm> Optimizer for A {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        Algorithm::slots(self, shape)
    }

    fn numbers(&self) -> Vec<Number> {
        Algorithm::numbers(self)
    }

    fn refuses(&self, shape: &[usize]) -> Option<String> {
        Algorithm::refuses(self, shape)
    }

    fn step(&self, context: &mut dyn StepContext) {
        Algorithm::step(self, context);
    }

    fn step_f64(&self, context: &mut dyn StepContext<f64>) -> bool {
        Algorithm::step(self, context);
        true
    }

    fn evaluates_elsewhere(&self) -> bool {
        Algorithm::evaluates_elsewhere(self)
    }

    fn move_to(&self, point: Point, context: &mut dyn StepContext) {
        Algorithm::move_to(self, point, context);
    }

    fn move_to_f64(&self, point: Point, context: &mut dyn StepContext<f64>) {
        Algorithm::move_to(self, point, context);
    }

    fn advance(&self, step: GroupStep<'_>) {
        Algorithm::advance(self, step.group, step.t, step.numbers);
    }

    fn trace(&self, at: Moment<'_>) -> Option<Program> {
        Algorithm::trace(self, at)
    }

    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        Algorithm::effective_lr(self, at)
    }

    fn effective_lr_formula(&self) -> &'static str {
        Algorithm::effective_lr_formula(self)
    }

    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        Algorithm::stability_limit(self, at)
    }

    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        Algorithm::preconditioner(self, at, slots, out)
    }
}
