//! From a strategy as data to what a trial works with.

use std::sync::Arc;

use crate::{
    Field, Horizon, Optimizer, ParamGroup, Pattern, Plan, PlanError, Rule, Schedule, Scheduler, SpecError,
    Strategy, built_plan::Part, optimizer::registry::Built, scheduler::SchedulerState,
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
            let part = Part {
                plan: &group.plan,
                groups: std::slice::from_ref(&values),
                optimizer: Some(&group.optimizer),
                horizon,
                path,
            };
            let scheduler = part.build()?.ending(horizon.total_steps, self.after_end).into_scheduler();
            if scheduler.writes(Field::Momentum) && values.get(Field::Momentum) == 0.0 {
                optimizer = group.optimizer.with_momentum_to_come().build()?.optimizer;
            }
            schedulers.push(scheduler);
            groups.push(BuiltGroup { params: group.params.clone(), optimizer, group: values });
        }
        Ok(BuiltStrategy { groups, scheduler: Box::new(GroupByGroup(schedulers)) })
    }
}

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
