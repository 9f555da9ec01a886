//! Tasks: a model with its data, and the border to the tensor engine.

mod austen_char;
mod bowl;
mod breast_cancer;
mod classifier;
mod cross_entropy;
mod deep_linear;
mod digits;
mod fashion_mnist;
mod files;
mod images;
mod language;
mod learner;
mod line;
mod mnist_1d;
mod modular_addition;
mod module;
mod network;
mod noisy_line;
mod parameter;
mod pictures;
mod power_law;
mod quadratic;
mod registry;
mod rosenbrock;
mod squared_error;
mod supervised;
mod table;
mod teacher_student;
mod text;
mod wine;

use std::{fmt::Debug, path::PathBuf};

use lrlab_core::{event::Bowl, optimizer::Parameters, spec::Fault};

use crate::data::{find::NotFound, read::ReadError};

#[cfg(test)]
pub(crate) use cross_entropy::differentiate;
pub use module::{Facts, Loss, Model, ModuleTask};
pub use quadratic::Quadratic;
pub use registry::{Build, TASKS, TaskEntry, build, find, pin};

/// Named metrics of a validation.
pub type Metrics = Vec<(&'static str, f64)>;

/// Where a task's training rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// A table of so many rows; a pass over it is an epoch.
    Rows(usize),
    /// Every row is drawn afresh: its number seeds its noise. An epoch is by convention so many
    /// steps.
    Stream {
        /// Steps that are called an epoch.
        steps_per_epoch: u64,
    },
}

/// What a gradient is taken over.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// These training rows.
    Rows(&'a [u64]),
    /// The task's fixed probe batch: the same rows at every call, or the exact expectation.
    Probe,
}

/// Why a task could not be built or run.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The spec names no task, or gives one what it does not take.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Spec(Vec<Fault>),
    /// The data cannot be used.
    #[error("{file}, row {row}: {problem}")]
    Data {
        /// Which table.
        file: String,
        /// Which row, from 1.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file cannot be read, or holds what cannot be used.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file is nowhere.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// A file is no longer what it was when the study began.
    #[error(
        "{} changed since this study began: its SHA-256 was {pinned} and is {found}; put back the file that it was, \
         or begin a new study",
        .path.display()
    )]
    Changed {
        /// Which file.
        path: PathBuf,
        /// Its hash when the study began.
        pinned: String,
        /// Its hash now.
        found: String,
    },
    /// There are more or fewer hashes than files.
    #[error(
        "sha256: {got} hashes are given, and the task reads {expected} files; give one for each, or none"
    )]
    Pins {
        /// Files that the task reads.
        expected: usize,
        /// Hashes that were given.
        got: usize,
    },
    /// A state of another task.
    #[error("the state does not fit the task: {0}")]
    State(String),
    /// The tensor engine refused.
    #[error("the tensor engine refused: {0}")]
    Engine(String),
}

/// A model with its data: what is trained.
///
/// The order and shapes of the parameters never change. After [`gradients`](Self::gradients),
/// [`visit`](Parameters::visit) shows each parameter with its gradient of that batch's loss.
pub trait Task: Parameters + Send + Debug {
    /// Where its training rows come from.
    fn supply(&self) -> Supply;

    /// Rows of a batch when nothing else is asked for.
    fn default_batch_size(&self) -> usize;

    /// Rows of the probe batch; 0 stands for the exact expectation.
    fn probe_rows(&self) -> usize;

    /// Loss of `batch` at the present parameters; leaves its gradient in the parameters' `grad`.
    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError>;

    /// Calls `f` with each parameter's gradient, in the order of `visit`.
    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32]));

    /// Metrics at the present parameters. The first is the objective, lower being better.
    fn validate(&mut self) -> Result<Metrics, TaskError>;

    /// The whole loss, where it is a quadratic bowl in two parameters.
    fn bowl(&self) -> Option<Bowl> {
        None
    }

    /// What has to be kept beside the parameters for training to go on to the same bits: the state of a
    /// generator, running means. Null where there is nothing.
    fn state(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Goes on from what [`state`](Self::state) gave.
    ///
    /// # Errors
    /// A state that this task cannot have.
    fn restore(&mut self, state: &serde_json::Value) -> Result<(), TaskError> {
        if state.is_null() { Ok(()) } else { Err(TaskError::State("it keeps none".to_owned())) }
    }

    /// What was inferred of its data and done to it, in sentences, where a user has to know.
    fn facts(&self) -> Vec<String> {
        Vec::new()
    }

    /// A copy that shares nothing: what is done to one leaves the other as it is.
    fn clone_box(&self) -> Box<dyn Task>;
}

impl Clone for Box<dyn Task> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}
