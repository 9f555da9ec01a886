//! Whatever sets the values of parameter groups while training runs.

pub mod torch;

use serde::{Deserialize, Serialize};

use crate::{Field, ParamGroup, plan::PlanError, signal::SignalState};
use torch::StateDict;

/// What a scheduler keeps beside `t` and the groups, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchedulerState {
    /// Of a plan: its signals, in order. Schedules are functions of t and keep nothing.
    Signals(Vec<SignalState>),
    /// Of one of PyTorch's schedulers, which keep everything; `None` before the first update.
    Torch(Option<StateDict>),
    /// Of several schedulers, one for each group.
    Groups(Vec<SchedulerState>),
}

/// Sets the values of parameter groups while training runs.
///
/// A [`Plan`](crate::Plan) is one; the state machines that replay PyTorch's recursion are others.
pub trait Scheduler: Send + std::fmt::Debug {
    /// Sets the groups' values for the update after `t` updates have been made.
    ///
    /// The clock ticks on applied updates only: call this once per update, with `t` = 0, 1, 2...; an
    /// accumulated batch or a skipped update is none.
    ///
    /// # Errors
    /// A plan that is over and may not go on; what PyTorch raises in the middle of training.
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) -> Result<(), PlanError>;

    /// Takes a reading of the metric `name`, made after `t` updates.
    ///
    /// # Errors
    /// A reading that a signal was told to refuse.
    fn on_metric(
        &mut self,
        t: u64,
        name: &str,
        value: f64,
        groups: &mut [ParamGroup],
    ) -> Result<(), PlanError> {
        let _ = (t, name, value, groups);
        Ok(())
    }

    /// Whether it may set `field` of its groups.
    fn writes(&self, field: Field) -> bool;

    /// What waits for a metric that is none of `names`, in words; `None` where nothing does.
    fn unheard(&self, names: &[&str]) -> Option<String> {
        let _ = names;
        None
    }

    /// Refuses a training of `updates` in the middle of which it would fail, as far as that is known.
    ///
    /// # Errors
    /// What it would fail with.
    fn rehearse(&self, updates: u64) -> Result<(), PlanError> {
        let _ = updates;
        Ok(())
    }

    /// What has to be kept beside `t` and the groups to go on exactly.
    fn state(&self) -> SchedulerState;

    /// Goes on from a state that a scheduler of the same spec gave.
    ///
    /// # Errors
    /// A state of another kind of scheduler, or of other signals.
    fn restore(&mut self, state: &SchedulerState) -> Result<(), PlanError>;

    /// What a user should be told at the update after `t` updates, once.
    fn warning(&mut self, t: u64) -> Option<String> {
        let _ = t;
        None
    }

    /// A copy that continues on its own, for a branch of a trial.
    fn clone_box(&self) -> Box<dyn Scheduler>;
}

impl Clone for Box<dyn Scheduler> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}
