//! `SequentialLR` and `ChainedScheduler`.

use super::{
    Given, Imported, Read, calls, lasting,
    leaf::{CONSTANT, LINEAR, leaf},
    made_of, plain, rate, share, then, translate,
};
use crate::{
    Field,
    registry::{Argument, Level},
    spec::{Fault, ScheduleSpec, TorchCall, TorchValue, Unit},
};

pub(super) fn sequence(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &["schedulers", "milestones"], unit);
    let children = given.constructors("schedulers");
    let milestones = given.counts("milestones");
    let count = children.len();
    let times = if let Some(TorchValue::List(items)) = given.get("milestones") { items.len() } else { 0 };
    if count > 0 && times > 0 && count != times + 1 {
        let got = format!("{count} with {times} milestones");
        given.wrong("schedulers", got, "a list of constructors, one more than milestones");
        return given.done(Imported::default());
    }
    for (index, child) in children.iter().enumerate() {
        if let Some(why) = misfit(child, index) {
            given.refuse(Fault::refused(format!(
                "{why}; write the schedules with `then`, or `torch SequentialLR(...)` for PyTorch's"
            )));
        }
    }
    let mut parts = Vec::with_capacity(count);
    for child in &children {
        let read = translate(child, unit);
        parts.extend(given.take(read));
    }
    if parts.len() != count || milestones.len() + 1 != count {
        return given.done(Imported::default());
    }
    let mut lengths = Vec::with_capacity(count);
    let mut start = 0;
    for milestone in &milestones {
        lengths.push(milestone - start);
        start = *milestone;
    }
    let mut moved = Imported::default();
    let mut schedule: Option<ScheduleSpec> = None;
    for (index, part) in parts.into_iter().enumerate().rev() {
        let Some(own) = part.schedule else { continue };
        schedule = Some(match schedule {
            None => own,
            Some(next) => follow(children[index], own, lengths[index], next, unit),
        });
        // Only the last part can move momentum, which its constructor sets at once.
        for (field, spec) in part.fields {
            moved.fields.insert(field, waiting(field, spec, start, unit));
        }
    }
    given.done(Imported { schedule, ..moved })
}

/// Why PyTorch cannot have this scheduler as the part of this number, or does not mean it.
fn misfit(child: &TorchCall, index: usize) -> Option<String> {
    let name = &child.name;
    let why = match name.as_str() {
        "SequentialLR" | "ChainedScheduler" => "inside SequentialLR loses a step or raises at the milestone",
        "ReduceLROnPlateau" => "is stepped with a metric, which SequentialLR has none of",
        "OneCycleLR" => "overwrites in its constructor the rate that the other parts start from",
        "CyclicLR" if index == 0 => {
            "overwrites in its constructor the rate that the parts after it start from"
        }
        "MultiplicativeLR" | "SWALR" if index > 0 => {
            "goes on from the rate before it instead of the group's own"
        }
        _ => return None,
    };
    Some(format!("{name} {why}"))
}

/// Another field's schedule after `start` calls at its first value.
fn waiting(field: Field, spec: ScheduleSpec, start: u64, unit: Unit) -> ScheduleSpec {
    debug_assert_ne!(field, Field::Lr);
    let Some(Argument::Level(first)) = spec.args.get("from").cloned() else { return spec };
    let value = match first {
        Level::Absolute(value) => rate(value),
        Level::Fraction(fraction) => share(fraction),
    };
    then(stage(plain("constant", vec![("at", value)]), start, unit), spec)
}

fn stage(own: ScheduleSpec, length: u64, unit: Unit) -> ScheduleSpec {
    made_of("stage", vec![("for", Argument::Duration(calls(length, unit)))], vec![own])
}

/// `child`, which is `own`, for `length` calls, then `next`: as a warmup or as holds where that is the same.
fn follow(child: &TorchCall, own: ScheduleSpec, length: u64, next: ScheduleSpec, unit: Unit) -> ScheduleSpec {
    let hold = |keep: u64, at: f64, next: ScheduleSpec| {
        let mut args = vec![("for", lasting(keep, unit))];
        if at != 1.0 {
            args.push(("at", share(at)));
        }
        made_of("hold", args, vec![next])
    };
    match child.name.as_str() {
        "ConstantLR" => {
            let mut given = Given::new(child, CONSTANT, unit);
            let (at, kept) = (given.factor("factor", 1.0 / 3.0), given.count("total_iters", Some(5)));
            let next = if kept < length { hold(length - kept, 1.0, next) } else { next };
            hold(kept.min(length), at, next)
        }
        "LinearLR" => {
            let mut given = Given::new(child, LINEAR, unit);
            let rise = given.count("total_iters", Some(5));
            let from = given.factor("start_factor", 1.0 / 3.0);
            let whole = given.factor("end_factor", 1.0) == 1.0 && rise <= length;
            if !whole || (rise == length && !starts_whole(&next)) {
                return then(stage(own, length, unit), next);
            }
            let next = if rise < length { hold(length - rise, 1.0, next) } else { next };
            made_of("warmup", vec![("for", lasting(rise, unit)), ("from", share(from))], vec![next])
        }
        _ => then(stage(own, length, unit), next),
    }
}

/// Whether the first value is the group's own.
fn starts_whole(spec: &ScheduleSpec) -> bool {
    let whole = |name: &str| spec.args.get(name).is_none_or(|level| *level == share(1.0));
    match spec.name {
        "linear" | "cosine" | "polynomial" => whole("from"),
        "constant" | "hold" => whole("at"),
        "step" | "multi-step" | "exponential" | "warm-restarts" | "multiplicative" => true,
        "sequence" | "stage" => spec.inner.first().is_some_and(starts_whole),
        _ => false,
    }
}

/// Schedulers that each multiply the rate: all of them at once.
pub(super) fn product(call: &TorchCall, unit: Unit) -> Read<ScheduleSpec> {
    let mut given = Given::new(call, &["schedulers"], unit);
    let children = given.constructors("schedulers");
    let mut factors = Vec::with_capacity(children.len());
    for child in &children {
        if multiplies(child) {
            let read = leaf(child, unit);
            factors.extend(given.take(read));
        } else {
            given.refuse(Fault::refused(format!(
                "{} does not multiply the rate, so that what ChainedScheduler makes of it depends on the order; \
                 `torch ChainedScheduler(...)` runs PyTorch's",
                child.name
            )));
        }
    }
    match factors.len() {
        1 => given.done(factors.remove(0)),
        _ => given.schedule("product", Vec::new(), factors),
    }
}

/// Whether each step multiplies the rate that is there with a factor of its own.
fn multiplies(call: &TorchCall) -> bool {
    match call.name.as_str() {
        "CosineAnnealingLR" => {
            call.get(1, "eta_min").and_then(TorchValue::number).is_none_or(|rate| rate == 0.0)
        }
        name => [
            "StepLR",
            "MultiStepLR",
            "ConstantLR",
            "LinearLR",
            "ExponentialLR",
            "PolynomialLR",
            "MultiplicativeLR",
        ]
        .contains(&name),
    }
}
