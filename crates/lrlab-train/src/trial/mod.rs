//! A trial and the one training loop.
//!
//! What a step does is in `update`, what validates in `judging`; averages of the weights stand beside them
//! in `averages`. Whatever training changes is whole between two steps: an update of several batches, or a
//! batch that is passed over, leaves nothing half done.

mod averages;
mod branch;
mod checkpoint;
mod judging;
mod stability;
mod update;

use lrlab_core::{BuiltStrategy, Event, Horizon, Outcome, Scheduler, SpecError, TrialSpec};

use crate::{
    Task, TrainError, batches::Batches, bounds::Bounds, checkpoint::LogMark, groups::Groups, horizon,
    probe::Probes, task,
};
use averages::Averages;
pub(crate) use branch::RateChange;
use update::LastGradient;

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

    /// Brings the log that it keeps to the disk, for a checkpoint, and says how far it is; `None` for an
    /// observer that keeps none.
    ///
    /// # Errors
    /// What the file system refused. Training may go on.
    fn mark(&mut self) -> Result<Option<LogMark>, TrainError> {
        Ok(None)
    }
}

/// Parameters are written into each step's event up to this many.
pub const LOGGED_PARAMETERS: usize = 3;

/// A strategy at work on a task with a seed.
#[derive(Clone, Debug)]
pub struct Trial {
    spec: TrialSpec,
    horizon: Horizon,
    full_batch: bool,
    // What training changes, from here on.
    task: Box<dyn Task>,
    scheduler: Box<dyn Scheduler>,
    groups: Groups,
    batches: Batches,
    /// Updates made.
    t: u64,
    bounds: Bounds,
    last_gradient: LastGradient,
    averages: Averages,
    /// The highest rate of each group so far.
    peaks: Vec<f64>,
    rate: RateChange,
    /// What measures while it trains; `None` before the first step.
    probes: Option<Probes>,
    /// Room for the parameters while others stand in their place, and for gradients that are summed up;
    /// what it holds means nothing between two calls.
    room: Vec<f32>,
}

impl Trial {
    /// A trial of `spec` on the task that the registry knows by its name.
    ///
    /// # Errors
    /// Whatever in the spec cannot be built, with what is allowed.
    pub fn new(spec: &TrialSpec) -> Result<Self, TrainError> {
        // What the log says of the task holds the hashes of its files.
        let spec = TrialSpec { task: task::pin(&spec.task)?, ..spec.clone() };
        Self::with_task(&spec, task::build(&spec.task, spec.seed)?)
    }

    /// A trial of `spec` on a task of the caller's own.
    ///
    /// # Errors
    /// Whatever in the spec cannot be built, with what is allowed.
    pub fn with_task(spec: &TrialSpec, task: Box<dyn Task>) -> Result<Self, TrainError> {
        Self::with_strategy(spec, task, &|horizon| spec.strategy.build(horizon))
    }

    /// A trial of optimizers and schedules of the caller's own, built for the trial's horizon. The strategy
    /// of `spec` stands in for them where the trial is written down; what it does over all of its groups,
    /// such as clipping and averages, holds.
    ///
    /// # Errors
    /// Whatever cannot be built, with what is allowed.
    pub fn with_strategy(
        spec: &TrialSpec,
        mut task: Box<dyn Task>,
        build: &dyn Fn(Horizon) -> Result<BuiltStrategy, SpecError>,
    ) -> Result<Self, TrainError> {
        let strategy = &*spec.strategy;
        let (batch_size, horizon) =
            horizon::shape(&*task, spec.budget, spec.batch_size, strategy.accumulate)?;
        let supply = task.supply();
        let BuiltStrategy { groups, scheduler } = build(horizon)?;
        scheduler.rehearse(horizon.total_steps)?;
        crate::groups::check_metrics(&mut *task, &*scheduler)?;
        let groups = Groups::new(groups, &strategy.no_decay, &mut *task)?;
        Ok(Self {
            spec: spec.clone(),
            horizon,
            full_batch: matches!(supply, task::Supply::Rows(rows) if rows == batch_size),
            batches: Batches::new(supply, batch_size, spec.seed),
            task,
            scheduler,
            peaks: vec![0.0; groups.fields.values.len()],
            groups,
            t: 0,
            bounds: Bounds::new(spec.stop),
            last_gradient: LastGradient::default(),
            averages: Averages::new(&strategy.averages, horizon)?,
            rate: RateChange::None,
            probes: None,
            room: Vec::new(),
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
            let ended = self.t == self.horizon.total_steps;
            let paused = self.t >= until && !ended;
            // Both before anything of the coming step is logged, so that it can be gone on from here.
            if paused || (observer.wants_stop() && !ended) {
                self.probes = Some(probes);
                if paused {
                    return Ok(None);
                }
                break Outcome::Stopped;
            }
            if !self.bounds.tries_again() {
                probes.before_step(self, observer)?;
            }
            if ended {
                break Outcome::Completed;
            }
            let event = self.step()?;
            observer.on_event(&event)?;
            if let Some(outcome) = self.bounds.end_after(&event) {
                break outcome;
            }
            if matches!(event, Event::Step(_)) && self.is_to_be_validated() {
                let validated = self.validate()?;
                self.react(&validated)?;
                observer.on_event(&Event::Validated(validated))?;
            }
        };
        observer.on_event(&Event::Finished { outcome: outcome.clone() })?;
        Ok(Some(outcome))
    }

    /// Updates made so far.
    pub fn t(&self) -> u64 {
        self.t
    }

    /// What is trained.
    pub fn spec(&self) -> &TrialSpec {
        &self.spec
    }

    pub(crate) fn is_full_batch(&self) -> bool {
        self.full_batch
    }

    pub(crate) fn task(&mut self) -> &mut dyn Task {
        &mut *self.task
    }

    /// Rows that an update sees, where it has all of its batches.
    pub(crate) fn rows_of_update(&self) -> usize {
        self.batches.batch_size().saturating_mul(self.spec.strategy.accumulate as usize)
    }
}
