//! How long a training is on a task.

use lrlab_core::{Duration, Horizon};

use crate::{Task, TrainError, batches::Batches, task::Supply};

/// Rows of a batch and the training's length.
pub(crate) fn shape(
    task: &dyn Task,
    budget: Duration,
    batch_size: Option<usize>,
) -> Result<(usize, Horizon), TrainError> {
    let supply = task.supply();
    let batch_size = batch_size.unwrap_or_else(|| task.default_batch_size());
    let (most, allowed) = match supply {
        Supply::Rows(rows) => (rows, format!("1 to {rows}, the training rows there are")),
        Supply::Stream { .. } => (usize::MAX, "1 or more".to_owned()),
    };
    if !(1..=most).contains(&batch_size) {
        return Err(TrainError::BatchSize { got: batch_size, allowed });
    }
    Ok((batch_size, horizon_of(budget, Batches::steps_per_epoch(supply, batch_size))?))
}

/// Total steps of a budget, and steps in an epoch.
fn horizon_of(budget: Duration, steps_per_epoch: u64) -> Result<Horizon, TrainError> {
    let unbounded = Horizon::new(0, steps_per_epoch);
    match budget.steps(unbounded) {
        0 => Err(TrainError::EmptyBudget { budget: budget.to_string(), steps_per_epoch }),
        total => Ok(Horizon::new(total, steps_per_epoch)),
    }
}
