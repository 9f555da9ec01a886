//! Times updates of optimizers, and prints them as one JSON object for `cargo xtask bench`: 10 million
//! parameters in one tensor beside the memory's own speed, and 200 tensors of 1,000.
//!
//! The memory's speed is that of a trivial pass over the same arrays, in turns with the updates: it reads and
//! writes in place what the update reads and writes. Everything runs on one thread. Every figure is the least
//! of several repeats, so that noise of the machine drops out. `--quick` repeats less. The text of an optimizer
//! as argument times only that, for a profiler.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; nothing is trained here")]

use std::{error::Error, hint::black_box, sync::Arc, time::Instant};

use lrlab_core::{
    Optimizer, OptimizerSpec, ParamGroup,
    optimizer::{GroupState, GroupStep, Moment, ParamState, ParamStep, StepContext},
};
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LARGE: usize = 10_000_000;
const TENSORS: usize = 200;
const SMALL: usize = 1000;

const TIMED: [(&str, &str); 6] = [
    ("AdamW", "adamw"),
    ("Adam", "adam"),
    ("SGD with momentum", "sgd momentum=0.9"),
    ("Lion", "lion"),
    ("RMSprop", "rmsprop"),
    ("Schedule-Free AdamW", "AdamWScheduleFree()"),
];

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let repeats = if arguments.iter().any(|argument| argument == "--quick") { 8 } else { 40 };
    // Cargo adds `--bench`.
    let only = arguments.iter().find(|argument| !argument.starts_with("--"));
    let timed: Vec<(&str, &str)> = match only {
        Some(text) => vec![(text, text)],
        None => TIMED.to_vec(),
    };
    let (mut large, mut small) = (Map::new(), Map::new());
    for (name, text) in timed {
        let mut model = Model::new(text, 1, LARGE).map_err(|why| format!("{name}: {why}"))?;
        large.insert(name.to_owned(), beside_memory(&mut model, repeats));
        let mut model = Model::new(text, TENSORS, SMALL)?;
        small.insert(name.to_owned(), (1e6 * least(20 * repeats, || model.step())).into());
    }
    println!("{}", json!({ "ten_million": large, "tensors_200_us": small }));
    Ok(())
}

/// Milliseconds of an update and of the trivial pass, in turns.
fn beside_memory(model: &mut Model, repeats: usize) -> Value {
    // The first update writes slots whose pages the system has not given yet.
    model.step();
    let (mut update, mut memory) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..repeats {
        update = update.min(least(1, || model.step()));
        memory = memory.min(least(1, || model.pass()));
    }
    json!({ "ms": 1e3 * update, "memory_ms": 1e3 * memory })
}

/// Seconds of `run`, the least of `repeats`.
fn least(repeats: usize, mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

/// Tensors of one length with an optimizer from the registry.
struct Model {
    optimizer: Arc<dyn Optimizer>,
    group: ParamGroup,
    group_state: GroupState,
    shape: [usize; 1],
    tensors: Vec<Tensor>,
}

struct Tensor {
    value: Vec<f32>,
    grad: Vec<f32>,
    state: ParamState,
}

impl Model {
    fn new(text: &str, tensors: usize, length: usize) -> Result<Self> {
        let built = text.parse::<OptimizerSpec>()?.build()?;
        let optimizer = built.optimizer;
        // Far from 0, so that nothing becomes so small that the processor slows down.
        let wave = |i: usize| 1.0 + 0.5 * (i as f32).sin();
        let tensor = |_| Tensor {
            value: (0..length).map(wave).collect(),
            grad: (0..length).map(|i| 0.1 * wave(i + 1)).collect(),
            state: ParamState::new(&*optimizer, &[length]),
        };
        Ok(Self {
            tensors: (0..tensors).map(tensor).collect(),
            group: built.group,
            group_state: GroupState::new(&*optimizer),
            shape: [length],
            optimizer,
        })
    }

    fn step(&mut self) {
        let optimizer = Arc::clone(&self.optimizer);
        optimizer.step(self);
        self.group_state.t += 1;
        for tensor in &mut self.tensors {
            tensor.state.t += 1;
        }
        black_box(&mut self.tensors);
    }

    /// The trivial pass: every value times 1.
    fn pass(&mut self) {
        let (one, zero) = black_box((1.0, 0.0));
        for Tensor { value, grad, state } in &mut self.tensors {
            match &mut state.slots[..] {
                [] => pass([], value, grad, one, zero),
                [a] => pass([a], value, grad, one, zero),
                [a, b] => pass([a, b], value, grad, one, zero),
                [a, b, c] => pass([a, b, c], value, grad, one, zero),
                more => unreachable!("{} slots", more.len()),
            }
        }
        black_box(&mut self.tensors);
    }
}

impl StepContext for Model {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut self.group_state;
        GroupStep { group: &self.group, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        for Tensor { value, grad, state } in &mut self.tensors {
            f(ParamStep {
                name: "",
                shape: &self.shape,
                transposed: false,
                at: Moment { group: &self.group, t: state.t, numbers: &self.group_state.numbers },
                value,
                grad,
                slots: &mut state.slices(),
            });
        }
    }
}

/// Reads all, and writes all but `grad`, on the widest vectors that the machine has.
fn pass<const SLOTS: usize>(
    slots: [&mut Vec<f32>; SLOTS],
    value: &mut [f32],
    grad: &[f32],
    one: f32,
    zero: f32,
) {
    let slots = slots.map(|slot| &mut slot[..value.len()]);
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function was compiled for.
            return unsafe { pass_avx512(slots, value, grad, one, zero) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { pass_avx2(slots, value, grad, one, zero) };
        }
    }
    pass_of(slots, value, grad, one, zero);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn pass_avx512<const SLOTS: usize>(
    slots: [&mut [f32]; SLOTS],
    value: &mut [f32],
    grad: &[f32],
    one: f32,
    zero: f32,
) {
    pass_of(slots, value, grad, one, zero);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn pass_avx2<const SLOTS: usize>(
    slots: [&mut [f32]; SLOTS],
    value: &mut [f32],
    grad: &[f32],
    one: f32,
    zero: f32,
) {
    pass_of(slots, value, grad, one, zero);
}

#[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
#[inline(always)]
fn pass_of<const SLOTS: usize>(
    mut slots: [&mut [f32]; SLOTS],
    value: &mut [f32],
    grad: &[f32],
    one: f32,
    zero: f32,
) {
    for (i, (value, grad)) in value.iter_mut().zip(grad).enumerate() {
        *value = *value * one + grad * zero;
        for slot in &mut slots {
            slot[i] *= one;
        }
    }
}
