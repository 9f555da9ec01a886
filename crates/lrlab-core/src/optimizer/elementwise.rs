//! Optimizers that treat every element alike: written as a formula, run as one fused pass.

use std::fmt::Debug;

use super::{
    Algorithm, Float, Moment, Number, ParamStep, Point, Program, Slot, StepContext, Value, trace::Tape,
};
use crate::{
    ParamGroup,
    vector::simd::{self, InstructionSet, Kernel},
};

/// An optimizer whose new value of an element depends on that element alone: its parameter, its
/// gradient and its slots, and numbers that hold for the whole group.
///
/// Whoever implements this is an [`Optimizer`](super::Optimizer), on slices and as a [`Program`] for
/// tensor engines. At most [`MAX_SLOTS`] slots.
pub trait Elementwise: Send + Sync + Debug {
    /// The numbers of one update: what the group's fields and the count of updates come to.
    type Coefficients: Copy + Send + Sync;

    /// Names of what it keeps for each element, as in PyTorch's `state_dict`; all zero before the first
    /// update.
    fn slots(&self) -> &'static [&'static str];

    /// What it keeps for the whole group.
    fn numbers(&self) -> Vec<Number> {
        Vec::new()
    }

    /// What the update after `t` updates does to the group's numbers before any element is looked at.
    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        let _ = (group, t, numbers);
    }

    /// The numbers of the update that follows after `at.t` updates, computed in f64; `at` holds what
    /// [`advance`](Self::advance) left.
    fn coefficients(&self, at: Moment<'_>) -> Self::Coefficients;

    /// The formula: changes `slots` and returns the new parameter.
    ///
    /// `SLOTS` is the number of [`slots`](Self::slots). Branches may look at `c` and `SLOTS`, never
    /// at values. Mark it `#[inline(always)]`, so that it is compiled into each instruction set's
    /// loop.
    fn update<V: Value, const SLOTS: usize>(
        c: &Self::Coefficients,
        param: V,
        grad: V,
        slots: &mut [V; SLOTS],
    ) -> V;

    /// Whether the point that is evaluated is another than the one that gradients are taken at.
    const EVALUATES_ELSEWHERE: bool = false;

    /// The element at `point`, for one that is at the other point. `c` are the numbers of the last
    /// update made.
    fn moved<V: Value, const SLOTS: usize>(
        c: &Self::Coefficients,
        point: Point,
        param: V,
        slots: &[V; SLOTS],
    ) -> V {
        let _ = (c, point, slots);
        param
    }

    /// See [`Optimizer::effective_lr`](super::Optimizer::effective_lr).
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        at.group.lr()
    }

    /// See [`Optimizer::effective_lr_formula`](super::Optimizer::effective_lr_formula).
    fn effective_lr_formula(&self) -> &'static str {
        "lr"
    }

    /// See [`Optimizer::stability_limit`](super::Optimizer::stability_limit).
    fn stability_limit(&self, at: Moment<'_>) -> f64;

    /// See [`Optimizer::preconditioner`](super::Optimizer::preconditioner).
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let _ = (at, slots, out);
        false
    }
}

/// The most slots that an [`Elementwise`] optimizer may have.
pub const MAX_SLOTS: usize = 3;

/// Makes one update of `param` in place, for `f32` or `f64`.
///
/// `at` is the group after [`Elementwise::advance`]; `slots` holds one vector or slice for each of
/// the optimizer's.
///
/// # Panics
///
/// When the number of slots or the length of a slice is not what the optimizer and `param` ask for.
pub fn update_slice<E: Elementwise, V: Value>(
    optimizer: &E,
    at: Moment<'_>,
    param: &mut [V],
    grad: &[V],
    slots: &mut [impl AsMut<[V]>],
) {
    update_slice_on::<E, V, _>(InstructionSet::best(), &optimizer.coefficients(at), param, grad, slots);
}

fn update_slice_on<E: Elementwise, V: Value, S: AsMut<[V]>>(
    set: InstructionSet,
    c: &E::Coefficients,
    param: &mut [V],
    grad: &[V],
    slots: &mut [S],
) {
    match slots {
        [] => simd::run_on(set, Pass::<E, V, 0> { c, param, grad, slots: [] }),
        [a] => simd::run_on(set, Pass::<E, V, 1> { c, param, grad, slots: [a.as_mut()] }),
        [a, b] => {
            simd::run_on(set, Pass::<E, V, 2> { c, param, grad, slots: [a.as_mut(), b.as_mut()] });
        }
        [a, b, c3] => {
            let slots = [a.as_mut(), b.as_mut(), c3.as_mut()];
            simd::run_on(set, Pass::<E, V, 3> { c, param, grad, slots });
        }
        more => panic!("an elementwise optimizer has at most {MAX_SLOTS} slots, got {}", more.len()),
    }
}

struct Pass<'a, E: Elementwise, V, const SLOTS: usize> {
    c: &'a E::Coefficients,
    param: &'a mut [V],
    grad: &'a [V],
    slots: [&'a mut [V]; SLOTS],
}

impl<E: Elementwise, V: Value, const SLOTS: usize> Kernel for Pass<'_, E, V, SLOTS> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        let length = self.param.len();
        assert!(
            self.grad.len() == length && self.slots.iter().all(|slot| slot.len() == length),
            "gradient and slots must be as long as the parameter"
        );
        let c = *self.c;
        let (params, last_param) = self.param.as_chunks_mut::<BLOCK>();
        let (grads, last_grad) = self.grad.as_chunks::<BLOCK>();
        let mut slots = self.slots;
        for block in 0..params.len() {
            let ahead = block + AHEAD;
            if ahead < params.len() {
                simd::prefetch(&params[ahead]);
                simd::prefetch(&grads[ahead]);
                for slot in &slots {
                    simd::prefetch(&slot.as_chunks::<BLOCK>().0[ahead]);
                }
            }
            let mut own = slots.each_mut().map(|slot| &mut slot.as_chunks_mut().0[block]);
            update_block::<E, V, SLOTS>(&c, &mut params[block], &grads[block], &mut own);
        }
        if let Some(&filler) = last_grad.last() {
            // Filled up to a whole block, the rest needs no loop of its own, which would not be vectors.
            let filled = |rest: &[V]| std::array::from_fn(|i| *rest.get(i).unwrap_or(&filler));
            let mut param = filled(last_param);
            let mut own = slots.each_ref().map(|slot| filled(slot.as_chunks::<BLOCK>().1));
            update_block::<E, V, SLOTS>(&c, &mut param, &filled(last_grad), &mut own.each_mut());
            last_param.copy_from_slice(&param[..last_param.len()]);
            for (slot, own) in slots.iter_mut().zip(own) {
                let rest = slot.as_chunks_mut::<BLOCK>().1;
                rest.copy_from_slice(&own[..rest.len()]);
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
#[inline(always)]
fn update_block<E: Elementwise, V: Value, const SLOTS: usize>(
    c: &E::Coefficients,
    param: &mut [V; BLOCK],
    grad: &[V; BLOCK],
    slots: &mut [&mut [V; BLOCK]; SLOTS],
) {
    for i in 0..BLOCK {
        let mut own: [V; SLOTS] = std::array::from_fn(|k| slots[k][i]);
        param[i] = E::update(c, param[i], grad[i], &mut own);
        for k in 0..SLOTS {
            slots[k][i] = own[k];
        }
    }
}

/// Elements that are updated between two requests for memory.
const BLOCK: usize = 64;

/// How many blocks ahead a request is. A root and a division take so long that the processor, left to itself,
/// looks too short a way ahead to keep the memory busy meanwhile.
const AHEAD: usize = 4;

/// Moves `param` to `point` from the other.
fn move_slice<E: Elementwise, V: Value>(
    c: &E::Coefficients,
    point: Point,
    param: &mut [V],
    slots: &[&mut [V]],
) {
    match slots {
        [] => simd::run(Move::<E, V, 0> { c, point, param, slots: [] }),
        [a] => simd::run(Move::<E, V, 1> { c, point, param, slots: [a] }),
        [a, b] => simd::run(Move::<E, V, 2> { c, point, param, slots: [a, b] }),
        [a, b, c3] => simd::run(Move::<E, V, 3> { c, point, param, slots: [a, b, c3] }),
        more => panic!("an elementwise optimizer has at most {MAX_SLOTS} slots, got {}", more.len()),
    }
}

struct Move<'a, E: Elementwise, V, const SLOTS: usize> {
    c: &'a E::Coefficients,
    point: Point,
    param: &'a mut [V],
    slots: [&'a [V]; SLOTS],
}

impl<E: Elementwise, V: Value, const SLOTS: usize> Kernel for Move<'_, E, V, SLOTS> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        let length = self.param.len();
        assert!(self.slots.iter().all(|slot| slot.len() == length), "slots must be as long as the parameter");
        let slots = self.slots.map(|slot| &slot[..length]);
        for (i, param) in self.param.iter_mut().enumerate() {
            let own: [V; SLOTS] = std::array::from_fn(|k| slots[k][i]);
            *param = E::moved(self.c, self.point, *param, &own);
        }
    }
}

fn trace<E: Elementwise, const SLOTS: usize>(c: &E::Coefficients) -> Program {
    let tape = Tape::new(SLOTS);
    let mut slots: [_; SLOTS] = std::array::from_fn(|k| tape.input(2 + k));
    let param = E::update(c, tape.input(0), tape.input(1), &mut slots);
    tape.finish(std::iter::once(param).chain(slots))
}

impl<E: Elementwise> Algorithm for E {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        Elementwise::slots(self).iter().map(|&name| Slot { name, shape: shape.to_vec() }).collect()
    }

    fn numbers(&self) -> Vec<Number> {
        Elementwise::numbers(self)
    }

    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        Elementwise::advance(self, group, t, numbers);
    }

    fn step<V: Float>(&self, context: &mut dyn StepContext<V>) {
        let group = context.group();
        Elementwise::advance(self, group.group, group.t, group.numbers);
        context.for_each(&mut |step: ParamStep<'_, V>| {
            update_slice(self, step.at, step.value, step.grad, step.slots);
        });
    }

    fn evaluates_elsewhere(&self) -> bool {
        E::EVALUATES_ELSEWHERE
    }

    fn move_to<V: Float>(&self, point: Point, context: &mut dyn StepContext<V>) {
        if E::EVALUATES_ELSEWHERE {
            context.for_each(&mut |step: ParamStep<'_, V>| {
                // Before its first update a parameter has no second point yet.
                if let Some(last) = step.at.t.checked_sub(1) {
                    let c = self.coefficients(Moment { t: last, ..step.at });
                    move_slice::<E, V>(&c, point, step.value, step.slots);
                }
            });
        }
    }

    fn trace(&self, at: Moment<'_>) -> Option<Program> {
        let c = self.coefficients(at);
        match Elementwise::slots(self).len() {
            0 => Some(trace::<E, 0>(&c)),
            1 => Some(trace::<E, 1>(&c)),
            2 => Some(trace::<E, 2>(&c)),
            3 => Some(trace::<E, 3>(&c)),
            _ => None,
        }
    }

    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        Elementwise::effective_lr(self, at)
    }

    fn effective_lr_formula(&self) -> &'static str {
        Elementwise::effective_lr_formula(self)
    }

    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        Elementwise::stability_limit(self, at)
    }

    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        Elementwise::preconditioner(self, at, slots, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Field,
        optimizer::{Adam, Lion, ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSgd, Sgd},
    };

    fn vector(length: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..length).map(|_| next()).collect()
    }

    fn same_on_every_set<E: Elementwise>(optimizer: &E) {
        let group = ParamGroup::new("g")
            .with(Field::Lr, 0.01)
            .with(Field::Momentum, if Elementwise::slots(optimizer).is_empty() { 0.0 } else { 0.9 })
            .with(Field::WeightDecay, 0.1)
            .with(Field::Beta1, 0.9)
            .with(Field::Beta2, 0.99)
            .with(Field::Eps, 1e-8);
        for length in [0, 1, 7, 16, 33, 1000] {
            let runs: Vec<_> = InstructionSet::available()
                .map(|set| {
                    let mut param = vector(length, 1);
                    let mut slots = vec![vec![0.0; length]; Elementwise::slots(optimizer).len()];
                    for t in 0..5 {
                        let c = optimizer.coefficients(Moment { group: &group, t, numbers: &[] });
                        let grad = vector(length, 2 + t as u32);
                        update_slice_on::<E, f32, _>(set, &c, &mut param, &grad, &mut slots);
                    }
                    slots.push(param);
                    slots
                })
                .collect();
            let bits = |run: &[Vec<f32>]| -> Vec<u32> { run.concat().iter().map(|x| x.to_bits()).collect() };
            assert!(runs.iter().all(|run| bits(run) == bits(&runs[0])), "{optimizer:?} length {length}");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        same_on_every_set(&Sgd::default());
        same_on_every_set(&Sgd { buffer: true, nesterov: true, maximize: true });
        same_on_every_set(&Adam::default());
        same_on_every_set(&Adam { decoupled: true, amsgrad: true, maximize: false });
        same_on_every_set(&Lion::default());
        same_on_every_set(&ScheduleFreeSgd::default());
        same_on_every_set(&ScheduleFreeAdamW::default());
        same_on_every_set(&ScheduleFreeRAdam::default());
    }

    #[test]
    #[should_panic(expected = "as long as the parameter")]
    fn a_gradient_of_another_length_is_refused() {
        let at = Moment { group: &ParamGroup::new("g"), t: 0, numbers: &[] };
        update_slice(&Sgd::default(), at, &mut [0.0_f32; 3], &[0.0; 2], &mut [] as &mut [&mut [f32]]);
    }
}
