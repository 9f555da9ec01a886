//! Whatever sets the values of parameter groups while training runs.

pub mod torch;

use crate::ParamGroup;

/// Sets the values of parameter groups while training runs.
///
/// A [`Plan`](crate::Plan) is one; the state machines that replay PyTorch's recursion are others.
pub trait Scheduler: Send + std::fmt::Debug {
    /// Sets the groups' values for the update after `t` updates have been made.
    ///
    /// The clock ticks on applied updates only: call this once per update, with `t` = 0, 1, 2...
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]);

    /// A copy that continues on its own, for a branch of a trial.
    fn clone_box(&self) -> Box<dyn Scheduler>;
}

impl Clone for Box<dyn Scheduler> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}
