//! The schedulers that a metric drives, as signals.

use super::{Given, Read, lasting, rate};
use crate::{
    registry::{Argument, Level},
    spec::{SignalSpec, TorchCall, Unit},
};

/// Changes up to PyTorch's `eps` are so small that making them is no difference.
const LARGEST_EPS: f64 = 1e-8;

type Args = Vec<(&'static str, Argument)>;

/// What both take: patience, factor, threshold and mode, with their own defaults.
struct Defaults {
    factor: f64,
    threshold: f64,
    relative: bool,
}

fn shared(given: &mut Given<'_>, defaults: &Defaults) -> Args {
    let unit = given.unit;
    let patience = given.count_or_none("patience", Some(10));
    let factor = given.number("factor", Some(defaults.factor));
    if !(factor > 0.0 && factor < 1.0) {
        given.wrong("factor", factor, "a number above 0 and below 1");
    }
    let mut args = vec![("patience", lasting(patience, unit))];
    if factor > 0.0 && factor < 1.0 {
        args.push(("factor", Argument::Number(factor)));
    }
    let modes: &[&str] = if defaults.relative { &["rel", "abs"] } else { &["abs", "rel"] };
    let threshold = given.number("threshold", Some(defaults.threshold));
    let relative = given.word("threshold_mode", modes) == "rel";
    if threshold < 0.0 || (relative && threshold >= 1.0) {
        let allowed = if relative { "from 0 up to, but not, 1" } else { "a number of 0 or more" };
        given.wrong("threshold", threshold, allowed);
    } else if !relative {
        args.push(("threshold_abs", Argument::Number(threshold)));
    } else if given.has("threshold") || !defaults.relative {
        args.push(("threshold", Argument::Level(Level::Fraction(threshold))));
    }
    if given.word("mode", &["min", "max"]) == "max" {
        args.push(("mode", Argument::Word("max".to_owned())));
    }
    let eps = given.number("eps", Some(LARGEST_EPS));
    if eps > LARGEST_EPS {
        given.wrong("eps", eps, "1e-8 or less: lrlab makes every change");
    }
    args
}

fn cooldown(given: &mut Given<'_>, cooldown: u64, args: &mut Args) {
    if cooldown > 0 {
        args.push(("cooldown", lasting(cooldown, given.unit)));
    }
}

/// `ReduceLROnPlateau`. Its `min_lr` is a rate, and a share once the group's own is known.
pub(in crate::spec) fn plateau(call: &TorchCall, unit: Unit) -> Read<SignalSpec> {
    let names = ["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"];
    let mut given = Given::new(call, &names, unit);
    let mut args = shared(&mut given, &Defaults { factor: 0.1, threshold: 1e-4, relative: true });
    let rest = given.count_or_none("cooldown", Some(0));
    cooldown(&mut given, rest, &mut args);
    let lowest = given.rate("min_lr", Some(0.0));
    if lowest > 0.0 {
        args.push(("floor", rate(lowest)));
    }
    given.signal("plateau", args)
}

/// Hugging Face's `GreedyLR`.
pub(in crate::spec) fn greedy(call: &TorchCall, unit: Unit) -> Read<SignalSpec> {
    let names = [
        "mode",
        "factor",
        "patience",
        "threshold",
        "threshold_mode",
        "cooldown",
        "warmup",
        "min_lr",
        "max_lr",
        "eps",
        "verbose",
        "smooth",
        "window_size",
        "reset_start",
    ];
    let mut given = Given::new(call, &names, unit);
    let mut args = shared(&mut given, &Defaults { factor: 0.95, threshold: 1e-6, relative: false });
    let rests = ["cooldown", "warmup"].map(|name| given.count_or_none(name, Some(0)));
    if rests[0] != rests[1] {
        given.wrong("warmup", rests[1], format!("as many as cooldown, {}: lrlab has one for both", rests[0]));
    }
    cooldown(&mut given, rests[0], &mut args);
    for (name, own) in [("min_lr", "floor"), ("max_lr", "ceiling")] {
        if given.has(name) {
            let bound = given.rate(name, None);
            args.push((own, rate(bound)));
        }
    }
    given.flag("verbose", false);
    let window = given.count("window_size", Some(50));
    if given.flag("smooth", false) {
        args.push(("smoothed", Argument::Number(window as f64)));
    }
    if given.count_or_none("reset_start", Some(0)) > 0 {
        let got = given.count_or_none("reset_start", Some(0));
        given.wrong("reset_start", got, "0 or nothing: lrlab's greedy never resets itself");
    }
    given.signal("greedy", args)
}
