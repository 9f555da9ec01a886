//! A strategy, or a schedule alone, as PyTorch code to paste.
//!
//! | in lrlab | in the code |
//! |---|---|
//! | a schedule of the learning rate | PyTorch's classes where they give its rates, else `LambdaLR` |
//! | groups whose optimizers are of one class | one optimizer with parameter groups, `LambdaLR` with a function each |
//! | schedules of other fields | a function that sets them before each step |
//! | `plateau` over a constant rate | `ReduceLROnPlateau`, where that does the same |
//! | other signals | a class whose factor multiplies the rates, set before each step |
//! | `torch ...` | the constructor as it is, with an optimizer of its own |
//! | an optimizer that PyTorch lacks | the class of `lrlab.torch.optim`, moved between its two points where it has them |

use std::{collections::BTreeSet, fmt::Write};

use super::{
    Fault, GroupStrategy, Origin, Problem, ScheduleChoice, ScheduleSpec, SpecError, Strategy, TorchCall,
    TorchValue, Unit, torch_text::float_text,
};
use crate::{
    Horizon,
    optimizer::registry::{self as optimizers, Module},
    schedule::{self, NOISE_IN_PYTHON},
    signal::Setting,
};

mod averages;
mod decay;
mod field;
mod optimizer;
mod schedule_code;
mod signal_code;
mod training;

use field::grouped;
use optimizer::{arguments, class, constructor_arguments, with_optimizer};

impl Strategy {
    /// The same training in plain PyTorch: optimizers, schedulers and a loop that shows where each
    /// is called. It expects `model`, `loader` and `loss_fn`, and `loader` to give
    /// batches for `horizon.steps_per_epoch` updates. What reacts to a metric reads the mean training loss of each
    /// epoch, where a validation loss can be put.
    ///
    /// Fails where the strategy cannot be built over this horizon, and where a rate of 0 would have to
    /// be multiplied.
    pub fn to_torch_code(&self, horizon: Horizon) -> Result<String, SpecError> {
        self.check_buildable()?;
        if let Origin::Code(code) = &self.origin {
            let why = format!("this strategy is the code {}, which is PyTorch already", code.name);
            return Err(SpecError::new(vec![Problem::of("", Fault::refused(why))]));
        }
        let plain = self.with_decay_in_groups()?;
        let mut code = Code::default();
        let shares = plain.optimizers();
        for (number, members) in shares.iter().enumerate() {
            let suffix = if shares.len() > 1 { number.to_string() } else { String::new() };
            code.optimizer(members, &suffix, &plain, horizon)?;
        }
        self.build(horizon)?;
        code.averages(&plain, horizon);
        Ok(code.finish(&plain, horizon))
    }

    /// The groups that each optimizer of PyTorch takes, by their numbers.
    fn optimizers(&self) -> Vec<Vec<usize>> {
        let class = |group: &GroupStrategy| optimizers::find(group.optimizer.name).map(|entry| entry.pytorch);
        // PyTorch's Adagrad takes the first sum of squares from its constructor, whatever a group says.
        let alone = |group: &GroupStrategy| {
            matches!(group.plan.schedule, ScheduleChoice::Torch { .. })
                || group.optimizer.args.contains_key("initial_accumulator_value")
        };
        let mut shares: Vec<Vec<usize>> = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let fits = |share: &&mut Vec<usize>| {
                let first = &self.groups[share[0]];
                !alone(group) && !alone(first) && class(first) == class(group)
            };
            match shares.iter_mut().find(fits) {
                Some(share) => share.push(index),
                None => shares.push(vec![index]),
            }
        }
        shares
    }
}

impl ScheduleSpec {
    /// The scheduler alone in plain PyTorch, with an optimizer of one parameter in the place of
    /// yours, whose learning rate is `lr`.
    ///
    /// Fails where the schedule cannot be built over this horizon, and where `lr` is not above 0.
    ///
    /// ```
    /// use lrlab_core::{Horizon, ScheduleSpec};
    /// let spec: ScheduleSpec = "step every 5 epochs x0.5".parse()?;
    /// let code = spec.to_torch_code(Horizon::new(150, 10), 0.1)?;
    /// assert!(code.contains("scheduler = StepLR(optimizer, step_size=5, gamma=0.5)"));
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn to_torch_code(&self, horizon: Horizon, lr: f64) -> Result<String, SpecError> {
        self.build(horizon)?;
        if !(lr > 0.0 && lr.is_finite()) {
            let fault = Fault::value("lr", lr.to_string(), "a number above 0");
            return Err(SpecError::new(vec![Problem::of("", fault)]));
        }
        let written = schedule_code::scheduler(self, lr, horizon)?;
        let mut code = Code { classes: written.classes, ..Code::default() };
        let _ = writeln!(
            code.body,
            "optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr={})  # stands for yours",
            float_text(lr)
        );
        let Some(scheduler) = written.code else {
            code.body.push_str("# the optimizer's own rate throughout needs no scheduler\n");
            return Ok(code.head(&code.body) + "\n" + &code.body);
        };
        let when = if written.per_epoch {
            format!("once after each epoch of {} steps", horizon.steps_per_epoch)
        } else {
            "after every optimizer step".to_owned()
        };
        let _ = writeln!(code.body, "# call scheduler.step() {when}\nscheduler = {scheduler}");
        Ok(code.head(&code.body) + "\n" + &code.body)
    }
}

#[derive(Default)]
struct Code {
    classes: BTreeSet<String>,
    /// Classes of Python that are defined before the rest.
    definitions: BTreeSet<&'static str>,
    body: String,
    /// `optimizer`, `optimizer1`...
    optimizers: Vec<String>,
    each_step: Vec<String>,
    each_epoch: Vec<String>,
    /// Lines of the function that sets values before each step.
    values: Vec<String>,
    /// Lines that hand a metric over.
    readings: Vec<String>,
    /// Lines that follow on an update, when the updates made were counted.
    after_update: Vec<String>,
    /// Names from `torch.optim.swa_utils`.
    averaging: BTreeSet<&'static str>,
    /// Classes from `lrlab.torch.optim`.
    own_optimizers: BTreeSet<&'static str>,
    /// Optimizers that train at another point than the one that is evaluated.
    two_points: Vec<String>,
}

impl Code {
    /// One optimizer of PyTorch over the groups `members` of the strategy, and what moves its values.
    fn optimizer(
        &mut self,
        members: &[usize],
        suffix: &str,
        strategy: &Strategy,
        horizon: Horizon,
    ) -> Result<(), SpecError> {
        let name = format!("optimizer{suffix}");
        self.construct(&name, members, strategy);
        self.optimizers.push(name.clone());
        let groups: Vec<&GroupStrategy> = members.iter().map(|&index| &strategy.groups[index]).collect();
        if let ScheduleChoice::Torch { call, unit } = &groups[0].plan.schedule {
            self.torch(call, *unit, suffix);
            return Ok(());
        }
        let mut moved = Vec::with_capacity(groups.len());
        for (place, group) in groups.iter().enumerate() {
            let ScheduleChoice::Own(spec) = &group.plan.schedule else { continue };
            let target = format!("{name}.param_groups[{place}]");
            let signal_suffix =
                if groups.len() > 1 { format!("{suffix}_{place}") } else { suffix.to_owned() };
            let lr = group.optimizer.build()?.group.lr();
            let reacts = !group.plan.signals.is_empty();
            if reacts && !(groups.len() == 1 && self.plateau(group, spec, lr, suffix, horizon)?) {
                self.signals(group, spec, lr, &target, &signal_suffix, horizon)?;
            }
            self.fields(group, &target, horizon)?;
            moved.push((spec, lr, reacts));
        }
        if moved.iter().all(|(.., reacts)| *reacts) {
            return Ok(());
        }
        let written = if let [(spec, lr, _)] = moved[..] {
            schedule_code::scheduler(spec, lr, horizon)?
        } else {
            let specs: Vec<(&ScheduleSpec, f64)> = moved.iter().map(|(spec, lr, _)| (*spec, *lr)).collect();
            schedule_code::of_groups(&specs, horizon)?
        };
        self.classes.extend(written.classes);
        if let Some(code) = written.code {
            self.scheduler(&code, suffix, written.per_epoch);
        }
        Ok(())
    }

    fn construct(&mut self, name: &str, members: &[usize], strategy: &Strategy) {
        let patterns: Vec<&str> = strategy.groups.iter().map(|group| group.params.0.as_str()).collect();
        let of_group = |index: usize| match patterns[..] {
            ["*"] => "model.parameters()".to_owned(),
            _ => format!("of_group({index}, {patterns:?})"),
        };
        let first = &strategy.groups[members[0]].optimizer;
        if let Some(entry) = optimizers::find(first.name).filter(|entry| entry.module == Module::Lrlab) {
            self.own_optimizers.insert(entry.pytorch);
        }
        if first.build().is_ok_and(|built| built.optimizer.evaluates_elsewhere()) {
            self.two_points.push(name.to_owned());
        }
        let class = class(first);
        if let [only] = members {
            let args = constructor_arguments(first, &of_group(*only));
            let _ = writeln!(self.body, "{name} = {class}({args})");
            return;
        }
        let _ = writeln!(self.body, "{name} = {class}([");
        for &index in members {
            let given = arguments(&strategy.groups[index].optimizer);
            let all: Vec<String> = [format!("params={}", of_group(index))].into_iter().chain(given).collect();
            let _ = writeln!(self.body, "    dict({}),", all.join(", "));
        }
        self.body.push_str("])\n");
    }

    fn scheduler(&mut self, code: &str, suffix: &str, per_epoch: bool) {
        let code = code.replace("(optimizer", &format!("(optimizer{suffix}"));
        let _ = writeln!(self.body, "scheduler{suffix} = {code}");
        let list = if per_epoch { &mut self.each_epoch } else { &mut self.each_step };
        list.push(format!("scheduler{suffix}"));
    }

    /// A scheduler of PyTorch as it was written.
    fn torch(&mut self, call: &TorchCall, unit: Unit, suffix: &str) {
        self.add_classes(call);
        if call.name == "ReduceLROnPlateau" {
            let code = with_optimizer(call).replace("(optimizer", &format!("(optimizer{suffix}"));
            let _ = writeln!(self.body, "scheduler{suffix} = {code}");
            self.readings.push(format!("scheduler{suffix}.step(metric)"));
        } else {
            self.scheduler(&with_optimizer(call), suffix, unit == Unit::Epoch);
        }
    }

    /// Writes `ReduceLROnPlateau` where it does what the group's only signal does.
    fn plateau(
        &mut self,
        group: &GroupStrategy,
        spec: &ScheduleSpec,
        lr: f64,
        suffix: &str,
        horizon: Horizon,
    ) -> Result<bool, SpecError> {
        let [signal] = &group.plan.signals[..] else { return Ok(false) };
        if schedule_code::factor(spec, lr, horizon)? != "1.0" {
            return Ok(false);
        }
        let written = signal_code::write(signal, Setting { horizon, warmup: spec.warmup_steps(horizon) })?;
        let Some(code) = written.as_torch(lr) else { return Ok(false) };
        let code = code.replace("(optimizer", &format!("(optimizer{suffix}"));
        self.classes.insert("ReduceLROnPlateau".to_owned());
        let _ = writeln!(self.body, "# where the metric stays above 0, and is read once after each epoch");
        let _ = writeln!(self.body, "scheduler{suffix} = {code}");
        self.readings.push(format!("scheduler{suffix}.step(metric)"));
        Ok(true)
    }

    /// The rate as a formula, times the factors of classes that are told the metric.
    fn signals(
        &mut self,
        group: &GroupStrategy,
        spec: &ScheduleSpec,
        lr: f64,
        target: &str,
        suffix: &str,
        horizon: Horizon,
    ) -> Result<(), SpecError> {
        let factor = schedule_code::factor(spec, lr, horizon)?;
        let mut rate =
            format!("{target}[\"lr\"] = {} * {}", float_text(lr), grouped(&schedule::at(&factor, "step")));
        let setting = Setting { horizon, warmup: spec.warmup_steps(horizon) };
        let many = group.plan.signals.len() > 1;
        for (index, signal) in group.plan.signals.iter().enumerate() {
            let written = signal_code::write(signal, setting)?;
            let name =
                format!("{}{suffix}{}", signal.name, if many { format!("_{index}") } else { String::new() });
            self.definitions.extend([signal_code::WATCH, written.class()]);
            let _ = writeln!(self.body, "{name} = {}", written.constructor());
            let _ = write!(rate, " * {name}.factor");
            self.readings.push(format!("{name}.step(step, metric)"));
        }
        self.values.push(rate);
        Ok(())
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

    /// Imports and definitions that `used` needs.
    fn head(&self, used: &str) -> String {
        let mut code = String::new();
        let noisy = used.contains("noise(");
        if noisy || used.contains("math.") || !self.definitions.is_empty() {
            code.push_str("import math\n");
        }
        if used.contains("warnings.") {
            code.push_str("import warnings\n");
        }
        if used.contains("of_group(") {
            code.push_str("from fnmatch import fnmatchcase\n");
        }
        code.push_str("import torch\n");
        let (mut averaging, classes): (Vec<&str>, Vec<&str>) =
            self.classes.iter().map(String::as_str).partition(|class| *class == "SWALR");
        averaging.extend(&self.averaging);
        averaging.sort_unstable();
        for (module, classes) in [("lr_scheduler", classes), ("swa_utils", averaging)] {
            if !classes.is_empty() {
                let _ = writeln!(code, "from torch.optim.{module} import {}", classes.join(", "));
            }
        }
        if !self.own_optimizers.is_empty() {
            let classes: Vec<&str> = self.own_optimizers.iter().copied().collect();
            let _ = writeln!(code, "from {} import {}", Module::Lrlab.path(), classes.join(", "));
        }
        if used.contains("of_group(") {
            code.push_str(OF_GROUP);
        }
        if noisy {
            code.push_str(NOISE_IN_PYTHON);
        }
        // What the others are made from comes first.
        let (first, rest): (Vec<&str>, Vec<&str>) =
            self.definitions.iter().copied().partition(|text| *text == signal_code::WATCH);
        first.into_iter().chain(rest).for_each(|text| code.push_str(text));
        code
    }

    fn finish(mut self, strategy: &Strategy, horizon: Horizon) -> String {
        if !self.values.is_empty() {
            let lines = self.values.join("\n    ");
            let _ = writeln!(self.body, "\ndef set_values(step):\n    {lines}");
        }
        let training = self.training(strategy, horizon);
        let whole = format!("\n{}\n{training}", self.body);
        self.head(&whole) + &whole
    }
}

const OF_GROUP: &str = "
def of_group(index, patterns):
    fits = lambda name: next((i for i, p in enumerate(patterns) if fnmatchcase(name, p)), None)
    return [parameter for name, parameter in model.named_parameters() if fits(name) == index]
";
