//! The classes that are made of no other and move the learning rate alone.

use super::{Given, Read, lasting, rate, share, unknown};
use crate::{
    registry::Argument,
    schedule,
    spec::{Fault, ScheduleSpec, TorchCall, Unit},
};

/// What `LinearLR` takes.
pub(super) const LINEAR: &[&str] = &["start_factor", "end_factor", "total_iters"];
/// What `ConstantLR` takes.
pub(super) const CONSTANT: &[&str] = &["factor", "total_iters"];

/// Translates one of them.
pub(super) fn leaf(call: &TorchCall, unit: Unit) -> Read<ScheduleSpec> {
    let read = |names| Given::new(call, names, unit);
    match call.name.as_str() {
        "StepLR" => {
            let mut given = read(&["step_size", "gamma"]);
            let args = vec![("every", lasting(given.count("step_size", None), unit)), gamma(&mut given)];
            given.schedule("step", args, Vec::new())
        }
        "MultiStepLR" => {
            let mut given = read(&["milestones", "gamma"]);
            let counts = given.counts("milestones");
            let times =
                Argument::Durations(counts.into_iter().map(|count| super::calls(count, unit)).collect());
            let args = vec![("milestones", times), gamma(&mut given)];
            given.schedule("multi-step", args, Vec::new())
        }
        "ExponentialLR" => {
            let mut given = read(&["gamma"]);
            let gamma = Argument::Number(given.number("gamma", None));
            given.schedule("exponential", vec![("gamma", gamma), ("every", lasting(1, unit))], Vec::new())
        }
        "LinearLR" => {
            let mut given = read(LINEAR);
            let from = given.factor("start_factor", 1.0 / 3.0);
            let (to, over) = (given.factor("end_factor", 1.0), given.count("total_iters", Some(5)));
            let args = vec![("from", share(from)), ("to", share(to)), ("over", lasting(over, unit))];
            given.schedule("linear", args, Vec::new())
        }
        "ConstantLR" => {
            let mut given = read(CONSTANT);
            let (at, keep) = (given.factor("factor", 1.0 / 3.0), given.count("total_iters", Some(5)));
            let args = vec![("for", lasting(keep, unit)), ("at", share(at))];
            given.schedule("hold", args, vec![ScheduleSpec::constant()])
        }
        "PolynomialLR" => {
            let mut given = read(&["total_iters", "power"]);
            let (over, power) = (given.count("total_iters", Some(5)), given.number("power", Some(1.0)));
            let mut args = vec![("to", share(0.0)), ("over", lasting(over, unit))];
            if power != 1.0 {
                args.push(("power", Argument::Number(power)));
            }
            given.schedule("polynomial", args, Vec::new())
        }
        "CosineAnnealingLR" => {
            let mut given = read(&["T_max", "eta_min"]);
            let (to, over) = (given.rate("eta_min", Some(0.0)), given.count("T_max", None));
            given.schedule("cosine", vec![("to", rate(to)), ("over", lasting(over, unit))], Vec::new())
        }
        "CosineAnnealingWarmRestarts" => {
            let mut given = read(&["T_0", "T_mult", "eta_min"]);
            let every = Argument::Durations(vec![super::calls(given.count("T_0", None), unit)]);
            let (growth, to) = (given.count("T_mult", Some(1)), given.rate("eta_min", Some(0.0)));
            let mut args = vec![("every", every), ("to", rate(to))];
            if growth != 1 {
                args.push(("growth", Argument::Number(growth as f64)));
            }
            given.schedule("warm-restarts", args, Vec::new())
        }
        "LambdaLR" => function(read(&["lr_lambda"]), "lambda"),
        "MultiplicativeLR" => function(read(&["lr_lambda"]), "multiplicative"),
        "SWALR" => swa(read(&["swa_lr", "anneal_epochs", "anneal_strategy"])),
        other => Err(not_known(other)),
    }
}

fn gamma(given: &mut Given<'_>) -> (&'static str, Argument) {
    ("gamma", Argument::Number(given.number("gamma", Some(0.1))))
}

fn function(mut given: Given<'_>, name: &'static str) -> Read<ScheduleSpec> {
    let mut args = vec![("factor", given.function("lr_lambda"))];
    if given.unit == Unit::Epoch {
        args.push(("every", lasting(1, given.unit)));
    }
    given.schedule(name, args, Vec::new())
}

/// From the group's own rate to `swa_lr`, where it stays.
fn swa(mut given: Given<'_>) -> Read<ScheduleSpec> {
    let to = rate(given.rate("swa_lr", None));
    let over = given.count_or_none("anneal_epochs", Some(10));
    let shape = given.word("anneal_strategy", &["cos", "linear"]);
    if over == 0 {
        return given.schedule("constant", vec![("at", to)], Vec::new());
    }
    let name = if shape == "cos" { "cosine" } else { "linear" };
    let args = vec![("to", to), ("over", lasting(over, given.unit))];
    given.schedule(name, args, Vec::new())
}

/// Neither PyTorch's nor Hugging Face's, but maybe a schedule of lrlab's with brackets.
fn not_known(name: &str) -> Vec<Fault> {
    match schedule::find(name) {
        Some(entry) => vec![Fault::refused(format!(
            "lrlab's own {} takes no brackets: write `{}`",
            entry.name, entry.example
        ))],
        None => unknown(name),
    }
}
