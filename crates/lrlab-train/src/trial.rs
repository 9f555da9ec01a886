//! A trial and the one training loop.

use lrlab_core::{
    BuiltGroup, BuiltStrategy, Event, Horizon, Outcome, ParamGroup, Scheduler, SpecError, TrialSpec,
    event::{Metric, Started, Step, Validated},
    optimizer::{GroupState, GroupStep, Moment, ParamState, clip},
    spec::Clip,
    vector,
};

use crate::{
    Batch, Task, TrainError,
    batches::Batches,
    bounds::Bounds,
    groups::{self, GroupContext, assign},
    horizon,
    probe::Probes,
    task::{self, TaskError},
};

/// Receives a trial's events. Observers cannot change training.
pub trait Observer {
    /// Called once for each event, in order.
    ///
    /// # Errors
    /// An observer that can no longer do its work (a full disk) ends the trial with its error.
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError>;

    /// Asked between steps; `true` ends the trial as [`Outcome::Stopped`].
    fn wants_stop(&self) -> bool {
        false
    }
}

/// Parameters are written into each step's event up to this many.
pub const LOGGED_PARAMETERS: usize = 3;

/// A strategy at work on a task with a seed.
#[derive(Clone, Debug)]
pub struct Trial {
    spec: TrialSpec,
    horizon: Horizon,
    task: Box<dyn Task>,
    groups: Vec<ParamGroup>,
    built: Vec<BuiltGroup>,
    scheduler: Box<dyn Scheduler>,
    states: Vec<ParamState>,
    group_states: Vec<GroupState>,
    /// The group of each parameter.
    group_of: Vec<usize>,
    batches: Batches,
    full_batch: bool,
    parameters: usize,
    t: u64,
    bounds: Bounds,
    previous_gradient: Vec<f32>,
    previous_norm_squared: f64,
    /// The highest rate of each group so far.
    peaks: Vec<f64>,
    rate: RateChange,
    /// What measures while it trains; `None` before the first step.
    probes: Option<Probes>,
}

/// What a branch does with the run's rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateChange {
    /// Nothing: this is the run itself.
    None,
    /// Half of each.
    Half,
    /// The larger of twice the present rate and the highest one so far.
    Raised,
}

impl Trial {
    /// A trial of `spec` on the task that the registry knows by its name.
    ///
    /// # Errors
    /// Whatever in the spec cannot be built, with what is allowed.
    pub fn new(spec: &TrialSpec) -> Result<Self, TrainError> {
        Self::with_task(spec, task::build(&spec.task, spec.seed)?)
    }

    /// A trial of `spec` on a task of the caller's own.
    ///
    /// # Errors
    /// Whatever in the spec cannot be built, with what is allowed.
    pub fn with_task(spec: &TrialSpec, task: Box<dyn Task>) -> Result<Self, TrainError> {
        Self::with_strategy(spec, task, &|horizon| spec.strategy.build(horizon))
    }

    /// A trial of optimizers and schedules of the caller's own, built for the trial's horizon. The strategy
    /// of `spec` stands in for them where the trial is written down; its clipping holds.
    ///
    /// # Errors
    /// Whatever cannot be built, with what is allowed.
    pub fn with_strategy(
        spec: &TrialSpec,
        mut task: Box<dyn Task>,
        build: &dyn Fn(Horizon) -> Result<BuiltStrategy, SpecError>,
    ) -> Result<Self, TrainError> {
        let (batch_size, horizon) = horizon::shape(&*task, spec.budget, spec.batch_size)?;
        let supply = task.supply();
        let built = build(horizon)?;
        built.scheduler.rehearse(horizon.total_steps)?;
        groups::check_metrics(&mut *task, &*built.scheduler)?;
        let groups: Vec<ParamGroup> = built.groups.iter().map(|b| b.group.clone()).collect();
        let (group_of, states, parameters) = assign(&mut *task, &built.groups)?;
        Ok(Self {
            spec: spec.clone(),
            horizon,
            full_batch: matches!(supply, task::Supply::Rows(rows) if rows == batch_size),
            batches: Batches::new(supply, batch_size, spec.seed),
            task,
            peaks: vec![0.0; groups.len()],
            groups,
            group_states: built.groups.iter().map(|b| GroupState::new(&*b.optimizer)).collect(),
            built: built.groups,
            scheduler: built.scheduler,
            states,
            group_of,
            parameters,
            t: 0,
            bounds: Bounds::new(spec.stop),
            previous_gradient: Vec::new(),
            previous_norm_squared: 0.0,
            rate: RateChange::None,
            probes: None,
        })
    }

    /// Total steps, and steps in an epoch.
    pub fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// Trains to the end of the budget and tells `observer` of everything.
    ///
    /// # Errors
    /// A task or an observer that cannot go on. A loss out of bounds is no error: it is
    /// [`Outcome::Diverged`].
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
        Ok(self.run_until(self.horizon.total_steps, observer)?.unwrap_or(Outcome::Completed))
    }

    /// Trains until `until` updates are made, or to the end if that comes first, and tells `observer`
    /// of everything since the last call. `None` for a trial that can go on.
    ///
    /// Pauses leave no trace: the events are those of a trial that was never interrupted.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_until(
        &mut self,
        until: u64,
        observer: &mut dyn Observer,
    ) -> Result<Option<Outcome>, TrainError> {
        let mut probes = if let Some(probes) = self.probes.take() {
            probes
        } else {
            observer.on_event(&Event::Started(Box::new(self.started()?)))?;
            Probes::new(self)
        };
        let outcome = loop {
            if self.t == until && until < self.horizon.total_steps {
                self.probes = Some(probes);
                return Ok(None);
            }
            probes.before_step(self, observer)?;
            if self.t == self.horizon.total_steps {
                break Outcome::Completed;
            }
            if observer.wants_stop() {
                break Outcome::Stopped;
            }
            let step = self.step()?;
            let (t, loss) = (step.t, step.loss);
            observer.on_event(&Event::Step(step))?;
            if let Some(outcome) = self.bounds.end(t, loss) {
                break outcome;
            }
            if self.t.is_multiple_of(self.horizon.steps_per_epoch) || self.t == self.horizon.total_steps {
                let validated = self.validate()?;
                self.react(&validated)?;
                observer.on_event(&Event::Validated(validated))?;
            }
        };
        observer.on_event(&Event::Finished { outcome: outcome.clone() })?;
        Ok(Some(outcome))
    }

    /// Makes one update and tells what it saw before it.
    fn step(&mut self) -> Result<Step, TrainError> {
        self.scheduler.before_step(self.t, &mut self.groups)?;
        for (group, peak) in self.groups.iter_mut().zip(&mut self.peaks) {
            let lr = group.lr();
            *peak = peak.max(lr);
            match self.rate {
                RateChange::None => {}
                RateChange::Half => group.set(lrlab_core::Field::Lr, lr / 2.0),
                RateChange::Raised => group.set(lrlab_core::Field::Lr, peak.max(2.0 * lr)),
            }
        }
        let loss = self.task.gradients(Batch::Rows(self.batches.deal()))?;
        let (grad_norm, turn) = self.compare_gradients();
        let mut step = Step {
            t: self.t,
            loss,
            lr: self.groups.iter().map(ParamGroup::lr).collect(),
            grad_norm: Some(grad_norm),
            turn,
            ..Step::default()
        };
        if self.parameters <= LOGGED_PARAMETERS {
            self.task.visit(&mut |param| step.at.extend_from_slice(param.value));
        }
        if self.bounds.hold(loss) {
            step.clipped = match self.spec.strategy.clip {
                None => false,
                Some(Clip::Norm(max)) => clip::by_norm(&mut *self.task, max).clipped,
                Some(Clip::Value(max)) => clip::by_value(&mut *self.task, max),
            };
            self.update();
        }
        self.t += 1;
        Ok(step)
    }

    /// Every group's optimizer makes its update.
    fn update(&mut self) {
        for (index, built) in self.built.iter().enumerate() {
            let mut context = GroupContext {
                task: &mut *self.task,
                states: &mut self.states,
                group_of: &self.group_of,
                index,
                group: &self.groups[index],
                state: &mut self.group_states[index],
            };
            built.optimizer.step(&mut context);
        }
        self.states.iter_mut().for_each(|state| state.t += 1);
        self.group_states.iter_mut().for_each(|state| state.t += 1);
    }

    /// Norm of this gradient, and the cosine of its angle with the one before.
    fn compare_gradients(&mut self) -> (f64, Option<f64>) {
        let first = self.previous_gradient.is_empty();
        let (mut dot, mut norm_squared, mut start) = (0.0, 0.0, 0);
        let previous = &mut self.previous_gradient;
        self.task.visit_gradients(&mut |gradient| {
            let end = start + gradient.len();
            if first {
                norm_squared += vector::norm_squared(gradient);
                previous.extend_from_slice(gradient);
            } else {
                let both = vector::dot_and_norm(gradient, &previous[start..end]);
                dot += both.dot;
                norm_squared += both.norm_squared;
                previous[start..end].copy_from_slice(gradient);
            }
            start = end;
        });
        let scale = (norm_squared * self.previous_norm_squared).sqrt();
        let turn = (!first && scale > 0.0 && scale.is_finite()).then(|| dot / scale);
        self.previous_norm_squared = norm_squared;
        (norm_squared.sqrt(), turn)
    }

    fn validate(&mut self) -> Result<Validated, TaskError> {
        let metrics = self.task.validate()?;
        let metrics = metrics.into_iter().map(|(name, value)| (name.to_owned(), Metric(value))).collect();
        Ok(Validated { t: self.t, metrics })
    }

    /// Tells the scheduler what was measured.
    fn react(&mut self, Validated { t, metrics }: &Validated) -> Result<(), TrainError> {
        for (name, Metric(value)) in metrics {
            self.scheduler.on_metric(*t, name, *value, &mut self.groups)?;
        }
        Ok(())
    }

    fn started(&mut self) -> Result<Started, TaskError> {
        let untrained = self.task.validate()?.first().copied();
        Ok(Started {
            trial: self.spec.clone(),
            label: None,
            lrlab: env!("CARGO_PKG_VERSION").to_owned(),
            horizon: self.horizon,
            parameters: self.parameters,
            groups: self.groups.iter().map(|group| group.name.clone()).collect(),
            full_batch: self.full_batch,
            objective: untrained.map_or("loss", |(name, _)| name).to_owned(),
            untrained: untrained.map(|(_, value)| Metric(value)),
            bowl: self.task.bowl(),
        })
    }

    /// A clone that goes on by itself for `steps` with other rates; the loss on the probe batch at
    /// its end, infinite if it went out of bounds.
    pub(crate) fn branch(&self, rate: RateChange, steps: u64) -> Result<f64, TrainError> {
        let mut clone = self.clone();
        clone.rate = rate;
        for _ in 0..steps {
            let loss = clone.step()?.loss;
            if !clone.bounds.contain(loss) {
                return Ok(f64::INFINITY);
            }
        }
        let loss = clone.task.gradients(Batch::Probe)?;
        Ok(if clone.bounds.contain(loss) { loss } else { f64::INFINITY })
    }

    /// Updates made so far.
    pub(crate) fn t(&self) -> u64 {
        self.t
    }

    pub(crate) fn spec(&self) -> &TrialSpec {
        &self.spec
    }

    pub(crate) fn is_full_batch(&self) -> bool {
        self.full_batch
    }

    pub(crate) fn task(&mut self) -> &mut dyn Task {
        &mut *self.task
    }

    pub(crate) fn batch_rows(&self) -> usize {
        self.batches.batch_size()
    }

    /// Highest sharpness at which the rates of the update about to be made do not grow, over all
    /// groups, with the preconditioner's inverse diagonal where one is at work (empty otherwise);
    /// `None` before an optimizer whose preconditioner comes from gradients has seen any, and where the
    /// plan has no rates to give.
    pub(crate) fn stability(&mut self) -> Option<(f64, Vec<f32>)> {
        let mut groups = self.groups.clone();
        let t = self.t.min(self.horizon.total_steps.saturating_sub(1));
        self.scheduler.clone().before_step(t, &mut groups).ok()?;
        let (built, states, group_of) = (&self.built, &self.states, &self.group_of);
        // Each group has a limit of its own; measuring H scaled by 1/limit asks all of them at once.
        let mut own = self.group_states.clone();
        let limit = |((b, group), own): ((&BuiltGroup, &ParamGroup), &mut GroupState)| {
            let GroupState { t, numbers } = own;
            b.optimizer.advance(GroupStep { group, t: *t, numbers });
            b.optimizer.stability_limit(Moment { group, t: *t, numbers })
        };
        let limits: Vec<f64> = built.iter().zip(&groups).zip(&mut own).map(limit).collect();
        let limit = limits.iter().copied().fold(f64::INFINITY, f64::min);
        let (mut inverse, mut index, mut preconditioned) = (Vec::new(), 0, false);
        self.task.visit(&mut |param| {
            let group = group_of[index];
            let state = &states[index];
            let mut diagonal = vec![1.0; param.value.len()];
            let at = Moment { group: &groups[group], t: state.t, numbers: &own[group].numbers };
            preconditioned |= built[group].optimizer.preconditioner(at, &state.slots, &mut diagonal);
            let share = if limits[group] == limit { 1.0 } else { (limit / limits[group]) as f32 };
            preconditioned |= share != 1.0;
            inverse.extend(diagonal.iter().map(|p| share / p));
            index += 1;
        });
        let known = inverse.iter().all(|x| x.is_finite());
        known.then(|| (limit, if preconditioned { inverse } else { Vec::new() }))
    }
}
