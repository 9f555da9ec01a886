//! How long a training is on a task.

use lrlab_core::{Duration, Horizon};

use crate::{Task, TrainError, batches::Batches, task::Supply};

/// Rows of a batch and the training's length, where an update has the mean gradient of `accumulate`
/// batches.
///
/// A step is an update, and an epoch stays the same data: it has fewer steps then.
pub(crate) fn shape(
    task: &dyn Task,
    budget: Duration,
    batch_size: Option<usize>,
    accumulate: u32,
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
    let per_epoch = Batches::per_epoch(supply, batch_size);
    if matches!(supply, Supply::Rows(_)) && u64::from(accumulate) > per_epoch {
        return Err(TrainError::Accumulate { batches: accumulate, per_epoch });
    }
    Ok((batch_size, horizon_of(budget, per_epoch.div_ceil(u64::from(accumulate)))?))
}

/// Total steps of a budget, and steps in an epoch.
fn horizon_of(budget: Duration, steps_per_epoch: u64) -> Result<Horizon, TrainError> {
    let unbounded = Horizon::new(0, steps_per_epoch);
    match budget.steps(unbounded) {
        0 => Err(TrainError::EmptyBudget { budget: budget.to_string(), steps_per_epoch }),
        total => Ok(Horizon::new(total, steps_per_epoch)),
    }
}
