//! One of torch's schedulers as lrlab's training loop drives it.

use std::ops::Range;

use super::{StateDict, StateValue, TorchError, TorchScheduler, build};
use crate::{
    Field, ParamGroup, Scheduler, plan::PlanError, scheduler::SchedulerState, signal::means, spec::TorchCall,
};

/// A scheduler of torch over some of the groups, in the place of a plan.
///
/// It is constructed before the first update, and `step()` is called once after every so many
/// updates: after each, or after each epoch. Groups stay in charge of their rate, as in PyTorch: what
/// others do to it between two updates is what the recursion goes on from.
///
/// A `ReduceLROnPlateau` is stepped by [`on_metric`](Self::on_metric) alone, and cannot be entered later:
/// what it does depends on metrics that are gone. Its state can be saved and loaded.
#[derive(Clone, Debug)]
pub struct TorchPlan {
    /// What constructs it, for messages; the class alone where that was no call.
    call: TorchCall,
    groups: Range<usize>,
    every: u64,
    /// The groups, and the scheduler, right after its constructor.
    starts: Vec<ParamGroup>,
    start: Box<dyn TorchScheduler>,
    running: Option<Running>,
}

#[derive(Clone, Debug)]
struct Running {
    scheduler: Box<dyn TorchScheduler>,
    steps: u64,
}

impl TorchPlan {
    /// The scheduler that `call` constructs over `all[groups]`, stepped after every `every` updates.
    ///
    /// The groups' rates now are those at the start. Refuses what torch refuses, and what it would
    /// raise later, in the middle of training, as far as that is known without the number of updates;
    /// [`rehearse`](Self::rehearse) knows it with that number.
    ///
    /// ```
    /// use lrlab_core::{Field, ParamGroup, Scheduler, scheduler::torch::TorchPlan};
    ///
    /// let mut groups = [ParamGroup::new("all").with(Field::Lr, 0.1)];
    /// let mut plan = TorchPlan::new("StepLR(5, gamma=0.5)".parse()?, 0..1, 100, &groups)?;
    /// plan.before_step(499, &mut groups)?;
    /// assert_eq!(groups[0].lr(), 0.1);
    /// plan.before_step(500, &mut groups)?;
    /// assert_eq!(groups[0].lr(), 0.05);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When `groups` is not a range of `all`.
    pub fn new(
        call: TorchCall,
        groups: Range<usize>,
        every: u64,
        all: &[ParamGroup],
    ) -> Result<Self, TorchError> {
        let plan = Self::with(groups, every, all, |groups| build(&call, groups))?;
        Ok(Self { call, ..plan })
    }

    /// The scheduler that `construct` makes over `all[groups]`: one with functions, for instance.
    ///
    /// # Panics
    ///
    /// When `groups` is not a range of `all`.
    pub fn with(
        groups: Range<usize>,
        every: u64,
        all: &[ParamGroup],
        construct: impl FnOnce(&mut [ParamGroup]) -> Result<Box<dyn TorchScheduler>, TorchError>,
    ) -> Result<Self, TorchError> {
        if every == 0 {
            return Err(TorchError::Value("a scheduler is stepped after 1 update or more, got 0".to_owned()));
        }
        let mut starts = all[groups.clone()].to_vec();
        let start = construct(&mut starts)?;
        start.check()?;
        let call = TorchCall { name: start.name().to_owned(), args: Vec::new(), kwargs: Vec::new() };
        Ok(Self { call, groups, every, starts, start, running: None })
    }

    /// Refuses a training of `updates` in which torch would raise, after making all its steps in private.
    ///
    /// What a metric would do is not known.
    pub fn rehearse(&self, updates: u64) -> Result<(), TorchError> {
        self.play(updates).map_err(|(_, error)| error)
    }

    /// The same, with the updates made before the one at which it raises.
    fn play(&self, updates: u64) -> Result<(), (u64, TorchError)> {
        let mut alone = Self { running: None, ..self.clone() };
        let mut groups = self.starts.clone();
        let played = alone.advance(updates.saturating_sub(1) / self.every, &mut groups);
        let made = alone.running.map_or(0, |running| running.steps);
        played.map_err(|error| ((made + 1).saturating_mul(self.every), error))
    }

    /// The scheduler itself, once the first update is near.
    pub fn scheduler(&self) -> Option<&dyn TorchScheduler> {
        self.running.as_ref().map(|running| &*running.scheduler)
    }

    /// Whether it waits for metrics.
    pub fn takes_metric(&self) -> bool {
        self.start.takes_metric()
    }

    /// Steps a scheduler that is driven by a metric; all others pass over it. `groups` are all groups.
    pub fn on_metric(&mut self, metric: f64, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        if !self.takes_metric() {
            return Ok(());
        }
        let groups = &mut groups[self.groups.clone()];
        self.advance(0, groups)?;
        self.running.as_mut().map_or(Ok(()), |running| running.scheduler.metric(metric, None, groups))
    }

    /// What has to be saved beside the groups ([`groups_state`](super::groups_state)) for a training to go
    /// on; `None` before the first update is near.
    pub fn state_dict(&self) -> Option<StateDict> {
        let running = self.running.as_ref()?;
        let mut dict = StateDict::default();
        dict.insert("steps", StateValue::Number(running.steps as f64));
        dict.insert("scheduler", StateValue::Map(running.scheduler.state_dict()));
        Some(dict)
    }

    /// Goes on from what [`state_dict`](Self::state_dict) gave; the groups are loaded on their own.
    pub fn load_state_dict(&mut self, dict: &StateDict) -> Result<(), TorchError> {
        let missing = |key: &str| TorchError::Key(key.to_owned());
        let steps = dict.get("steps").and_then(StateValue::number).ok_or_else(|| missing("steps"))?;
        let Some(StateValue::Map(state)) = dict.get("scheduler") else { return Err(missing("scheduler")) };
        let mut scheduler = self.start.clone();
        scheduler.load_state_dict(state)?;
        self.running = Some(Running { scheduler, steps: steps as u64 });
        Ok(())
    }

    fn listens_to(&self, name: &str) -> bool {
        self.takes_metric() && means(self.call.metric().unwrap_or("loss"), name)
    }

    fn advance(&mut self, steps: u64, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        let waits = self.takes_metric();
        let running = match self.running.take() {
            Some(running) if waits || running.steps <= steps => self.running.insert(running),
            _ => {
                for (group, start) in groups.iter_mut().zip(&self.starts) {
                    group.torch = start.torch;
                    for field in Field::ALL.into_iter().filter(|field| self.start.writes(*field)) {
                        group.set(field, start.get(field));
                    }
                }
                self.running.insert(Running { scheduler: self.start.clone(), steps: 0 })
            }
        };
        while !waits && running.steps < steps {
            running.scheduler.step(None, groups)?;
            running.steps += 1;
        }
        Ok(())
    }
}

impl Scheduler for TorchPlan {
    /// Entered at a later `t`, or sent back to an earlier one, it is replayed from the start.
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) -> Result<(), PlanError> {
        let range = self.groups.clone();
        let advanced = self.advance(t / self.every, &mut groups[range]);
        advanced.map_err(|error| PlanError::Torch { call: self.call.to_string(), t, error })
    }

    /// `ReduceLROnPlateau` is stepped with what its mode suggests: the accuracy in `max`, else the loss.
    fn on_metric(
        &mut self,
        t: u64,
        name: &str,
        value: f64,
        groups: &mut [ParamGroup],
    ) -> Result<(), PlanError> {
        if !self.listens_to(name) {
            return Ok(());
        }
        let stepped = TorchPlan::on_metric(self, value, groups);
        stepped.map_err(|error| PlanError::Torch { call: self.call.to_string(), t, error })
    }

    fn writes(&self, field: Field) -> bool {
        self.start.writes(field)
    }

    fn unheard(&self, names: &[&str]) -> Option<String> {
        let deaf = self.takes_metric() && !names.iter().any(|name| self.listens_to(name));
        deaf.then(|| self.call.to_string())
    }

    fn rehearse(&self, updates: u64) -> Result<(), PlanError> {
        let call = || self.call.to_string();
        self.play(updates).map_err(|(t, error)| PlanError::Torch { call: call(), t, error })
    }

    fn state(&self) -> SchedulerState {
        SchedulerState::Torch(self.state_dict())
    }

    fn restore(&mut self, state: &SchedulerState) -> Result<(), PlanError> {
        let SchedulerState::Torch(state) = state else {
            return Err(PlanError::State { wanted: self.call.to_string() });
        };
        let Some(dict) = state else {
            self.running = None;
            return Ok(());
        };
        let loaded = self.load_state_dict(dict);
        loaded.map_err(|error| PlanError::Torch { call: self.call.to_string(), t: 0, error })
    }

    fn clone_box(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}
