//! From a plan as data to what moves the fields of groups: those of a strategy, or those that an
//! optimizer outside of lrlab holds.

use std::borrow::Cow;

use crate::{
    AfterEnd, Field, Horizon, OptimizerSpec, ParamGroup, Pattern, Plan, Rule, ScheduleSpec, Scheduler,
    SpecError,
    optimizer::registry::{self as optimizers, OPTIMIZERS},
    registry::{Range, same_name},
    scheduler::torch::TorchPlan,
    signal::{Setting, Signal},
    spec::{Fault, PlanSpec, Problem, ScheduleChoice, SignalSpec, Unit},
};

/// A plan, built for groups and a horizon.
#[derive(Clone, Debug)]
pub enum BuiltPlan {
    /// In lrlab's own meaning: random access.
    Own(Plan),
    /// PyTorch's recursion on the groups' present values.
    Torch(Box<TorchPlan>),
}

impl BuiltPlan {
    /// The same plan, over after `total` updates; PyTorch's recursions know no end.
    pub fn ending(self, total: u64, policy: AfterEnd) -> Self {
        match self {
            Self::Own(plan) => Self::Own(plan.ending(total, policy)),
            torch @ Self::Torch(_) => torch,
        }
    }

    /// What sets the values, for a slice of the groups that it was built for.
    pub fn scheduler(&mut self) -> &mut dyn Scheduler {
        match self {
            Self::Own(plan) => plan,
            Self::Torch(plan) => &mut **plan,
        }
    }

    /// The same, as its own.
    pub fn into_scheduler(self) -> Box<dyn Scheduler> {
        match self {
            Self::Own(plan) => Box::new(plan),
            Self::Torch(plan) => plan,
        }
    }
}

impl PlanSpec {
    /// The plan for `groups`, whose values now are those that schedules start from, whatever updates
    /// their parameters.
    ///
    /// ```
    /// use lrlab_core::{Field, Horizon, ParamGroup, spec::PlanSpec};
    ///
    /// let plan: PlanSpec = "linear to 0 | momentum: linear to 50%".parse()?;
    /// let mut groups = [ParamGroup::new("all").with(Field::Lr, 0.1).with(Field::Momentum, 0.8)];
    /// let mut built = plan.build(&groups, Horizon::new(100, 10))?;
    /// built.scheduler().before_step(50, &mut groups).unwrap();
    /// assert_eq!((groups[0].lr(), groups[0].get(Field::Momentum)), (0.05, 0.6000000000000001));
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// A field that a group lacks, or values that no optimizer takes; all that is wrong with a schedule.
    pub fn build(&self, groups: &[ParamGroup], horizon: Horizon) -> Result<BuiltPlan, SpecError> {
        Part { plan: self, groups, optimizer: None, horizon, path: String::new() }.build()
    }
}

/// A plan that is being built.
pub(crate) struct Part<'a> {
    pub(crate) plan: &'a PlanSpec,
    pub(crate) groups: &'a [ParamGroup],
    /// What updates the groups, where it is known.
    pub(crate) optimizer: Option<&'a OptimizerSpec>,
    pub(crate) horizon: Horizon,
    /// Where the plan stands in its strategy.
    pub(crate) path: String,
}

impl Part<'_> {
    fn refuse(&self, key: &str, why: impl Into<String>) -> SpecError {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        SpecError::new(vec![Problem { fault: Fault::refused(why), span: None, path }])
    }

    pub(crate) fn build(&self) -> Result<BuiltPlan, SpecError> {
        let plan = self.plan;
        match &plan.schedule {
            ScheduleChoice::Own(spec) => {
                let mut rules = vec![self.rule(Field::Lr, spec)?];
                for (field, spec) in &plan.fields {
                    rules.push(self.rule(*field, spec)?);
                }
                let signals = self.signals(spec)?;
                Ok(BuiltPlan::Own(Plan::new(rules, self.groups.to_vec()).with_signals(signals)))
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
                let plan = TorchPlan::new(call.clone(), 0..self.groups.len(), every, self.groups);
                plan.map(|plan| BuiltPlan::Torch(Box::new(plan)))
                    .map_err(|error| self.refuse("schedule", error.to_string()))
            }
        }
    }

    /// The schedule of a field, once its values are known to be such as an optimizer takes.
    fn rule(&self, field: Field, spec: &ScheduleSpec) -> Result<Rule, SpecError> {
        let rule = Rule { group: Pattern::all(), field, schedule: spec.build(self.horizon)? };
        for group in self.groups {
            self.check(group, &rule)?;
        }
        Ok(rule)
    }

    fn check(&self, group: &ParamGroup, rule: &Rule) -> Result<(), SpecError> {
        let field = rule.field;
        let base = group.get(field);
        if field == Field::Lr {
            // Factors stay below 1e30, so only a rate that is out of all bounds itself can leave the numbers.
            if base > LARGEST_RATE {
                let why = format!("the learning rate is {base:e}, expected no more than {LARGEST_RATE:e}");
                return Err(self.refuse("optimizer.lr", why));
            }
            return Ok(());
        }
        let key = format!("fields.{}", field.name());
        let range = self.range(group, field).map_err(|why| self.refuse(&key, why))?;
        let last = self.horizon.total_steps;
        let looks = LOOKS.min(last);
        let times = (0..=looks).map(|k| (u128::from(last) * u128::from(k) / u128::from(looks.max(1))) as u64);
        let mut values = times.map(|t| (t, rule.schedule.value_at(t, base)));
        match values.find(|(_, value)| !range.contains(*value)) {
            None => Ok(()),
            Some((t, value)) => {
                let allowed = range.describe();
                Err(self.refuse(&key, format!("would be {value} at step {t}, expected {allowed}")))
            }
        }
    }

    /// What values `field` may have, or why the group has no such field.
    fn range(&self, group: &ParamGroup, field: Field) -> Result<Range, String> {
        let Some(optimizer) = self.optimizer else {
            let mut known = OPTIMIZERS.iter().flat_map(|entry| entry.params);
            return match known.find(|param| same_name(param.name, field.name())) {
                Some(param) if group.has(field) => Ok(param.range),
                _ => {
                    let has: Vec<&str> =
                        Field::ALL.into_iter().filter(|field| group.has(*field)).map(Field::name).collect();
                    Err(format!("group `{}` has no {}, only {}", group.name, field.name(), has.join(", ")))
                }
            };
        };
        let params = optimizers::find(optimizer.name).map_or(&[][..], |entry| entry.params);
        params.iter().find(|param| same_name(param.name, field.name())).map(|param| param.range).ok_or_else(
            || {
                let fields = Field::ALL.map(Field::name);
                let known = params.iter().map(|param| param.name).filter(|name| fields.contains(name));
                let known: Vec<&str> = known.collect();
                format!("{} has no {}, only {}", optimizer.name, field.name(), known.join(", "))
            },
        )
    }

    fn signals(&self, schedule: &ScheduleSpec) -> Result<Vec<Box<dyn Signal>>, SpecError> {
        let setting = Setting { horizon: self.horizon, warmup: schedule.warmup_steps(self.horizon) };
        let mut signals = Vec::with_capacity(self.plan.signals.len());
        let mut problems = Vec::new();
        for (index, spec) in self.plan.signals.iter().enumerate() {
            match self.with_shares(spec).and_then(|spec| spec.build(setting)) {
                Ok(signal) => signals.push(signal),
                Err(faults) => {
                    let path = format!("signals[{index}]");
                    problems.extend(faults.into_iter().map(|fault| Problem::of(path.clone(), fault)));
                }
            }
        }
        if problems.is_empty() { Ok(signals) } else { Err(SpecError::new(problems)) }
    }

    /// The signal with bounds that are rates as shares of the groups' own, where all groups have the same.
    fn with_shares<'a>(&self, spec: &'a SignalSpec) -> Result<Cow<'a, SignalSpec>, Vec<Fault>> {
        let (None, [first, rest @ ..]) = (self.optimizer, self.groups) else {
            return Ok(Cow::Borrowed(spec));
        };
        if rest.iter().any(|group| group.lr() != first.lr()) {
            return Ok(Cow::Borrowed(spec));
        }
        let mut spec = spec.clone();
        spec.bounds_as_shares_of(first.lr()).map_err(|fault| vec![fault])?;
        Ok(Cow::Owned(spec))
    }
}

/// Rates above this leave the numbers when a schedule multiplies them.
const LARGEST_RATE: f64 = 1e30;

/// At how many times the values of a field are held against what its optimizer takes.
const LOOKS: u64 = 4096;
