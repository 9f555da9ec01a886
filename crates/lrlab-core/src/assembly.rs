//! From a strategy as data to what a trial works with.

use std::sync::Arc;

use crate::{
    Field, Horizon, Optimizer, ParamGroup, Pattern, Plan, Rule, Scheduler, SpecError, Strategy,
    optimizer::registry::Built,
    scheduler::torch::{TorchError, TorchPlan},
    spec::{Fault, Problem, ScheduleChoice, Unit},
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

impl Strategy {
    /// Builds the optimizers and what moves their rates, for a training of `horizon`.
    ///
    /// # Errors
    /// Whatever cannot be built, all problems of a part at once.
    pub fn build(&self, horizon: Horizon) -> Result<BuiltStrategy, SpecError> {
        let mut groups = Vec::with_capacity(self.groups.len());
        let mut schedulers: Vec<Box<dyn Scheduler>> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let Built { optimizer, group: mut values } = group.optimizer.build()?;
            values.name.clone_from(&group.params.0);
            schedulers.push(match &group.schedule {
                ScheduleChoice::Own(spec) => {
                    let rule =
                        Rule { group: Pattern::all(), field: Field::Lr, schedule: spec.build(horizon)? };
                    Box::new(Plan::new(vec![rule], vec![values.clone()]))
                }
                ScheduleChoice::Torch { call, unit } => {
                    let every = match unit {
                        Unit::Epoch => horizon.steps_per_epoch,
                        Unit::Step => 1,
                    };
                    let plan = TorchPlan::new(call.clone(), 0..1, every, std::slice::from_ref(&values));
                    Box::new(plan.map_err(|error| refused(&error))?)
                }
            });
            groups.push(BuiltGroup { params: group.params.clone(), optimizer, group: values });
        }
        Ok(BuiltStrategy { groups, scheduler: Box::new(GroupByGroup(schedulers)) })
    }
}

fn refused(error: &TorchError) -> SpecError {
    let fault = Fault::Refused { why: error.to_string() };
    SpecError::new(vec![Problem { fault, span: None, path: "schedule".to_owned() }])
}

/// One scheduler for each group, in order.
#[derive(Clone, Debug)]
struct GroupByGroup(Vec<Box<dyn Scheduler>>);

impl Scheduler for GroupByGroup {
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) {
        for (scheduler, group) in self.0.iter_mut().zip(groups) {
            scheduler.before_step(t, std::slice::from_mut(group));
        }
    }

    fn clone_box(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}
