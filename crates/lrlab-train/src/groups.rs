//! What a strategy asks of a task: parameters for each group, and metrics for its signals.

use lrlab_core::{
    BuiltGroup, Field, ParamGroup, Pattern, Scheduler,
    optimizer::{
        GroupState, GroupStep, Moment, Optimizer, ParamMut, ParamState, ParamStep, Point, StepContext,
    },
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

/// The parameters of a task in their groups, with the optimizers and all that these keep.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    pub(crate) built: Vec<BuiltGroup>,
    /// One for each parameter, in the order of `visit`, as are `states`.
    places: Vec<Place>,
    /// How many numbers all parameters hold.
    pub(crate) parameters: usize,
    // What training changes, from here on.
    pub(crate) fields: Fields,
    pub(crate) states: Vec<ParamState>,
    pub(crate) group_states: Vec<GroupState>,
}

/// Where a parameter belongs.
#[derive(Clone, Copy, Debug)]
struct Place {
    group: usize,
    /// Whether its group's weight decay acts on it.
    decays: bool,
}

/// The hyperparameters of all groups.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    /// As the scheduler set them.
    pub(crate) values: Vec<ParamGroup>,
    /// The same without weight decay, which [`undecay`](Self::undecay) brings up to date.
    undecayed: Vec<ParamGroup>,
}

impl Groups {
    /// Gives each parameter to the first group that fits it, makes its optimizer's slots, and keeps weight
    /// decay from what fits one of `no_decay`.
    ///
    /// # Errors
    /// A parameter that no group takes or whose optimizer refuses it; a group or a pattern that fits none.
    pub(crate) fn new(
        built: Vec<BuiltGroup>,
        no_decay: &[Pattern],
        task: &mut dyn Task,
    ) -> Result<Self, TrainError> {
        let (mut names, mut shapes, mut parameters) = (Vec::new(), Vec::new(), 0);
        task.visit(&mut |ParamMut { name, shape, value, .. }| {
            names.push(name.to_owned());
            shapes.push(shape.to_vec());
            parameters += value.len();
        });
        let refuse = |message: String| TrainError::Groups { message, names: names.join(", ") };
        let group_of = groups_of(&names, built.iter().map(|built| &built.params))?;
        if let Some(idle) = no_decay.iter().find(|mask| !names.iter().any(|name| mask.matches(name))) {
            return Err(refuse(format!("`no decay for {}` fits no parameter", idle.0)));
        }
        let decays = |name: &str| !no_decay.iter().any(|mask| mask.matches(name));
        let place = |(&group, name): (&usize, &String)| Place { group, decays: decays(name) };
        let places = group_of.iter().zip(&names).map(place).collect();
        let mut states = Vec::with_capacity(names.len());
        for ((&group, shape), name) in group_of.iter().zip(&shapes).zip(&names) {
            let BuiltGroup { params, optimizer, .. } = &built[group];
            if let Some(why) = optimizer.refuses(shape) {
                return Err(refuse(format!(
                    "group `{}` of the strategy takes parameter `{name}`: {why}",
                    params.0
                )));
            }
            states.push(ParamState::new(&**optimizer, shape));
        }
        let values: Vec<ParamGroup> = built.iter().map(|built| built.group.clone()).collect();
        let fields = Fields { undecayed: values.clone(), values };
        let group_states = built.iter().map(|built| GroupState::new(&*built.optimizer)).collect();
        Ok(Self { built, places, parameters, fields, states, group_states })
    }

    /// The group of a parameter, and the hyperparameters among `fields` that hold for it.
    pub(crate) fn of<'a>(&self, parameter: usize, fields: &'a Fields) -> (usize, &'a ParamGroup) {
        let Place { group, decays } = self.places[parameter];
        (group, if decays { &fields.values[group] } else { &fields.undecayed[group] })
    }

    /// Every group's optimizer makes its update. Gives what really multiplied the direction of each group,
    /// where that is not the learning rate of all of them.
    pub(crate) fn update(&mut self, task: &mut dyn Task) -> Vec<f64> {
        self.fields.undecay();
        self.each(task, |optimizer, context| optimizer.step(context));
        let moments = self.fields.values.iter().zip(&self.group_states);
        let effective_lr = moments.zip(&self.built).map(|((group, state), built)| {
            let at = Moment { group, t: state.t, numbers: &state.numbers };
            (built.optimizer.effective_lr(at), group.lr())
        });
        let differs = effective_lr.clone().any(|(effective, lr)| effective.to_bits() != lr.to_bits());
        let effective_lr =
            if differs { effective_lr.map(|(effective, _)| effective).collect() } else { Vec::new() };
        self.states.iter_mut().for_each(|state| state.t += 1);
        self.group_states.iter_mut().for_each(|state| state.t += 1);
        effective_lr
    }

    /// Whether any optimizer means another point as its result than the one where it trains: from its first
    /// update on, before which there is one point only.
    pub(crate) fn evaluate_elsewhere(&self) -> bool {
        let mut groups = self.built.iter().zip(&self.group_states);
        groups.any(|(built, state)| state.t > 0 && built.optimizer.evaluates_elsewhere())
    }

    /// Moves the parameters from the other point to `point`, up to rounding.
    pub(crate) fn move_to(&mut self, point: Point, task: &mut dyn Task) {
        self.fields.undecay();
        self.each(task, |optimizer, context| {
            if optimizer.evaluates_elsewhere() {
                optimizer.move_to(point, context);
            }
        });
    }

    /// Calls `f` with each group's optimizer and what it sees.
    fn each(&mut self, task: &mut dyn Task, f: impl Fn(&dyn Optimizer, &mut GroupContext<'_>)) {
        for (index, built) in self.built.iter().enumerate() {
            let mut context = GroupContext {
                task: &mut *task,
                states: &mut self.states,
                places: &self.places,
                index,
                group: &self.fields.values[index],
                undecayed: &self.fields.undecayed[index],
                state: &mut self.group_states[index],
            };
            f(&*built.optimizer, &mut context);
        }
    }
}

impl Fields {
    /// Copies the values for parameters that no weight decay acts on; allocates nothing.
    pub(crate) fn undecay(&mut self) {
        for (group, undecayed) in self.values.iter().zip(&mut self.undecayed) {
            for field in Field::ALL.into_iter().filter(|field| group.has(*field)) {
                undecayed.set(field, if field == Field::WeightDecay { 0.0 } else { group.get(field) });
            }
        }
    }
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
struct GroupContext<'a> {
    task: &'a mut dyn Task,
    states: &'a mut [ParamState],
    places: &'a [Place],
    index: usize,
    group: &'a ParamGroup,
    undecayed: &'a ParamGroup,
    state: &'a mut GroupState,
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
            let Place { group, decays } = self.places[at];
            if group != self.index {
                return;
            }
            let state = &mut self.states[at];
            let group = if decays { self.group } else { self.undecayed };
            f(ParamStep {
                name: param.name,
                shape: param.shape,
                transposed: param.transposed,
                at: Moment { group, t: state.t, numbers: &self.state.numbers },
                value: param.value,
                grad: param.grad,
                slots: &mut state.slices(),
            });
        });
    }
}
