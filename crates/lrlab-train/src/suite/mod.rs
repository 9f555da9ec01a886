//! The suite: small problems on which lrlab measures its own advice.
//!
//! A problem is a task, an optimizer without its learning rate, and a budget: what is left to find is
//! the rate and its schedule. Each has a best rate, clearly worse below (too slow for its budget) and
//! above (it jumps around or diverges), and a trial takes some milliseconds on one core.
//!
//! # The split
//!
//! What is tuned on the [`Tuning`](Split::Tuning) problems is judged on the
//! [`HeldOut`](Split::HeldOut) ones and changed on the former alone. The split is part of the entry
//! and was drawn before anything was measured on it, by family of task:
//!
//! - only in tuning: `breast-cancer`, `deep-linear`, `modular-addition`;
//! - only held out: `wine`, `teacher-student`, `rosenbrock`;
//! - in both, `digits`, `power-law`, `quadratic` and `mnist-1d`: never with the same pair of model
//!   and optimizer, so that nothing held out is a tuning problem with another budget.

mod networks;
mod quadratics;
mod registry;
mod tables;
mod valleys;

use lrlab_core::{Duration, OptimizerSpec, SpecError, TaskSpec};

pub use registry::{SUITE, find};

/// What a problem may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// To make choices with, as often as one likes.
    Tuning,
    /// To judge choices that have been made.
    HeldOut,
}

impl Split {
    /// Its name in tables: `tuning` or `held-out`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tuning => "tuning",
            Self::HeldOut => "held-out",
        }
    }
}

/// A task, an optimizer and a budget; the learning rate is what is to be found.
#[derive(Debug)]
pub struct Problem {
    /// Its name.
    pub name: &'static str,
    /// One sentence: what makes it a problem of its own.
    pub summary: &'static str,
    /// What it may be used for.
    pub split: Split,
    /// The task as specs write it: `digits model=softmax`.
    pub task: &'static str,
    /// The optimizer as specs write it, without `lr`: `sgd momentum=0.9`.
    pub optimizer: &'static str,
    /// How long a trial trains: `300 steps`, `10 epochs`.
    pub budget: &'static str,
    /// Rows of a batch; `None` takes the task's own.
    pub batch_size: Option<usize>,
}

impl Problem {
    /// The task.
    ///
    /// # Errors
    /// A text that is no task; in the suite itself there is none, which its tests hold.
    pub fn task_spec(&self) -> Result<TaskSpec, SpecError> {
        self.task.parse()
    }

    /// The optimizer, with the default of its `lr`.
    ///
    /// # Errors
    /// A text that is no optimizer; in the suite itself there is none, which its tests hold.
    pub fn optimizer_spec(&self) -> Result<OptimizerSpec, SpecError> {
        self.optimizer.parse()
    }

    /// How long a trial trains.
    ///
    /// # Errors
    /// A text that is no duration; in the suite itself there is none, which its tests hold.
    pub fn duration(&self) -> Result<Duration, SpecError> {
        self.budget.parse()
    }
}
