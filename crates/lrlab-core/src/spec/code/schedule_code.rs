//! One schedule as schedulers of PyTorch that follow each other, or as an expression.

use std::{collections::BTreeSet, fmt::Write};

use crate::{
    Duration, Horizon,
    registry::{Argument, Kind},
    schedule::{self, Part, Recipe, TorchForm},
    spec::{ScheduleSpec, SpecError},
};

/// A scheduler as code that names its optimizer `optimizer`.
pub(super) struct Written {
    /// `None` where the group's own rate holds throughout.
    pub(super) code: Option<String>,
    /// Whether it is called once after each epoch instead of after each step.
    pub(super) per_epoch: bool,
    /// The classes that it names.
    pub(super) classes: BTreeSet<String>,
}

/// The schedule of a group whose own rate is `base`.
pub(super) fn scheduler(spec: &ScheduleSpec, base: f64, horizon: Horizon) -> Result<Written, SpecError> {
    let per_epoch = changes_between_epochs_only(spec, horizon);
    let tick = if per_epoch { horizon.steps_per_epoch } else { 1 };
    let form = Recipe::new(spec, horizon)?.for_torch(base, tick).write()?;
    let TorchForm { factor, mut parts } = form;
    if parts.iter().any(|part| !part.from.is_multiple_of(tick)) {
        parts = vec![Part { from: 0, class: None, factor, note: None }];
    }
    drop_needless_end(&mut parts);
    drop_what_spoils_a_sequence(&mut parts);
    let (variable, time) = clock(per_epoch, horizon);
    let mut classes = BTreeSet::new();
    let mut lines: Vec<(Option<String>, String)> = Vec::new();
    for part in &parts {
        let class = part.class.clone().unwrap_or_else(|| {
            format!("LambdaLR(optimizer, lambda {variable}: {})", schedule::at(&part.factor, &time))
        });
        classes.extend(class.split('(').next().map(str::to_owned));
        lines.push((part.note.clone(), class));
    }
    if let ([(_, only)], [part]) = (&lines[..], &parts[..]) {
        if part.class.is_none() && part.factor == "1.0" {
            return Ok(Written { code: None, per_epoch, classes: BTreeSet::new() });
        }
        return Ok(Written { code: Some(only.clone()), per_epoch, classes });
    }
    classes.insert("SequentialLR".to_owned());
    let mut code = "SequentialLR(optimizer, [\n".to_owned();
    for (note, line) in lines {
        let note = note.map(|note| format!("  # {note}")).unwrap_or_default();
        let _ = writeln!(code, "    {line},{note}");
    }
    let milestones: Vec<u64> = parts[1..].iter().map(|part| part.from / tick).collect();
    let _ = write!(code, "], milestones={milestones:?})");
    Ok(Written { code: Some(code), per_epoch, classes })
}

/// The schedules of groups that share an optimizer, whose own rates are `bases`: a function each.
pub(super) fn of_groups(specs: &[(&ScheduleSpec, f64)], horizon: Horizon) -> Result<Written, SpecError> {
    let per_epoch = specs.iter().all(|(spec, _)| changes_between_epochs_only(spec, horizon));
    let (variable, time) = clock(per_epoch, horizon);
    let mut code = "LambdaLR(optimizer, [\n".to_owned();
    let mut constant = true;
    for (spec, base) in specs {
        let factor = factor(spec, *base, horizon)?;
        constant &= factor == "1.0";
        let _ = writeln!(code, "    lambda {variable}: {},", schedule::at(&factor, &time));
    }
    code.push_str("])");
    if constant {
        return Ok(Written { code: None, per_epoch, classes: BTreeSet::new() });
    }
    Ok(Written { code: Some(code), per_epoch, classes: BTreeSet::from(["LambdaLR".to_owned()]) })
}

/// The variable that a function of time takes, and the steps as an expression of it.
fn clock(per_epoch: bool, horizon: Horizon) -> (&'static str, String) {
    match (per_epoch, horizon.steps_per_epoch) {
        (false, _) => ("step", "step".to_owned()),
        (true, 1) => ("epoch", "epoch".to_owned()),
        (true, steps) => ("epoch", format!("(epoch * {steps})")),
    }
}

/// The whole schedule as an expression of `{t}`, for a value of `base`.
pub(super) fn factor(spec: &ScheduleSpec, base: f64, horizon: Horizon) -> Result<String, SpecError> {
    Ok(Recipe::new(spec, horizon)?.for_torch(base, 1).write()?.factor)
}

/// Whether calling the scheduler once after each epoch misses no change of the value.
pub(super) fn changes_between_epochs_only(spec: &ScheduleSpec, horizon: Horizon) -> bool {
    let epoch = horizon.steps_per_epoch;
    let whole = |duration: &Duration| epoch > 0 && duration.steps(horizon).is_multiple_of(epoch);
    let whole_durations = spec.args.values().all(|argument| match argument {
        Argument::Duration(duration) => whole(duration),
        Argument::Durations(durations) => durations.iter().all(whole),
        Argument::Points(points) => points.iter().all(|point| whole(&point.at)),
        _ => true,
    });
    let defaults = schedule::find(spec.name).map_or(&[][..], |entry| entry.params).iter().filter(|param| {
        param.kind == Kind::Duration && !spec.args.contains_key(param.name) && param.default != Some("")
    });
    let whole_defaults =
        defaults.filter_map(|param| param.default?.parse().ok()).all(|duration: Duration| whole(&duration));
    let flat = schedule::find(spec.name).is_some_and(|entry| entry.flat);
    let inner = spec.name == "staircase"
        || spec.inner.iter().all(|inner| changes_between_epochs_only(inner, horizon));
    flat && whole_durations && whole_defaults && inner
}

/// A last part at the group's own rate says nothing where the part before it ends there anyway.
fn drop_needless_end(parts: &mut Vec<Part>) {
    let ends_whole = |part: &Part| {
        part.class.as_deref().is_some_and(|class| {
            class.starts_with("ConstantLR(")
                || (class.starts_with("LinearLR(") && !class.contains("end_factor"))
        })
    };
    if let [.., before, last] = &parts[..]
        && last.class.is_none()
        && last.factor == "1.0"
        && ends_whole(before)
    {
        parts.pop();
    }
}

/// These classes set the group's rate in their constructor, for the schedulers before them too: in
/// a sequence an expression stands for them.
fn drop_what_spoils_a_sequence(parts: &mut [Part]) {
    let spoils = |class: &String| class.starts_with("CyclicLR(") || class.starts_with("OneCycleLR(");
    if parts.len() > 1 {
        for part in parts {
            part.class = part.class.take().filter(|class| !spoils(class));
        }
    }
}
