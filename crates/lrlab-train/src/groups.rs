//! What a strategy asks of a task: parameters for each group, and metrics for its signals.

use lrlab_core::{
    BuiltGroup, ParamGroup, Pattern, Scheduler,
    optimizer::{GroupState, GroupStep, Moment, ParamMut, ParamState, ParamStep, StepContext},
};

use crate::{Task, TrainError};

/// Makes sure that whatever waits for a metric will hear one.
pub(crate) fn check_metrics(task: &mut dyn Task, scheduler: &dyn Scheduler) -> Result<(), TrainError> {
    // Most wait for none: then nothing has to be measured.
    if scheduler.unheard(&[]).is_none() {
        return Ok(());
    }
    let metrics: Vec<&str> = task.validate()?.into_iter().map(|(name, _)| name).collect();
    match scheduler.unheard(&metrics) {
        None => Ok(()),
        Some(signal) => Err(TrainError::Metric { signal, metrics: metrics.join(", ") }),
    }
}

/// Gives each parameter to the first group that fits it, and makes its optimizer's slots.
pub(crate) fn assign(
    task: &mut dyn Task,
    built: &[BuiltGroup],
) -> Result<(Vec<usize>, Vec<ParamState>, usize), TrainError> {
    let (mut names, mut shapes, mut size) = (Vec::new(), Vec::new(), 0);
    task.visit(&mut |ParamMut { name, shape, value, .. }| {
        names.push(name.to_owned());
        shapes.push(shape.to_vec());
        size += value.len();
    });
    let group_of = groups_of(&names, built.iter().map(|built| &built.params))?;
    let mut states = Vec::with_capacity(names.len());
    for ((&group, shape), name) in group_of.iter().zip(&shapes).zip(&names) {
        let BuiltGroup { params, optimizer, .. } = &built[group];
        if let Some(why) = optimizer.refuses(shape) {
            let message = format!("group `{}` of the strategy takes parameter `{name}`: {why}", params.0);
            return Err(TrainError::Groups { message, names: names.join(", ") });
        }
        states.push(ParamState::new(&**optimizer, shape));
    }
    Ok((group_of, states, size))
}

/// The group of each parameter, of which the first that fits its name takes it.
///
/// # Errors
/// A parameter that no group takes, and a group that takes none.
pub fn groups_of<'a>(
    names: &[String],
    groups: impl Iterator<Item = &'a Pattern>,
) -> Result<Vec<usize>, TrainError> {
    let refuse = |message: String| TrainError::Groups { message, names: names.join(", ") };
    let groups: Vec<&Pattern> = groups.collect();
    let group = |name: &String| {
        let group = groups.iter().position(|pattern| pattern.matches(name));
        group.ok_or_else(|| refuse(format!("no group of the strategy takes parameter `{name}`")))
    };
    let group_of = names.iter().map(group).collect::<Result<Vec<usize>, TrainError>>()?;
    if let Some(idle) = (0..groups.len()).find(|index| !group_of.contains(index)) {
        return Err(refuse(format!("group `{}` of the strategy takes no parameter", groups[idle].0)));
    }
    Ok(group_of)
}

/// The parameters of one group, for its optimizer.
pub(crate) struct GroupContext<'a> {
    pub(crate) task: &'a mut dyn Task,
    pub(crate) states: &'a mut [ParamState],
    pub(crate) group_of: &'a [usize],
    pub(crate) index: usize,
    pub(crate) group: &'a ParamGroup,
    pub(crate) state: &'a mut GroupState,
}

impl StepContext for GroupContext<'_> {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut *self.state;
        GroupStep { group: self.group, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        let mut next = 0;
        self.task.visit(&mut |param| {
            let at = next;
            next += 1;
            if self.group_of[at] != self.index {
                return;
            }
            let state = &mut self.states[at];
            f(ParamStep {
                name: param.name,
                shape: param.shape,
                at: Moment { group: self.group, t: state.t, numbers: &self.state.numbers },
                value: param.value,
                grad: param.grad,
                slots: &mut state.slices(),
            });
        });
    }
}
