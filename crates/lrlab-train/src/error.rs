//! What can keep a trial or study from running. Divergence is not among it: that is a result.

use std::path::PathBuf;

use lrlab_core::{PlanError, SpecError};

use crate::{
    TaskError,
    checkpoint::{CheckpointError, IntervalError},
};

/// Why a trial or study could not run.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The strategy cannot be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The plan has no values for an update.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A signal waits for a metric that the task does not measure.
    #[error(
        "{signal} waits for a metric that this task does not measure; name another with `of` (it measures {metrics})"
    )]
    Metric {
        /// What waits.
        signal: String,
        /// What the task measures.
        metrics: String,
    },
    /// A checkpoint could not be written, or nothing goes on from it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Checkpoints cannot be made so often.
    #[error(transparent)]
    Interval(#[from] IntervalError),
    /// The task cannot be built or run.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The budget comes to no step at all.
    #[error(
        "a budget of {budget} comes to no step at all (steps in an epoch here: {steps_per_epoch}); give at least 1 step"
    )]
    EmptyBudget {
        /// As it was given.
        budget: String,
        /// What an epoch is on this task.
        steps_per_epoch: u64,
    },
    /// A batch of no rows, or of more than there are.
    #[error("a batch of {got} rows does not fit this task; give {allowed}")]
    BatchSize {
        /// As it was given.
        got: usize,
        /// What is allowed.
        allowed: String,
    },
    /// More batches for one update than an epoch has.
    #[error(
        "`accumulate {batches} batches` fits no epoch of this task, which has {per_epoch}: an update ends with its \
         epoch; accumulate fewer, or take smaller batches"
    )]
    Accumulate {
        /// As it was given.
        batches: u32,
        /// Batches of an epoch.
        per_epoch: u64,
    },
    /// An average that would begin after the training's end.
    #[error(
        "`{average}` would begin after step {first}, and the training ends after step {total}; let it begin earlier, \
         `from 75%` for instance"
    )]
    Average {
        /// As it was given.
        average: String,
        /// Updates after which it would take the first weights.
        first: u64,
        /// Updates of the training.
        total: u64,
    },
    /// A group of the strategy has no parameter to train, or a parameter has no group.
    #[error("{message}; the parameters are {names}")]
    Groups {
        /// What is wrong.
        message: String,
        /// Names of all parameters.
        names: String,
    },
    /// The file system said no.
    #[error("cannot write {path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A study's spec cannot be read back.
    #[error("{path} is no study that could go on: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The folder holds something that would be overwritten.
    #[error("{path} {holds}; {advice}")]
    Occupied {
        /// Which folder.
        path: PathBuf,
        /// What is in it.
        holds: String,
        /// What to do.
        advice: String,
    },
}
