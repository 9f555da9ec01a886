//! A strategy as PyTorch code to paste.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    Clip, GroupStrategy, OptimizerSpec, ScheduleChoice, ScheduleSpec, SpecError, Strategy, TorchCall,
    TorchValue, Unit, torch_text::float_text,
};
use crate::{
    Duration, Horizon,
    optimizer::registry as optimizers,
    registry::{Argument, Kind},
    schedule::{self, NOISE_IN_PYTHON, Part, Recipe, TorchForm},
};

impl Strategy {
    /// The same training in plain PyTorch: optimizer, scheduler and a loop that shows where each
    /// is called. It expects `model`, `loader` and `loss_fn`, and `loader` to give
    /// `horizon.steps_per_epoch` batches.
    ///
    /// Fails where the schedule cannot be built over this horizon.
    pub fn to_torch_code(&self, horizon: Horizon) -> Result<String, SpecError> {
        let mut code = Code::default();
        let many = self.groups.len() > 1;
        for (index, group) in self.groups.iter().enumerate() {
            let suffix = if many { index.to_string() } else { String::new() };
            code.group(group, &suffix, self, horizon)?;
        }
        Ok(code.finish(self, horizon))
    }
}

#[derive(Default)]
struct Code {
    classes: BTreeSet<String>,
    body: String,
    /// `optimizer`, `optimizer1`...
    optimizers: Vec<String>,
    each_step: Vec<String>,
    each_epoch: Vec<String>,
}

impl Code {
    fn group(
        &mut self,
        group: &GroupStrategy,
        suffix: &str,
        strategy: &Strategy,
        horizon: Horizon,
    ) -> Result<(), SpecError> {
        let optimizer = format!("optimizer{suffix}");
        let params = match suffix {
            "" if group.params.0 == "*" => "model.parameters()".to_owned(),
            _ => {
                let patterns: Vec<&str> =
                    strategy.groups.iter().map(|group| group.params.0.as_str()).collect();
                let index = if suffix.is_empty() { "0" } else { suffix };
                format!("of_group({index}, {patterns:?})")
            }
        };
        let _ =
            writeln!(self.body, "{optimizer} = torch.optim.{}", optimizer_call(&group.optimizer, &params));
        let (code, per_epoch) = match &group.plan.schedule {
            ScheduleChoice::Torch { call, unit } => {
                self.add_classes(call);
                (Some(with_optimizer(call)), *unit == Unit::Epoch)
            }
            ScheduleChoice::Own(spec) => self.own(spec, group.optimizer.build()?.group.lr(), horizon)?,
        };
        if let Some(code) = code {
            let code = code.replace("(optimizer", &format!("({optimizer}"));
            let _ = writeln!(self.body, "scheduler{suffix} = {code}");
            let list = if per_epoch { &mut self.each_epoch } else { &mut self.each_step };
            list.push(format!("scheduler{suffix}"));
        }
        self.optimizers.push(optimizer);
        Ok(())
    }

    /// The scheduler, if one is needed, and whether it is called once an epoch.
    fn own(
        &mut self,
        spec: &ScheduleSpec,
        base: f64,
        horizon: Horizon,
    ) -> Result<(Option<String>, bool), SpecError> {
        let per_epoch = changes_between_epochs_only(spec, horizon);
        let tick = if per_epoch { horizon.steps_per_epoch } else { 1 };
        let form = Recipe::new(spec, horizon)?.for_torch(base, tick).write()?;
        let TorchForm { factor, mut parts } = form;
        if parts.iter().any(|part| !part.from.is_multiple_of(tick)) {
            parts = vec![Part { from: 0, class: None, factor, note: None }];
        }
        drop_needless_end(&mut parts);
        drop_what_spoils_a_sequence(&mut parts);
        let variable = if per_epoch { "epoch" } else { "step" };
        let time = match tick {
            1 => variable.to_owned(),
            _ if per_epoch => format!("(epoch * {tick})"),
            _ => variable.to_owned(),
        };
        let mut lines: Vec<(Option<String>, String)> = Vec::new();
        for part in &parts {
            let class = part.class.clone().unwrap_or_else(|| {
                format!("LambdaLR(optimizer, lambda {variable}: {})", schedule::at(&part.factor, &time))
            });
            self.classes.extend(class.split('(').next().map(str::to_owned));
            lines.push((part.note.clone(), class));
        }
        if let ([(_, only)], [part]) = (&lines[..], &parts[..]) {
            let needless = part.class.is_none() && part.factor == "1.0";
            if needless {
                self.classes.remove("LambdaLR");
            }
            return Ok(((!needless).then(|| only.clone()), per_epoch));
        }
        self.classes.insert("SequentialLR".to_owned());
        let mut code = "SequentialLR(optimizer, [\n".to_owned();
        for (note, line) in lines {
            let note = note.map(|note| format!("  # {note}")).unwrap_or_default();
            let _ = writeln!(code, "    {line},{note}");
        }
        let milestones: Vec<u64> = parts[1..].iter().map(|part| part.from / tick).collect();
        let _ = write!(code, "], milestones={milestones:?})");
        Ok((Some(code), per_epoch))
    }

    fn add_classes(&mut self, call: &TorchCall) {
        self.classes.insert(call.name.clone());
        let values = call.args.iter().chain(call.kwargs.iter().map(|(_, value)| value));
        for value in values {
            self.add_values(value);
        }
    }

    fn add_values(&mut self, value: &TorchValue) {
        match value {
            TorchValue::Call(call) => self.add_classes(call),
            TorchValue::List(items) => items.iter().for_each(|item| self.add_values(item)),
            _ => {}
        }
    }

    fn finish(self, strategy: &Strategy, horizon: Horizon) -> String {
        let mut code = String::new();
        let noisy = self.body.contains("noise(");
        if noisy || self.body.contains("math.") {
            code.push_str("import math\n");
        }
        if self.body.contains("of_group(") {
            code.push_str("from fnmatch import fnmatchcase\n");
        }
        code.push_str("import torch\n");
        if !self.classes.is_empty() {
            let classes: Vec<String> = self.classes.into_iter().collect();
            let _ = writeln!(code, "from torch.optim.lr_scheduler import {}", classes.join(", "));
        }
        if self.body.contains("of_group(") {
            code.push_str(OF_GROUP);
        }
        if noisy {
            code.push_str(NOISE_IN_PYTHON);
        }
        let Horizon { total_steps, steps_per_epoch } = horizon;
        let epochs = total_steps.div_ceil(steps_per_epoch.max(1));
        let steps = match total_steps.checked_rem(steps_per_epoch) {
            Some(0) | None => format!("{steps_per_epoch} steps each"),
            Some(_) => format!("{steps_per_epoch} steps each; stop after step {total_steps}"),
        };
        let _ = write!(code, "\n{}\nfor epoch in range({epochs}):  # {steps}\n", self.body);
        code.push_str("    for inputs, targets in loader:\n");
        for optimizer in &self.optimizers {
            let _ = writeln!(code, "        {optimizer}.zero_grad()");
        }
        code.push_str("        loss_fn(model(inputs), targets).backward()\n");
        let _ = match strategy.clip {
            Some(Clip::Norm(norm)) => writeln!(
                code,
                "        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm={})",
                float_text(norm)
            ),
            Some(Clip::Value(value)) => writeln!(
                code,
                "        torch.nn.utils.clip_grad_value_(model.parameters(), clip_value={})",
                float_text(value)
            ),
            None => Ok(()),
        };
        for optimizer in &self.optimizers {
            let _ = writeln!(code, "        {optimizer}.step()");
        }
        for scheduler in &self.each_step {
            let _ = writeln!(code, "        {scheduler}.step()  # after every optimizer step");
        }
        for scheduler in &self.each_epoch {
            let _ = writeln!(code, "    {scheduler}.step()  # once after each epoch");
        }
        code
    }
}

const OF_GROUP: &str = "
def of_group(index, patterns):
    fits = lambda name: next((i for i, p in enumerate(patterns) if fnmatchcase(name, p)), None)
    return [parameter for name, parameter in model.named_parameters() if fits(name) == index]
";

/// Whether calling the scheduler once after each epoch misses no change of the value.
fn changes_between_epochs_only(spec: &ScheduleSpec, horizon: Horizon) -> bool {
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

fn with_optimizer(call: &TorchCall) -> String {
    let plain = call.to_string();
    if call.name == "ChainedScheduler" {
        // It takes its optimizer from the schedulers inside.
        let args = insert(call);
        return format!("ChainedScheduler({args})");
    }
    let args = insert(call);
    if plain.ends_with("()") {
        format!("{}(optimizer)", call.name)
    } else {
        format!("{}(optimizer, {args})", call.name)
    }
}

/// The arguments as text, with the optimizer given to each constructor inside.
fn insert(call: &TorchCall) -> String {
    let positional = call.args.iter().map(inside);
    let keywords = call.kwargs.iter().map(|(name, value)| format!("{name}={}", inside(value)));
    positional.chain(keywords).collect::<Vec<_>>().join(", ")
}

fn inside(value: &TorchValue) -> String {
    match value {
        TorchValue::Call(call) => with_optimizer(call),
        TorchValue::List(items) => format!("[{}]", items.iter().map(inside).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn optimizer_call(spec: &OptimizerSpec, params: &str) -> String {
    let Some(entry) = optimizers::find(spec.name) else { return String::new() };
    let mut args = vec![params.to_owned()];
    let mut lists: Vec<&str> = Vec::new();
    for param in entry.params {
        let Some(pytorch) = param.pytorch else { continue };
        let value = |name: &str| spec.args.get(name).map(python);
        let Some((list, _)) = pytorch.split_once('[') else {
            args.extend(value(param.name).map(|value| format!("{pytorch}={value}")));
            continue;
        };
        // A list is one argument in PyTorch: all of it is written once one item is given.
        let items: Vec<_> = entry
            .params
            .iter()
            .filter(|param| param.pytorch.is_some_and(|pytorch| pytorch.starts_with(&format!("{list}["))))
            .collect();
        if !lists.contains(&list) && items.iter().any(|item| spec.args.contains_key(item.name)) {
            let values: Vec<String> = items
                .iter()
                .map(|item| value(item.name).unwrap_or_else(|| item.default.unwrap_or_default().to_owned()))
                .collect();
            args.push(format!("{list}=({})", values.join(", ")));
        }
        lists.push(list);
    }
    format!("{}({})", entry.pytorch, args.join(", "))
}

fn python(argument: &Argument) -> String {
    match argument {
        Argument::Flag(true) => "True".to_owned(),
        Argument::Flag(false) => "False".to_owned(),
        Argument::Number(number) => float_text(*number),
        Argument::Numbers(numbers) => {
            format!("[{}]", numbers.iter().map(|number| float_text(*number)).collect::<Vec<_>>().join(", "))
        }
        Argument::Word(word) => format!("'{word}'"),
        other => other.to_string(),
    }
}
