//! From a strategy as data to what a trial works with.

use std::sync::Arc;

use crate::{
    AfterEnd, Field, Horizon, Optimizer, ParamGroup, Pattern, Plan, PlanError, Rule, Schedule, ScheduleSpec,
    Scheduler, SpecError, Strategy,
    optimizer::registry::{self as optimizers, Built},
    registry::same_name,
    scheduler::{SchedulerState, torch::TorchPlan},
    signal::{Setting, Signal},
    spec::{Fault, GroupStrategy, Problem, ScheduleChoice, Unit},
};

/// A strategy, built for a horizon.
#[derive(Clone, Debug)]
pub struct BuiltStrategy {
    /// Its groups, in order.
    pub groups: Vec<BuiltGroup>,
    /// What moves their fields, for a slice of [`ParamGroup`]s in the same order.
    pub scheduler: Box<dyn Scheduler>,
}

/// One group of a built strategy.
#[derive(Clone, Debug)]
pub struct BuiltGroup {
    /// Which parameters it takes.
    pub params: Pattern,
    /// What updates them.
    pub optimizer: Arc<dyn Optimizer>,
    /// Its hyperparameters at the start.
    pub group: ParamGroup,
}

impl BuiltStrategy {
    /// A strategy out of code: one group with all parameters, updated by `optimizer` at rates that
    /// `schedule` makes of `lr`. The group has no other fields than the rate.
    pub fn of(optimizer: impl Optimizer + 'static, schedule: Arc<dyn Schedule>, lr: f64) -> Self {
        let group = ParamGroup::new(Pattern::all().0).with(Field::Lr, lr);
        let rule = Rule { group: Pattern::all(), field: Field::Lr, schedule };
        let scheduler = Plan::new(vec![rule], vec![group.clone()]);
        let only = BuiltGroup { params: Pattern::all(), optimizer: Arc::new(optimizer), group };
        Self { groups: vec![only], scheduler: Box::new(scheduler) }
    }
}

impl Strategy {
    /// Builds the optimizers and what moves their rates, for a training of `horizon`.
    ///
    /// # Errors
    /// Whatever cannot be built, all problems of a part at once; a strategy that was recorded.
    pub fn build(&self, horizon: Horizon) -> Result<BuiltStrategy, SpecError> {
        self.check_buildable()?;
        let mut groups = Vec::with_capacity(self.groups.len());
        let mut schedulers: Vec<Box<dyn Scheduler>> = Vec::with_capacity(self.groups.len());
        for (index, group) in self.groups.iter().enumerate() {
            let Built { mut optimizer, group: mut values } = group.optimizer.build()?;
            values.name.clone_from(&group.params.0);
            let path = if self.groups.len() == 1 { String::new() } else { format!("groups[{index}]") };
            let part = Part { group, values: &values, horizon, path };
            let scheduler = part.scheduler(self.after_end)?;
            if scheduler.writes(Field::Momentum) && values.get(Field::Momentum) == 0.0 {
                optimizer = group.optimizer.with_momentum_to_come().build()?.optimizer;
            }
            schedulers.push(scheduler);
            groups.push(BuiltGroup { params: group.params.clone(), optimizer, group: values });
        }
        Ok(BuiltStrategy { groups, scheduler: Box::new(GroupByGroup(schedulers)) })
    }
}

/// A group whose plan is being built.
struct Part<'a> {
    group: &'a GroupStrategy,
    values: &'a ParamGroup,
    horizon: Horizon,
    path: String,
}

impl Part<'_> {
    fn refuse(&self, key: &str, why: impl Into<String>) -> SpecError {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        SpecError::new(vec![Problem { fault: Fault::refused(why), span: None, path }])
    }

    fn scheduler(&self, after_end: AfterEnd) -> Result<Box<dyn Scheduler>, SpecError> {
        let plan = &self.group.plan;
        match &plan.schedule {
            ScheduleChoice::Own(spec) => {
                let mut rules = vec![self.rule(Field::Lr, spec)?];
                for (field, spec) in &plan.fields {
                    rules.push(self.rule(*field, spec)?);
                }
                let signals = self.signals(spec)?;
                let plan = Plan::new(rules, vec![self.values.clone()]).with_signals(signals);
                Ok(Box::new(plan.ending(self.horizon.total_steps, after_end)))
            }
            ScheduleChoice::Torch { call, unit } => {
                if !plan.fields.is_empty() || !plan.signals.is_empty() {
                    let why = "PyTorch's recursion (`torch ...`) stands alone: its classes move momentum and \
                               react to metrics themselves";
                    return Err(self.refuse("schedule", why));
                }
                let every = match unit {
                    Unit::Epoch => self.horizon.steps_per_epoch,
                    Unit::Step => 1,
                };
                let plan = TorchPlan::new(call.clone(), 0..1, every, std::slice::from_ref(self.values));
                plan.map(|plan| Box::new(plan) as Box<dyn Scheduler>)
                    .map_err(|error| self.refuse("schedule", error.to_string()))
            }
        }
    }

    /// The schedule of a field, once its values are known to be such as the optimizer takes.
    fn rule(&self, field: Field, spec: &ScheduleSpec) -> Result<Rule, SpecError> {
        let schedule = spec.build(self.horizon)?;
        let rule = Rule { group: Pattern::all(), field, schedule };
        if field == Field::Lr {
            let base = self.values.lr();
            // Factors stay below 1e30, so only a rate that is out of all bounds itself can leave the numbers.
            if base > LARGEST_RATE {
                let why = format!("the learning rate is {base:e}, expected no more than {LARGEST_RATE:e}");
                return Err(self.refuse("optimizer.lr", why));
            }
            return Ok(rule);
        }
        let optimizer = &self.group.optimizer;
        let params = optimizers::find(optimizer.name).map_or(&[][..], |entry| entry.params);
        let key = format!("fields.{}", field.name());
        let Some(param) = params.iter().find(|param| same_name(param.name, field.name())) else {
            let fields = Field::ALL.map(Field::name);
            let known = params.iter().map(|param| param.name).filter(|name| fields.contains(name));
            let known: Vec<&str> = known.collect();
            let why = format!("{} has no {}, only {}", optimizer.name, field.name(), known.join(", "));
            return Err(self.refuse(&key, why));
        };
        let (base, last) = (self.values.get(field), self.horizon.total_steps);
        let looks = LOOKS.min(last);
        let times = (0..=looks).map(|k| (u128::from(last) * u128::from(k) / u128::from(looks.max(1))) as u64);
        let values = times.map(|t| (t, rule.schedule.value_at(t, base)));
        match values.into_iter().find(|(_, value)| !param.range.contains(*value)) {
            None => Ok(rule),
            Some((t, value)) => {
                let allowed = param.range.describe();
                Err(self.refuse(&key, format!("would be {value} at step {t}, expected {allowed}")))
            }
        }
    }

    fn signals(&self, schedule: &ScheduleSpec) -> Result<Vec<Box<dyn Signal>>, SpecError> {
        let setting = Setting { horizon: self.horizon, warmup: schedule.warmup_steps(self.horizon) };
        let mut signals = Vec::with_capacity(self.group.plan.signals.len());
        let mut problems = Vec::new();
        for (index, spec) in self.group.plan.signals.iter().enumerate() {
            match spec.build(setting) {
                Ok(signal) => signals.push(signal),
                Err(faults) => {
                    let path = format!("signals[{index}]");
                    problems.extend(faults.into_iter().map(|fault| Problem::of(path.clone(), fault)));
                }
            }
        }
        if problems.is_empty() { Ok(signals) } else { Err(SpecError::new(problems)) }
    }
}

/// Rates above this leave the numbers when a schedule multiplies them.
const LARGEST_RATE: f64 = 1e30;

/// At how many times the values of a field are held against what its optimizer takes.
const LOOKS: u64 = 4096;

/// One scheduler for each group, in order.
#[derive(Clone, Debug)]
struct GroupByGroup(Vec<Box<dyn Scheduler>>);

impl Scheduler for GroupByGroup {
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) -> Result<(), PlanError> {
        let mut pairs = self.0.iter_mut().zip(groups);
        pairs.try_for_each(|(scheduler, group)| scheduler.before_step(t, std::slice::from_mut(group)))
    }

    fn on_metric(
        &mut self,
        t: u64,
        name: &str,
        value: f64,
        groups: &mut [ParamGroup],
    ) -> Result<(), PlanError> {
        let mut pairs = self.0.iter_mut().zip(groups);
        pairs.try_for_each(|(part, group)| part.on_metric(t, name, value, std::slice::from_mut(group)))
    }

    fn writes(&self, field: Field) -> bool {
        self.0.iter().any(|scheduler| scheduler.writes(field))
    }

    fn unheard(&self, names: &[&str]) -> Option<String> {
        self.0.iter().find_map(|scheduler| scheduler.unheard(names))
    }

    fn rehearse(&self, updates: u64) -> Result<(), PlanError> {
        self.0.iter().try_for_each(|scheduler| scheduler.rehearse(updates))
    }

    fn state(&self) -> SchedulerState {
        SchedulerState::Groups(self.0.iter().map(|scheduler| scheduler.state()).collect())
    }

    fn restore(&mut self, state: &SchedulerState) -> Result<(), PlanError> {
        match state {
            SchedulerState::Groups(states) if states.len() == self.0.len() => {
                let mut restored = self.0.clone();
                restored
                    .iter_mut()
                    .zip(states)
                    .try_for_each(|(scheduler, state)| scheduler.restore(state))?;
                self.0 = restored;
                Ok(())
            }
            _ => Err(PlanError::State { wanted: format!("schedulers of {} groups", self.0.len()) }),
        }
    }

    fn warning(&mut self, t: u64) -> Option<String> {
        self.0.iter_mut().filter_map(|scheduler| scheduler.warning(t)).last()
    }

    fn clone_box(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}
