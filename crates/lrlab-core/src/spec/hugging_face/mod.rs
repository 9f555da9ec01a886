//! The schedules of Hugging Face's transformers, in lrlab's own meaning.
//!
//! ```text
//! get_scheduler("cosine", optimizer, num_warmup_steps=100, num_training_steps=1000)
//! get_cosine_schedule_with_warmup(optimizer, 100, 1000)
//! cosine(num_warmup_steps=100, num_training_steps=1000)          the name of `SchedulerType`, with brackets
//! ```
//! They count updates. Until `num_training_steps` the rates are theirs; after it the last one holds,
//! where theirs rise again. A warmup begins at a rate of 0 there, so the first update moves nothing.
//! `num_training_steps` is kept as it was given, whatever the training's own length.
//!
//! Differences: `lr_end` and `min_lr` are rates for every group, where transformers divides them by the
//! optimizer's default rate; `reduce_lr_on_plateau` and `greedy` become signals, with the
//! differences that those name. `min_lr` and `max_lr` of `greedy` are lrlab's own (1% and 1000%) unless
//! given: its 0.001 is above many a rate.
//!
//! Source: transformers 5.23, `optimization.py`.

use super::{
    Fault, ScheduleSpec, TorchCall, TorchValue, Unit,
    import::{Given, Imported, Read, greedy, lasting, made_of, plain, plateau, rate, share, then},
};
use crate::{expression::Expression, registry::Argument};

mod stages;

type Translate = fn(&TorchCall, Unit) -> Read<Imported>;

/// One of them: its name in `SchedulerType`, its function and how it is read.
struct Entry {
    name: &'static str,
    function: &'static str,
    /// Which of the two counts `get_scheduler` hands on.
    counts: &'static [&'static str],
    read: Translate,
}

const WARMUP: &str = "num_warmup_steps";
const TRAINING: &str = "num_training_steps";

const fn entry(
    name: &'static str,
    function: &'static str,
    counts: &'static [&'static str],
    read: Translate,
) -> Entry {
    Entry { name, function, counts, read }
}

static ENTRIES: [Entry; 12] = [
    entry("linear", "get_linear_schedule_with_warmup", &[WARMUP, TRAINING], linear),
    entry("cosine", "get_cosine_schedule_with_warmup", &[WARMUP, TRAINING], cosine),
    entry(
        "cosine_with_restarts",
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        &[WARMUP, TRAINING],
        restarts,
    ),
    entry("polynomial", "get_polynomial_decay_schedule_with_warmup", &[WARMUP, TRAINING], polynomial),
    entry("constant", "get_constant_schedule", &[], constant),
    entry("constant_with_warmup", "get_constant_schedule_with_warmup", &[WARMUP], constant_with_warmup),
    entry("inverse_sqrt", "get_inverse_sqrt_schedule", &[WARMUP], inverse_sqrt),
    entry("reduce_lr_on_plateau", "get_reduce_on_plateau_schedule", &[], |call, unit| {
        plateau(call, unit).map(Imported::from)
    }),
    entry("cosine_with_min_lr", "get_cosine_with_min_lr_schedule_with_warmup", &[WARMUP, TRAINING], min_lr),
    entry(
        "cosine_warmup_with_min_lr",
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
        &[WARMUP, TRAINING],
        warmup_min_lr,
    ),
    entry("warmup_stable_decay", "get_wsd_schedule", &[WARMUP, TRAINING], stages::stable),
    entry("greedy", "get_greedy_schedule", &[], |call, unit| greedy(call, unit).map(Imported::from)),
];

const ANY: &str = "get_scheduler";

/// The names that are understood.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().flat_map(|entry| [entry.name, entry.function]).chain([ANY])
}

/// Whether a constructor is one of these.
pub(super) fn is_name(name: &str) -> bool {
    names().any(|known| known == name)
}

/// Whether it is driven by a metric, whose readings come once an epoch.
pub(super) fn waits_for_metric(call: &TorchCall) -> bool {
    let name = match (call.name.as_str(), call.get(0, "name")) {
        (ANY, Some(TorchValue::Text(name))) => name,
        (name, _) => name,
    };
    ["plateau", "greedy"].iter().any(|word| name.contains(word))
}

/// Translates it; `None` where it is none of these.
pub(super) fn plan(call: &TorchCall, unit: Unit) -> Option<Read<Imported>> {
    if call.name == ANY {
        return Some(any(call, unit));
    }
    let entry = ENTRIES.iter().find(|entry| entry.name == call.name || entry.function == call.name)?;
    Some((entry.read)(call, unit))
}

/// `get_scheduler`, which hands its arguments on.
fn any(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let names = ["name", WARMUP, TRAINING, "scheduler_specific_kwargs"];
    let mut given = Given::new(call, &names, unit);
    let found = match given.get("name") {
        Some(TorchValue::Text(name)) => {
            let entry = ENTRIES.iter().find(|entry| entry.name == name);
            if entry.is_none() {
                let known = ENTRIES.iter().map(|entry| entry.name);
                given.refuse(Fault::unknown("schedule of Hugging Face", name, known));
            }
            entry
        }
        Some(other) => {
            given.wrong("name", other, "the name of a schedule: 'cosine'");
            None
        }
        None => {
            given.missing("name");
            None
        }
    };
    let mut kwargs = Vec::new();
    for name in found.map_or(&[][..], |entry| entry.counts) {
        kwargs.extend(given.get(name).map(|value| ((*name).to_owned(), value.clone())));
    }
    match given.get("scheduler_specific_kwargs") {
        None => {}
        Some(TorchValue::Call(specific)) if specific.name == "dict" && specific.args.is_empty() => {
            kwargs.extend(specific.kwargs.iter().cloned());
        }
        Some(other) => given.wrong("scheduler_specific_kwargs", other, "a dict: {'num_cycles': 2}"),
    }
    let Some(entry) = found else { return given.done(Imported::default()) };
    let inner = TorchCall { name: entry.function.to_owned(), args: Vec::new(), kwargs };
    let read = (entry.read)(&inner, unit);
    let imported = given.take(read).unwrap_or_default();
    given.done(imported)
}

/// The steps of the warmup, and those between it and the end.
struct Stages {
    warmup: u64,
    rest: u64,
}

impl Stages {
    fn read(given: &mut Given<'_>) -> Self {
        let (warmup, total) = (given.count_or_none(WARMUP, None), given.count(TRAINING, None));
        if total < warmup && given.has(TRAINING) && given.has(WARMUP) {
            given.wrong(TRAINING, total, format!("{warmup} or more, which is num_warmup_steps"));
        }
        Self { warmup, rest: total.saturating_sub(warmup) }
    }

    /// `next` after the warmup from a rate of 0. With no steps left the whole rate is the end.
    fn before(&self, given: Given<'_>, next: impl FnOnce(u64) -> ScheduleSpec) -> Read<Imported> {
        let next = if self.rest == 0 { ScheduleSpec::constant() } else { next(self.rest) };
        warmed_up(given, self.warmup, next)
    }
}

/// A rise from a rate of 0 and then `next`, held against the registry.
fn warmed_up(mut given: Given<'_>, warmup: u64, next: ScheduleSpec) -> Read<Imported> {
    let spec = if warmup == 0 {
        next
    } else {
        made_of("warmup", vec![("for", lasting(warmup, given.unit)), ("from", share(0.0))], vec![next])
    };
    given.check(&spec);
    given.done(spec.into())
}

fn linear(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &[WARMUP, TRAINING], unit);
    let stages = Stages::read(&mut given);
    stages.before(given, |rest| plain("linear", vec![("to", share(0.0)), ("over", lasting(rest, unit))]))
}

fn cosine(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &[WARMUP, TRAINING, "num_cycles"], unit);
    let stages = Stages::read(&mut given);
    let wave = Wave::read(&mut given, share(0.0));
    stages.before(given, |rest| wave.over(rest, unit))
}

/// Cosines down to an end, `cycles` whole ones; half of one falls once.
struct Wave {
    cycles: f64,
    end: Argument,
}

impl Wave {
    fn read(given: &mut Given<'_>, end: Argument) -> Self {
        let cycles = given.number("num_cycles", Some(0.5));
        if cycles <= 0.0 {
            given.wrong("num_cycles", cycles, "a number above 0");
        }
        Self { cycles: cycles.max(f64::MIN_POSITIVE), end }
    }

    fn over(&self, rest: u64, unit: Unit) -> ScheduleSpec {
        if self.cycles == 0.5 {
            return plain("cosine", vec![("to", self.end.clone()), ("over", lasting(rest, unit))]);
        }
        self.at(&format!("min(t / {rest}, 1)"), unit)
    }

    /// Where `progress` is an expression of the part that has passed.
    fn at(&self, progress: &str, unit: Unit) -> ScheduleSpec {
        let wave = format!("0.5 * (1 + cos(pi * {} * 2 * {progress}))", self.cycles);
        let spec = function(&wave, unit);
        if self.end == share(0.0) {
            return spec;
        }
        let by = Argument::Word("scale".to_owned());
        made_of("floor", vec![("at", self.end.clone()), ("by", by)], vec![spec])
    }
}

/// A factor as a function of the calls made.
fn function(text: &str, unit: Unit) -> ScheduleSpec {
    // What is written in this file can be read.
    let factor = Expression::read(text).map_or(Argument::Number(1.0), Argument::Expression);
    let mut args = vec![("factor", factor)];
    if unit == Unit::Epoch {
        args.push(("every", lasting(1, unit)));
    }
    plain("lambda", args)
}

fn restarts(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &[WARMUP, TRAINING, "num_cycles"], unit);
    let stages = Stages::read(&mut given);
    let cycles = given.count("num_cycles", Some(1));
    stages.before(given, |rest| {
        let cosine = |over| plain("cosine", vec![("to", share(0.0)), ("over", lasting(over, unit))]);
        // Where rounding moves a restart by a step, the formula itself keeps it there.
        let at_whole_steps = rest.is_multiple_of(cycles)
            && cycles <= rest
            && (1..cycles).all(|k| {
                let progress = (rest / cycles * k) as f64 / rest as f64;
                (cycles as f64 * progress) % 1.0 == 0.0
            });
        match cycles {
            1 => cosine(rest),
            _ if at_whole_steps && cycles <= MOST_REPEATS => {
                let count = Argument::Number(cycles as f64);
                made_of("repeat", vec![("count", count)], vec![cosine(rest / cycles)])
            }
            _ => {
                let wave = format!("0.5 * (1 + cos(pi * (({cycles} * (t / {rest})) % 1)))");
                function(&format!("if(t < {rest}, {wave}, 0)"), unit)
            }
        }
    })
}

/// More repetitions are looked at no further.
const MOST_REPEATS: u64 = 1000;

fn polynomial(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &[WARMUP, TRAINING, "lr_end", "power"], unit);
    let stages = Stages::read(&mut given);
    let (end, power) = (given.rate("lr_end", Some(1e-7)), given.number("power", Some(1.0)));
    stages.before(given, |rest| {
        let mut args = vec![("to", rate(end)), ("over", lasting(rest, unit))];
        if power != 1.0 {
            args.push(("power", Argument::Number(power)));
        }
        plain("polynomial", args)
    })
}

fn constant(call: &TorchCall, unit: Unit) -> Read<Imported> {
    Given::new(call, &[], unit).done(ScheduleSpec::constant().into())
}

fn constant_with_warmup(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &[WARMUP], unit);
    let warmup = given.count_or_none(WARMUP, None);
    warmed_up(given, warmup, ScheduleSpec::constant())
}

/// The timescale where neither it nor a warmup is given.
const TIMESCALE: u64 = 10_000;

fn inverse_sqrt(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let mut given = Given::new(call, &[WARMUP, "timescale"], unit);
    let warmup = given.count_or_none(WARMUP, None);
    let usual = if warmup == 0 { TIMESCALE } else { warmup };
    let timescale = given.count("timescale", Some(usual));
    // Left out it is the time before.
    let args = if timescale == warmup { Vec::new() } else { vec![("timescale", lasting(timescale, unit))] };
    warmed_up(given, warmup, plain("inverse-sqrt", args))
}

/// The lowest value, of which `min_lr` and `min_lr_rate` are two forms.
fn lowest(given: &mut Given<'_>) -> Argument {
    match (given.has("min_lr"), given.has("min_lr_rate")) {
        (true, false) => rate(given.rate("min_lr", None)),
        (false, true) => {
            let part = given.number("min_lr_rate", None);
            if !(0.0..=1.0).contains(&part) {
                given.wrong("min_lr_rate", part, "from 0 to 1");
            }
            share(part)
        }
        (both, _) => {
            let got = if both { "both" } else { "neither" };
            given.wrong("min_lr or min_lr_rate", got, "one of them");
            share(0.0)
        }
    }
}

fn min_lr(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let names = [WARMUP, TRAINING, "num_cycles", "last_epoch", "min_lr", "min_lr_rate"];
    let mut given = Given::new(call, &names, unit);
    let stages = Stages::read(&mut given);
    let end = lowest(&mut given);
    let wave = Wave::read(&mut given, end);
    stages.before(given, |rest| wave.over(rest, unit))
}

/// Its warmup begins above 0 and its cosine one step early.
fn warmup_min_lr(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let names = [WARMUP, TRAINING, "num_cycles", "last_epoch", "min_lr", "min_lr_rate", "warmup_lr_rate"];
    let mut given = Given::new(call, &names, unit);
    let Stages { warmup, rest } = Stages::read(&mut given);
    let end = lowest(&mut given);
    let wave = Wave::read(&mut given, end);
    let first = given.has("warmup_lr_rate").then(|| given.factor("warmup_lr_rate", 1.0));
    let rest = rest.max(1);
    let spec = match (warmup, first) {
        (0, _) => wave.at(&format!("min((t + 1) / {rest}, 1)"), unit),
        (1, None) => wave.over(rest, unit),
        // The only step of this warmup is at the rate it starts from.
        (1, Some(first)) => {
            let constant = plain("constant", vec![("at", share(first))]);
            let only = made_of("stage", vec![("for", lasting(1, unit))], vec![constant]);
            then(only, wave.at(&format!("min((t + 1) / {rest}, 1)"), unit))
        }
        (_, first) => {
            let mut args = vec![("for", lasting(warmup - 1, unit))];
            args.extend(first.map(|first| ("from", share(first))));
            made_of("warmup", args, vec![wave.over(rest, unit)])
        }
    };
    given.check(&spec);
    given.done(spec.into())
}
