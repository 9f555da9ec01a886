//! PyTorch's constructors in lrlab's own meaning.
//!
//! PyTorch counts calls of `scheduler.step()`. Its documentation calls it once after each epoch, so
//! counts become epochs, and shapes that move within an epoch are wrapped in `stepped each epoch`;
//! `per step` counts updates instead. The own meaning is the closed form, clamped at its end:
//! where PyTorch's recursion differs (a cosine rises again after `T_max`) and must be kept, write
//! `torch` before the constructor.

use std::collections::BTreeMap;

use super::{Fault, ScheduleSpec, SignalSpec, TorchCall, TorchValue, Unit};
use crate::{
    Duration, Field,
    registry::{Argument, Arguments, Level, Parameter},
    schedule,
};

/// What a constructor says in lrlab's words.
#[derive(Default)]
pub(super) struct Imported {
    /// How the learning rate moves; `None` where only a signal moves it.
    pub(super) schedule: Option<ScheduleSpec>,
    /// How other fields move.
    pub(super) fields: BTreeMap<Field, ScheduleSpec>,
    /// What reacts to metrics.
    pub(super) signals: Vec<SignalSpec>,
}

impl From<ScheduleSpec> for Imported {
    fn from(schedule: ScheduleSpec) -> Self {
        Self { schedule: Some(schedule), ..Self::default() }
    }
}

/// Translates a constructor; it counts epochs where `unit` is not told.
pub(super) fn plan(call: &TorchCall, unit: Option<Unit>) -> Result<Imported, Fault> {
    schedule(call, unit.unwrap_or_default()).map(Imported::from)
}

fn schedule(call: &TorchCall, unit: Unit) -> Result<ScheduleSpec, Fault> {
    let spec = translate(call, unit)?;
    check(&spec)?;
    if unit == Unit::Step || is_flat(&spec) {
        return Ok(spec);
    }
    let args = Arguments::from([("each".to_owned(), Argument::Duration(Duration::Epochs(1.0)))]);
    Ok(ScheduleSpec { name: "staircase", args, inner: vec![spec] })
}

/// Whether the value stays the same through each epoch anyway.
fn is_flat(spec: &ScheduleSpec) -> bool {
    schedule::find(spec.name).is_some_and(|entry| entry.flat) && spec.inner.iter().all(is_flat)
}

fn check(spec: &ScheduleSpec) -> Result<(), Fault> {
    let params = schedule::find(spec.name).map_or(&[][..], |entry| entry.params);
    for param in params {
        if let Some(argument) = spec.args.get(param.name) {
            param.check(argument).map_err(|fault| in_torch_words(param, fault))?;
        }
    }
    spec.inner.iter().try_for_each(check)
}

/// The fault with the name that the reader wrote.
fn in_torch_words(param: &Parameter, fault: Fault) -> Fault {
    match fault {
        Fault::Value { got, allowed, .. } => Fault::value(param.pytorch.unwrap_or(param.name), got, allowed),
        other => other,
    }
}

const SCHEDULERS: &str = "StepLR, MultiStepLR, ConstantLR, LinearLR, ExponentialLR, CosineAnnealingLR and \
                          SequentialLR of these";

fn translate(call: &TorchCall, unit: Unit) -> Result<ScheduleSpec, Fault> {
    let read = |names| Given::new(call, names, unit);
    let (args, name) = match call.name.as_str() {
        "StepLR" => {
            let given = read(&["step_size", "gamma"])?;
            (
                vec![("every", given.duration("step_size", None)?), ("gamma", given.number("gamma", 0.1)?)],
                "step",
            )
        }
        "MultiStepLR" => {
            let given = read(&["milestones", "gamma"])?;
            let times = Argument::Durations(given.durations("milestones")?);
            (vec![("milestones", times), ("gamma", given.number("gamma", 0.1)?)], "multi-step")
        }
        "ExponentialLR" => {
            let given = read(&["gamma"])?;
            let every = Argument::Duration(count(1, unit));
            (vec![("gamma", given.needed_number("gamma")?), ("every", every)], "exponential")
        }
        "LinearLR" => {
            let given = read(LINEAR)?;
            let from = given.factor("start_factor", 1.0 / 3.0)?;
            let (to, over) = (given.factor("end_factor", 1.0)?, given.duration("total_iters", Some(5))?);
            (vec![("from", share(from)), ("to", share(to)), ("over", over)], "linear")
        }
        "CosineAnnealingLR" => {
            let given = read(&["T_max", "eta_min"])?;
            let to = match given.plain_number("eta_min", Some(0.0))? {
                0.0 => Level::Fraction(0.0),
                rate => Level::Absolute(rate),
            };
            (vec![("to", Argument::Level(to)), ("over", given.duration("T_max", None)?)], "cosine")
        }
        "ConstantLR" => {
            let given = read(CONSTANT)?;
            let (at, keep) = (given.factor("factor", 1.0 / 3.0)?, given.duration("total_iters", Some(5))?);
            return Ok(before("hold", vec![("for", keep), ("at", share(at))], ScheduleSpec::constant()));
        }
        "SequentialLR" => return sequence(call, unit),
        other => {
            return Err(Fault::refused(format!(
                "lrlab has no schedule of its own for {other}, only for {SCHEDULERS}; `torch {other}(...)` runs PyTorch's"
            )));
        }
    };
    Ok(ScheduleSpec { name, args: named(args), inner: Vec::new() })
}

const LINEAR: &[&str] = &["start_factor", "end_factor", "total_iters"];
const CONSTANT: &[&str] = &["factor", "total_iters"];

fn named(args: Vec<(&str, Argument)>) -> Arguments {
    args.into_iter().map(|(name, argument)| (name.to_owned(), argument)).collect()
}

fn share(factor: f64) -> Argument {
    Argument::Level(Level::Fraction(factor))
}

fn before(name: &'static str, args: Vec<(&str, Argument)>, inner: ScheduleSpec) -> ScheduleSpec {
    ScheduleSpec { name, args: named(args), inner: vec![inner] }
}

fn count(calls: u64, unit: Unit) -> Duration {
    match unit {
        Unit::Step => Duration::Steps(calls),
        Unit::Epoch => Duration::Epochs(calls as f64),
    }
}

fn sequence(call: &TorchCall, unit: Unit) -> Result<ScheduleSpec, Fault> {
    let given = Given::new(call, &["schedulers", "milestones"], unit)?;
    let wrong =
        |got: &str| Fault::value("schedulers", got, "a list of constructors, one more than milestones");
    let Some(TorchValue::List(children)) = given.get("schedulers") else { return Err(wrong("none")) };
    let children: Option<Vec<&TorchCall>> = children
        .iter()
        .map(|child| if let TorchValue::Call(call) = child { Some(call) } else { None })
        .collect();
    let milestones = given.counts("milestones")?;
    let Some((last, first)) = children.as_deref().and_then(<[_]>::split_last) else {
        return Err(wrong("none"));
    };
    if first.len() != milestones.len() {
        return Err(wrong(&format!("{} with {} milestones", first.len() + 1, milestones.len())));
    }
    let mut spec = translate(last, unit)?;
    for (index, child) in first.iter().enumerate().rev() {
        let start = if index == 0 { 0 } else { milestones[index - 1] };
        let length = milestones[index].checked_sub(start).filter(|&length| length > 0).ok_or_else(|| {
            Fault::value("milestones", format!("{start}, {}", milestones[index]), "whole numbers that grow")
        })?;
        spec = follow(child, length, spec, unit)?;
    }
    Ok(spec)
}

/// `child` for `length` calls, then `next`.
fn follow(child: &TorchCall, length: u64, next: ScheduleSpec, unit: Unit) -> Result<ScheduleSpec, Fault> {
    let refuse = |why: &str| {
        Err(Fault::refused(format!(
            "{why}, which has no form of lrlab's own; `torch SequentialLR(...)` runs PyTorch's"
        )))
    };
    let keep = |calls: u64, at: f64, next: ScheduleSpec| {
        let mut args = vec![("for", Argument::Duration(count(calls, unit)))];
        if at != 1.0 {
            args.push(("at", share(at)));
        }
        before("hold", args, next)
    };
    match child.name.as_str() {
        "ConstantLR" => {
            let given = Given::new(child, CONSTANT, unit)?;
            let (at, kept) = (given.factor("factor", 1.0 / 3.0)?, given.count("total_iters", Some(5))?);
            let next = if kept < length { keep(length - kept, 1.0, next) } else { next };
            Ok(keep(kept.min(length), at, next))
        }
        "LinearLR" => {
            let given = Given::new(child, LINEAR, unit)?;
            let rise = given.count("total_iters", Some(5))?;
            let from = given.factor("start_factor", 1.0 / 3.0)?;
            if given.factor("end_factor", 1.0)? != 1.0 || rise > length {
                return refuse("SequentialLR cuts LinearLR off before it reaches the whole rate");
            }
            let next = if rise < length { keep(length - rise, 1.0, next) } else { next };
            if !starts_whole(&next) {
                return refuse("the scheduler after LinearLR does not start at the whole rate");
            }
            let args = vec![("for", Argument::Duration(count(rise, unit))), ("from", share(from))];
            Ok(before("warmup", args, next))
        }
        other => refuse(&format!("SequentialLR goes on after {other}")),
    }
}

/// Whether the first value is the group's own.
fn starts_whole(spec: &ScheduleSpec) -> bool {
    let whole = |name: &str| spec.args.get(name).is_none_or(|level| *level == share(1.0));
    match spec.name {
        "warmup" => false,
        "linear" => whole("from"),
        "constant" | "hold" => whole("at"),
        _ => spec.inner.iter().all(starts_whole),
    }
}

/// The arguments of one call, by name.
struct Given<'a> {
    call: &'a TorchCall,
    names: &'a [&'a str],
    unit: Unit,
}

impl<'a> Given<'a> {
    fn new(call: &'a TorchCall, names: &'a [&'a str], unit: Unit) -> Result<Self, Fault> {
        // A resumed scheduler begins elsewhere: nothing that a strategy could say.
        let fresh = |name: &str, value: &TorchValue| name == "last_epoch" && *value == TorchValue::Int(-1);
        for (index, name) in names.iter().enumerate() {
            if index < call.args.len() && call.kwarg(name).is_some() {
                return Err(Fault::Twice { what: format!("`{name}`") });
            }
        }
        for (name, value) in &call.kwargs {
            if !names.contains(&name.as_str()) && !fresh(name, value) {
                return Err(Fault::unknown(
                    format!("argument of {}", call.name),
                    name,
                    names.iter().copied(),
                ));
            }
        }
        if call.args.len() > names.len() {
            let allowed = format!("no more than {}", names.join(", "));
            return Err(Fault::value(call.name.clone(), format!("{} arguments", call.args.len()), allowed));
        }
        Ok(Self { call, names, unit })
    }

    fn get(&self, name: &str) -> Option<&'a TorchValue> {
        let position = self.names.iter().position(|known| *known == name)?;
        self.call.get(position, name)
    }

    fn missing(&self, name: &str) -> Fault {
        let (owner, parameter) = (self.call.name.clone(), name.to_owned());
        Fault::Missing { owner, parameter, example: format!("{}({name}=...)", self.call.name) }
    }

    fn plain_number(&self, name: &str, default: Option<f64>) -> Result<f64, Fault> {
        match (self.get(name), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.missing(name)),
            (Some(value), _) => {
                value.number().ok_or_else(|| Fault::value(name, value.to_string(), "a number"))
            }
        }
    }

    fn number(&self, name: &str, default: f64) -> Result<Argument, Fault> {
        self.plain_number(name, Some(default)).map(Argument::Number)
    }

    fn needed_number(&self, name: &str) -> Result<Argument, Fault> {
        self.plain_number(name, None).map(Argument::Number)
    }

    /// A factor as PyTorch allows it, from 0 to 1.
    fn factor(&self, name: &str, default: f64) -> Result<f64, Fault> {
        let factor = self.plain_number(name, Some(default))?;
        let lowest_open = name == "start_factor" && factor == 0.0;
        if lowest_open || !(0.0..=1.0).contains(&factor) {
            let allowed = if name == "start_factor" { "above 0, up to 1" } else { "from 0 to 1" };
            return Err(Fault::value(name, factor.to_string(), allowed));
        }
        Ok(factor)
    }

    fn count(&self, name: &str, default: Option<u64>) -> Result<u64, Fault> {
        match (self.get(name), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.missing(name)),
            (Some(value), _) => whole(name, value),
        }
    }

    fn duration(&self, name: &str, default: Option<u64>) -> Result<Argument, Fault> {
        self.count(name, default).map(|calls| Argument::Duration(count(calls, self.unit)))
    }

    fn counts(&self, name: &str) -> Result<Vec<u64>, Fault> {
        match self.get(name) {
            Some(TorchValue::List(items)) => items.iter().map(|item| whole(name, item)).collect(),
            Some(other) => Err(Fault::value(name, other.to_string(), "a list of whole numbers above 0")),
            None => Err(self.missing(name)),
        }
    }

    fn durations(&self, name: &str) -> Result<Vec<Duration>, Fault> {
        let counts = self.counts(name)?;
        if counts.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Fault::value(name, format!("{counts:?}"), "whole numbers that grow"));
        }
        Ok(counts.into_iter().map(|calls| count(calls, self.unit)).collect())
    }
}

/// A count of calls; 2^53 and more would not survive as epochs.
fn whole(name: &str, value: &TorchValue) -> Result<u64, Fault> {
    match value {
        TorchValue::Int(calls @ 1..=0x1F_FFFF_FFFF_FFFF) => Ok(calls.unsigned_abs()),
        _ => Err(Fault::value(name, value.to_string(), "a whole number above 0")),
    }
}
