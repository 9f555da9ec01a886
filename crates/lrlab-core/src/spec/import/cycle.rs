//! `CyclicLR` and `OneCycleLR`, which move momentum the other way.

use std::collections::BTreeMap;

use super::{Given, Imported, Read, lasting, plain, rate, then};
use crate::{
    Field,
    registry::Argument,
    spec::{Fault, ScheduleSpec, TorchCall, Unit},
};

/// The same shape twice: for the rate and, unless it is switched off, for momentum.
fn imported(schedule: ScheduleSpec, momentum: Option<ScheduleSpec>) -> Imported {
    let fields: BTreeMap<Field, ScheduleSpec> =
        momentum.map(|spec| (Field::Momentum, spec)).into_iter().collect();
    Imported { schedule: Some(schedule), fields, signals: Vec::new() }
}

/// Between which values momentum moves, where it does: the lowest and the highest.
fn momenta(given: &mut Given<'_>, lowest: f64, highest: f64) -> Option<[f64; 2]> {
    let moves = given.flag("cycle_momentum", true);
    let mut momentum = |name, default| {
        let value = given.number(name, Some(default));
        if !(0.0..1.0).contains(&value) {
            given.wrong(name, value, "from 0 up to, but not, 1");
            return 0.0;
        }
        value
    };
    let range = [momentum("base_momentum", lowest), momentum("max_momentum", highest)];
    moves.then_some(range)
}

pub(super) fn cyclic(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let names = [
        "base_lr",
        "max_lr",
        "step_size_up",
        "step_size_down",
        "mode",
        "gamma",
        "scale_fn",
        "scale_mode",
        "cycle_momentum",
        "base_momentum",
        "max_momentum",
    ];
    let mut given = Given::new(call, &names, unit);
    let rates = [given.rate("base_lr", None), given.rate("max_lr", None)];
    let up = given.count("step_size_up", Some(2000));
    let down = given.has("step_size_down").then(|| given.count("step_size_down", None));
    let mode = given.word("mode", &["triangular", "triangular2", "exp_range"]);
    given.word("scale_mode", &["cycle", "iterations"]);
    let gamma = given.number("gamma", Some(1.0));
    if given.has("scale_fn") {
        let why = "scale_fn has no form of lrlab's own; `torch CyclicLR(...)` runs PyTorch's";
        given.refuse(Fault::refused(why));
    }
    if gamma != 1.0 && mode != "exp_range" {
        given.wrong("gamma", gamma, format!("mode='exp_range' beside it, since mode='{mode}' ignores it"));
    } else if gamma != 1.0 && unit == Unit::Epoch {
        given.wrong("gamma", gamma, "`per step`, since it counts calls and `cyclic` counts steps");
    }
    let momenta = momenta(&mut given, 0.8, 0.9);
    let between = |from: f64, to: f64| {
        let mut args = vec![("from", rate(from)), ("to", rate(to)), ("up", lasting(up, unit))];
        args.extend(down.map(|down| ("down", lasting(down, unit))));
        match mode {
            "triangular2" => args.push(("mode", Argument::Word(mode.to_owned()))),
            "exp_range" if gamma != 1.0 => {
                args.push(("mode", Argument::Word(mode.to_owned())));
                args.push(("gamma", Argument::Number(gamma)));
            }
            _ => {}
        }
        plain("cyclic", args)
    };
    let schedule = between(rates[0], rates[1]);
    given.check(&schedule);
    given.done(imported(schedule, momenta.map(|[low, high]| between(high, low))))
}

/// One cycle as it was asked for.
struct Cycle {
    total: u64,
    pct_start: f64,
    cosine: bool,
    three_phase: bool,
}

pub(super) fn one_cycle(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let names = [
        "max_lr",
        "total_steps",
        "epochs",
        "steps_per_epoch",
        "pct_start",
        "anneal_strategy",
        "cycle_momentum",
        "base_momentum",
        "max_momentum",
        "div_factor",
        "final_div_factor",
        "three_phase",
    ];
    let mut given = Given::new(call, &names, unit);
    let peak = given.rate("max_lr", None);
    let divisors = [("div_factor", 25.0), ("final_div_factor", 1e4)].map(|(name, default)| {
        let divisor = given.number(name, Some(default));
        if divisor > 0.0 {
            return divisor;
        }
        given.wrong(name, divisor, "a number above 0");
        1.0
    });
    let cycle = Cycle {
        total: total_steps(&mut given),
        pct_start: given.number("pct_start", Some(0.3)),
        cosine: given.word("anneal_strategy", &["cos", "linear"]) == "cos",
        three_phase: given.flag("three_phase", false),
    };
    cycle.check(&mut given);
    let momenta = momenta(&mut given, 0.85, 0.95);
    let first = peak / divisors[0];
    let schedule = cycle.between(unit, peak, first, first / divisors[1]);
    given.check(&schedule);
    given.done(imported(schedule, momenta.map(|[low, high]| cycle.between(unit, low, high, high))))
}

fn total_steps(given: &mut Given<'_>) -> u64 {
    if given.has("total_steps") {
        return given.count("total_steps", None);
    }
    if !given.has("epochs") && !given.has("steps_per_epoch") {
        given.missing("total_steps");
        return 10;
    }
    given.count("epochs", None).saturating_mul(given.count("steps_per_epoch", None))
}

impl Cycle {
    /// Calls of the rise, not rounded.
    fn rising(&self) -> f64 {
        self.pct_start * self.total as f64
    }

    fn check(&self, given: &mut Given<'_>) {
        let (total, rising) = (self.total as f64, self.rising());
        let last = if self.three_phase { 2.0 * rising - 2.0 } else { rising - 1.0 };
        if !(0.0..=1.0).contains(&self.pct_start) {
            given.wrong("pct_start", self.pct_start, "a number above 0 and below 1");
        } else if rising <= 1.0 {
            let got = format!("{} of {total} steps", self.pct_start);
            given.wrong("pct_start", got, "a share that makes the rise longer than 1 step");
        } else if last >= total - 1.0 {
            let got = format!("{} of {total} steps", self.pct_start);
            given.wrong("pct_start", got, "a share that leaves steps for the last fall");
        } else if given.unit == Unit::Epoch && rising.fract() != 0.0 {
            let got = format!("{} of {total} epochs", self.pct_start);
            given.wrong("pct_start", got, "a whole number of epochs to rise for, or `per step`");
        }
    }

    /// The cycle from `from` over `peak` to `to`.
    fn between(&self, unit: Unit, peak: f64, from: f64, to: f64) -> ScheduleSpec {
        match unit {
            Unit::Step => self.in_steps(peak, from, to),
            Unit::Epoch => self.in_epochs(peak, from, to),
        }
    }

    fn in_steps(&self, peak: f64, from: f64, to: f64) -> ScheduleSpec {
        let over = lasting(self.total, Unit::Step);
        let mut args = vec![("peak", rate(peak)), ("from", rate(from)), ("to", rate(to)), ("over", over)];
        let rising = self.rising();
        if self.pct_start != 0.3 && rising.fract() == 0.0 {
            args.push(("rising", lasting(rising as u64, Unit::Step)));
        } else if self.pct_start != 0.3 {
            args.push(("pct_start", Argument::Number(self.pct_start)));
        }
        if !self.cosine {
            args.push(("shape", Argument::Word("linear".to_owned())));
        }
        if self.three_phase {
            args.push(("three_phase", Argument::Flag(true)));
        }
        plain("one-cycle", args)
    }

    /// PyTorch's peak is one call before the end of the rise, which is less than that in steps: its
    /// phases one by one.
    fn in_epochs(&self, peak: f64, from: f64, to: f64) -> ScheduleSpec {
        let phase = |start: f64, end: f64, epochs: u64| {
            let over = lasting(epochs, Unit::Epoch);
            let name = if self.cosine { "cosine" } else { "linear" };
            plain(name, vec![("from", rate(start)), ("to", rate(end)), ("over", over)])
        };
        let top = self.rising() as u64 - 1;
        let rise = phase(from, peak, top.max(1));
        let rest = self.total.saturating_sub(1);
        if self.three_phase {
            let out = phase(from, to, rest.saturating_sub(2 * top).max(1));
            return then(rise, then(phase(peak, from, top.max(1)), out));
        }
        then(rise, phase(peak, to, rest.saturating_sub(top).max(1)))
    }
}
