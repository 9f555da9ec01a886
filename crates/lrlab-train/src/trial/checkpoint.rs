//! A trial to a checkpoint, and back: everything that training changes.

use std::{collections::BTreeMap, path::Path};

use lrlab_core::{
    Field, ParamGroup, TrialSpec,
    optimizer::ParamMut,
    scheduler::{
        SchedulerState,
        torch::{StateDict, StateValue, groups_state, load_groups_state},
    },
};
use serde::{Deserialize, Serialize};

use super::Trial;
use crate::{
    TrainError,
    batches::BatchesState,
    bounds::BoundsState,
    checkpoint::{CheckpointError, Draft, Identity, LogMark, Number, Saved, Tensor},
    probe::{Probes, ProbesState},
};

const STATE_FILE: &str = "state.json";
const PARAMETERS_FILE: &str = "parameters.safetensors";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const TRAINING_FILE: &str = "training.safetensors";

/// The tensor of [`TRAINING_FILE`] that holds the gradient of the step before.
const LAST_GRADIENT: &str = "last_gradient";

/// All that is no tensor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    scheduler: SchedulerState,
    /// Every field of every group, and what PyTorch's schedulers keep there.
    groups: Vec<StateDict>,
    group_clocks: Vec<GroupClock>,
    /// Updates that each parameter has had.
    parameter_clocks: Vec<u64>,
    batches: BatchesState,
    bounds: BoundsState,
    last_norm_squared: Number,
    peaks: Vec<Number>,
    /// How many weights are in each average.
    averages: Vec<u64>,
    /// `None` before the first step.
    probes: Option<ProbesState>,
    /// Of a task that keeps anything beside its parameters.
    task: serde_json::Value,
}

/// Updates that a group has had, and its optimizer's numbers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupClock {
    t: u64,
    numbers: Vec<Number>,
}

impl Trial {
    /// Writes what training has changed into `folder`, which is made, and from which a trial of the same
    /// spec goes on to the same bits on this machine.
    ///
    /// The folder is there whole or not at all, also where the machine stops meanwhile.
    ///
    /// ```
    /// use lrlab_core::{Event, TrialSpec};
    /// use lrlab_train::{Observer, TrainError, Trial};
    ///
    /// struct Losses(Vec<u64>);
    /// impl Observer for Losses {
    ///     fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
    ///         if let Event::Step(step) = event {
    ///             self.0.push(step.loss.to_bits());
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let spec: TrialSpec = serde_json::from_str(
    ///     r#"{"task": "digits model=softmax", "strategy": "adam lr=0.01 | cosine to 0", "seed": 0,
    ///         "budget": "60 steps", "measure": false}"#,
    /// )?;
    /// let folder = tempfile::tempdir()?;
    /// let (mut straight, mut resumed) = (Losses(Vec::new()), Losses(Vec::new()));
    ///
    /// let mut trial = Trial::new(&spec)?;
    /// trial.run_until(40, &mut straight)?;
    /// trial.save(&folder.path().join("after-40"))?;
    /// trial.run(&mut straight)?;
    ///
    /// Trial::load(&spec, &folder.path().join("after-40"))?.run(&mut resumed)?;
    /// assert_eq!(resumed.0, straight.0[40..]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A folder that is there already, a trial that has ended, and whatever the file system refuses; nothing
    /// is left in `folder` then.
    pub fn save(&mut self, folder: &Path) -> Result<(), CheckpointError> {
        self.save_with(folder, None)
    }

    /// A trial of `spec` that goes on from the checkpoint in `folder`.
    ///
    /// # Errors
    /// Whatever in the spec cannot be built; a checkpoint that is damaged, or not of this spec and version,
    /// with what differs.
    pub fn load(spec: &TrialSpec, folder: &Path) -> Result<Self, TrainError> {
        let mut trial = Self::new(spec)?;
        trial.restore(folder)?;
        Ok(trial)
    }

    /// Goes on from the checkpoint in `folder`: for a trial of a task or optimizers of the caller's own,
    /// which is built first, with what the saved one was built with.
    ///
    /// # Errors
    /// A checkpoint that is damaged, or not of this trial's spec, shapes and version, with what differs. The
    /// trial is then as it was, but for a disk that fails after it has given all files once.
    pub fn restore(&mut self, folder: &Path) -> Result<(), CheckpointError> {
        self.restore_from(&Saved::open(folder)?)
    }

    /// [`save`](Self::save), with how far the trial's log is.
    pub(crate) fn save_with(&mut self, folder: &Path, log: Option<LogMark>) -> Result<(), CheckpointError> {
        if self.probes.is_none() && self.t > 0 {
            return Err(CheckpointError::Ended { path: folder.to_owned(), t: self.t });
        }
        let mut draft = Draft::begin(folder)?;
        let parameters = self.parameter_tensors();
        draft.tensors(PARAMETERS_FILE, &parameters, |file| {
            self.task.visit(&mut |param| file.push(param.value));
        })?;
        draft.tensors(OPTIMIZER_FILE, &self.slot_tensors(&parameters), |file| {
            self.groups.states.iter().flat_map(|state| &state.slots).for_each(|slot| file.push(slot));
        })?;
        let vectors = self.vectors();
        let tensors: Vec<Tensor> =
            vectors.iter().map(|(name, vector)| Tensor::vector(name, vector.len())).collect();
        draft.tensors(TRAINING_FILE, &tensors, |file| {
            for (_, vector) in &vectors {
                file.push(vector);
            }
        })?;
        draft.json(STATE_FILE, &self.state())?;
        draft.finish(Identity::of(&self.spec, self.horizon), self.t, log)
    }

    pub(crate) fn restore_from(&mut self, saved: &Saved) -> Result<(), CheckpointError> {
        saved.check(&Identity::of(&self.spec, self.horizon))?;
        let (mut parameters, mut optimizer) =
            (saved.tensors(PARAMETERS_FILE)?, saved.tensors(OPTIMIZER_FILE)?);
        let training = saved.tensors(TRAINING_FILE)?;
        let wanted = self.parameter_tensors();
        let mut differences = parameters.differences("parameter", &wanted);
        differences.extend(optimizer.differences("optimizer slot", &self.slot_tensors(&wanted)));
        saved.refuse(differences)?;
        self.check_vectors(training.tensors()).map_err(|why| saved.misfit(why))?;
        let (t, state) = (saved.manifest.t, saved.json(STATE_FILE)?);
        self.take_state(t, state, training.vectors()?).map_err(|why| saved.misfit(why))?;
        // All of it fits: from here on only a disk that fails between two reads can stop it.
        let mut read = Ok(());
        self.task.visit(&mut |param| {
            if read.is_ok() {
                read = parameters.read_into(param.value);
            }
        });
        read?;
        let mut slots = self.groups.states.iter_mut().flat_map(|state| &mut state.slots);
        slots.try_for_each(|slot| optimizer.read_into(slot))
    }

    fn state(&self) -> State {
        let Self { scheduler, groups, batches, bounds, last_gradient, averages, peaks, probes, task, .. } =
            self;
        let clock = |state: &lrlab_core::optimizer::GroupState| GroupClock {
            t: state.t,
            numbers: Number::all(&state.numbers),
        };
        State {
            scheduler: scheduler.state(),
            groups: groups_state_of(&groups.fields.values),
            group_clocks: groups.group_states.iter().map(clock).collect(),
            parameter_clocks: groups.states.iter().map(|state| state.t).collect(),
            batches: batches.state(),
            bounds: bounds.state(),
            last_norm_squared: last_gradient.norm_squared.into(),
            peaks: Number::all(peaks),
            averages: averages.counts().collect(),
            probes: probes.as_ref().map(Probes::state),
            task: task.state(),
        }
    }

    /// Takes in a state, or says why it cannot and leaves the trial as it is.
    fn take_state(
        &mut self,
        t: u64,
        state: State,
        mut vectors: BTreeMap<String, Vec<f32>>,
    ) -> Result<(), String> {
        if t > self.horizon.total_steps {
            return Err(format!("{t} updates are more than the {} of the trial", self.horizon.total_steps));
        }
        let mut vector = |name: &str| vectors.remove(name).unwrap_or_default();
        let mut scheduler = self.scheduler.clone();
        scheduler.restore(&state.scheduler).map_err(|why| why.to_string())?;
        let mut fields = self.groups.fields.values.clone();
        restore_groups(&mut fields, &state.groups)?;
        same_count("group", self.groups.group_states.len(), state.group_clocks.len())?;
        for (group, clock) in self.groups.group_states.iter().zip(&state.group_clocks) {
            same_count("number of a group's optimizer", group.numbers.len(), clock.numbers.len())?;
        }
        same_count("parameter", self.groups.states.len(), state.parameter_clocks.len())?;
        same_count("peak", self.peaks.len(), state.peaks.len())?;
        let (mut batches, mut bounds) = (self.batches.clone(), self.bounds.clone());
        batches.restore(state.batches)?;
        bounds.restore(&state.bounds)?;
        let averages = self.averages.restored(&state.averages, |index| vector(&average(index)))?;
        let probes = state.probes.map(|state| {
            let mut probes = Probes::new(self);
            probes.restore(&state, Probes::VECTORS.map(|name| vector(&probe(name))));
            probes
        });
        self.task.restore(&state.task).map_err(|why| why.to_string())?;

        (self.t, self.scheduler, self.batches, self.bounds) = (t, scheduler, batches, bounds);
        (self.averages, self.probes, self.peaks) = (averages, probes, Number::values(&state.peaks));
        self.last_gradient.norm_squared = state.last_norm_squared.into();
        self.last_gradient.gradient = vector(LAST_GRADIENT);
        let groups = &mut self.groups;
        groups.fields.values = fields;
        for (group, clock) in groups.group_states.iter_mut().zip(&state.group_clocks) {
            (group.t, group.numbers) = (clock.t, Number::values(&clock.numbers));
        }
        groups.states.iter_mut().zip(&state.parameter_clocks).for_each(|(state, t)| state.t = *t);
        Ok(())
    }

    /// Names and shapes of the parameters.
    fn parameter_tensors(&mut self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        self.task.visit(&mut |ParamMut { name, shape, .. }| {
            tensors.push(Tensor { name: name.to_owned(), shape: shape.to_vec() });
        });
        tensors
    }

    /// Names and shapes of what optimizers keep, parameter by parameter.
    fn slot_tensors(&self, parameters: &[Tensor]) -> Vec<Tensor> {
        let of_one = |(index, parameter): (usize, &Tensor)| {
            let (group, _) = self.groups.of(index, &self.groups.fields);
            let slots = self.groups.built[group].optimizer.slots(&parameter.shape);
            let owner = parameter.name.clone();
            slots
                .into_iter()
                .map(move |slot| Tensor { name: format!("{owner}/{}", slot.name), shape: slot.shape })
        };
        parameters.iter().enumerate().flat_map(of_one).collect()
    }

    /// What is remembered in vectors as long as all parameters together; none that is empty.
    fn vectors(&self) -> Vec<(String, &[f32])> {
        let mut vectors = vec![(LAST_GRADIENT.to_owned(), &self.last_gradient.gradient[..])];
        vectors.extend(self.averages.weights().enumerate().map(|(index, weights)| (average(index), weights)));
        let probes = self.probes.iter().flat_map(Probes::vectors);
        vectors.extend(probes.map(|(name, vector)| (probe(name), vector)));
        vectors.retain(|(_, vector)| !vector.is_empty());
        vectors
    }

    /// Refuses vectors that have no place here.
    fn check_vectors(&self, tensors: &[Tensor]) -> Result<(), String> {
        let averages = 0..self.averages.counts().count();
        let mut known = vec![LAST_GRADIENT.to_owned()];
        known.extend(averages.map(average));
        known.extend(Probes::VECTORS.map(probe));
        for tensor in tensors {
            if !known.contains(&tensor.name) {
                return Err(format!("it remembers {}, which this trial does not", tensor.name));
            }
            if tensor.shape != [self.groups.parameters] {
                return Err(format!(
                    "{} has the shape {:?}, expected one number for each of {} parameters",
                    tensor.name, tensor.shape, self.groups.parameters
                ));
            }
        }
        Ok(())
    }
}

/// The name of an average's tensor.
fn average(index: usize) -> String {
    format!("average/{index}")
}

/// The name of the tensor of a vector that probes remember.
fn probe(name: &str) -> String {
    format!("probe/{name}")
}

fn same_count(what: &str, here: usize, there: usize) -> Result<(), String> {
    if here == there {
        Ok(())
    } else {
        Err(format!("it holds {there} of each {what}, this trial has {here}"))
    }
}

/// What PyTorch would keep of the groups, and beside it every field under lrlab's own name.
fn groups_state_of(groups: &[ParamGroup]) -> Vec<StateDict> {
    let mut states = groups_state(groups);
    for (state, group) in states.iter_mut().zip(groups) {
        for field in Field::ALL.into_iter().filter(|field| group.has(*field)) {
            state.insert(field.name(), StateValue::Number(group.get(field)));
        }
    }
    states
}

fn restore_groups(groups: &mut [ParamGroup], states: &[StateDict]) -> Result<(), String> {
    load_groups_state(groups, states).map_err(|why| why.to_string())?;
    for (group, state) in groups.iter_mut().zip(states) {
        for field in Field::ALL {
            match (group.has(field), state.get(field.name()).map(StateValue::number)) {
                (true, Some(Some(value))) => group.set(field, value),
                (false, None) => {}
                _ => {
                    return Err(format!(
                        "{} of group `{}` is not what it has here",
                        field.name(),
                        group.name
                    ));
                }
            }
        }
    }
    Ok(())
}
