//! PyTorch's constructors in lrlab's own meaning.
//!
//! PyTorch counts calls of `scheduler.step()`. Its documentation calls it once after each epoch, so
//! counts become epochs, and shapes that move within an epoch are wrapped in `stepped each epoch`;
//! `CyclicLR` and `OneCycleLR`, which it calls after each update, count steps. `per step` and `per
//! epoch` after the constructor tell it otherwise.
//!
//! The own meaning is the closed form, clamped at its end: where PyTorch's recursion differs (a
//! cosine rises again after `T_max`) and must be kept, write `torch` before the constructor. What
//! PyTorch would trip over later, or does otherwise than its arguments say, is refused here.

use std::collections::BTreeMap;

use super::{Fault, ScheduleSpec, SignalSpec, TorchCall, Unit, hugging_face};
use crate::{
    Duration, Field,
    registry::{Argument, Arguments, Level},
    schedule,
};

mod composite;
mod cycle;
mod given;
mod leaf;
mod metric;

pub(super) use given::Given;
pub(super) use metric::{greedy, plateau};

/// What a constructor says in lrlab's words.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// How the learning rate moves; `None` where only a signal moves it.
    pub(super) schedule: Option<ScheduleSpec>,
    /// How other fields move. Momentum stands for beta1 too, until the optimizer is known.
    pub(super) fields: BTreeMap<Field, ScheduleSpec>,
    /// What reacts to metrics.
    pub(super) signals: Vec<SignalSpec>,
}

/// What a constructor says, or everything that is wrong with it.
pub(super) type Read<T> = Result<T, Vec<Fault>>;

impl From<ScheduleSpec> for Imported {
    fn from(schedule: ScheduleSpec) -> Self {
        Self { schedule: Some(schedule), ..Self::default() }
    }
}

impl From<SignalSpec> for Imported {
    fn from(signal: SignalSpec) -> Self {
        Self { signals: vec![signal], ..Self::default() }
    }
}

impl Imported {
    /// The same, each schedule's value held through an epoch where the scheduler is called so.
    fn stepped(self, unit: Unit) -> Self {
        let stepped = |spec: ScheduleSpec| {
            if unit == Unit::Step || is_flat(&spec) {
                return spec;
            }
            made_of("staircase", vec![("each", Argument::Duration(Duration::Epochs(1.0)))], vec![spec])
        };
        let fields = self.fields.into_iter().map(|(field, spec)| (field, stepped(spec))).collect();
        Self { schedule: self.schedule.map(stepped), fields, signals: self.signals }
    }
}

/// Translates a constructor of PyTorch or of Hugging Face's transformers; it counts what its
/// documentation says where `unit` is not told.
pub(super) fn plan(call: &TorchCall, unit: Option<Unit>) -> Read<Imported> {
    let unit = unit.unwrap_or_else(|| call.usual_unit());
    let read = match hugging_face::plan(call, unit) {
        Some(read) => read,
        None => translate(call, unit),
    };
    read.map(|imported| imported.stepped(unit))
}

/// Whether the value stays the same through each epoch anyway.
fn is_flat(spec: &ScheduleSpec) -> bool {
    schedule::find(spec.name).is_some_and(|entry| entry.flat) && spec.inner.iter().all(is_flat)
}

fn translate(call: &TorchCall, unit: Unit) -> Read<Imported> {
    match call.name.as_str() {
        "CyclicLR" => cycle::cyclic(call, unit),
        "OneCycleLR" => cycle::one_cycle(call, unit),
        "ReduceLROnPlateau" => metric::plateau(call, unit).map(Imported::from),
        "SequentialLR" => composite::sequence(call, unit),
        "ChainedScheduler" => composite::product(call, unit).map(Imported::from),
        _ => leaf::leaf(call, unit).map(Imported::from),
    }
}

/// The classes of PyTorch that are understood.
const CLASSES: [&str; 16] = [
    "LambdaLR",
    "MultiplicativeLR",
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "ChainedScheduler",
    "SWALR",
];

fn unknown(name: &str) -> Vec<Fault> {
    vec![Fault::unknown("scheduler", name, CLASSES.into_iter().chain(hugging_face::names()))]
}

/// A share of the group's own value.
pub(super) fn share(factor: f64) -> Argument {
    Argument::Level(Level::Fraction(factor))
}

/// A rate, or another field's value, of its own.
pub(super) fn rate(value: f64) -> Argument {
    // Nothing is nothing for every group, and reads better.
    if value == 0.0 { share(0.0) } else { Argument::Level(Level::Absolute(value)) }
}

/// So many calls as a duration.
pub(super) fn calls(count: u64, unit: Unit) -> Duration {
    match unit {
        Unit::Step => Duration::Steps(count),
        Unit::Epoch => Duration::Epochs(count as f64),
    }
}

/// So many calls as an argument.
pub(super) fn lasting(count: u64, unit: Unit) -> Argument {
    Argument::Duration(calls(count, unit))
}

/// A schedule of the registry, with the schedules that it is made of.
pub(super) fn made_of(
    name: &'static str,
    args: Vec<(&str, Argument)>,
    inner: Vec<ScheduleSpec>,
) -> ScheduleSpec {
    let args: Arguments = args.into_iter().map(|(name, argument)| (name.to_owned(), argument)).collect();
    ScheduleSpec { name, args, inner }
}

/// A schedule of the registry that is made of no other.
pub(super) fn plain(name: &'static str, args: Vec<(&str, Argument)>) -> ScheduleSpec {
    made_of(name, args, Vec::new())
}

/// `first` and then `next`, which is not put into brackets of its own.
pub(super) fn then(first: ScheduleSpec, next: ScheduleSpec) -> ScheduleSpec {
    let mut stages = vec![first];
    if next.name == "sequence" {
        stages.extend(next.inner);
    } else {
        stages.push(next);
    }
    made_of("sequence", Vec::new(), stages)
}
