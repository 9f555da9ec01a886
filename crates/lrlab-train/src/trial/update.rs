//! One step: rates, the gradient of its batches, clipping, and every group's update.

use lrlab_core::{
    Event, ParamGroup,
    event::{Skipped, Step},
    optimizer::clip,
    spec::Clip,
    vector,
};

use super::{LOGGED_PARAMETERS, Trial};
use crate::{Batch, Task, TaskError, TrainError};

/// The gradient of the step before.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastGradient {
    /// All of it, parameter after parameter; empty before the first step.
    pub(crate) gradient: Vec<f32>,
    /// Its squared Euclidean norm.
    pub(crate) norm_squared: f64,
}

impl Trial {
    /// Tries to make one update and tells what it saw before it.
    ///
    /// A batch that is passed over moves no clock: the next call tries the same update with the batches
    /// that follow.
    pub(super) fn step(&mut self) -> Result<Event, TrainError> {
        if !self.bounds.tries_again() {
            self.scheduler.before_step(self.t, &mut self.groups.fields.values)?;
            self.change_rates();
        }
        let loss = self.gradients()?;
        if self.spec.strategy.skip_non_finite && !(loss.is_finite() && has_finite_gradient(&mut *self.task)) {
            return Ok(Event::Skipped(Skipped { t: self.t, loss }));
        }
        let (grad_norm, turn) = self.last_gradient.compare(&mut *self.task);
        let mut step = Step {
            t: self.t,
            loss,
            lr: self.groups.fields.values.iter().map(ParamGroup::lr).collect(),
            grad_norm: Some(grad_norm),
            turn,
            ..Step::default()
        };
        if self.groups.parameters <= LOGGED_PARAMETERS {
            self.task.visit(&mut |param| step.at.extend_from_slice(param.value));
        }
        let updates = self.bounds.hold(loss);
        if updates {
            step.clipped = match self.spec.strategy.clip {
                None => false,
                Some(Clip::Norm(max)) => clip::by_norm(&mut *self.task, max).clipped,
                Some(Clip::Value(max)) => clip::by_value(&mut *self.task, max),
            };
            step.effective_lr = self.groups.update(&mut *self.task);
        }
        self.t += 1;
        if updates {
            self.averages.take(self.t, &mut *self.task);
        }
        Ok(Event::Step(step))
    }

    /// The mean loss of the update's batches; leaves their mean gradient in the task.
    ///
    /// As in PyTorch's loops each batch counts the same, whatever its rows, and the last update of an
    /// epoch has the batches that are left.
    fn gradients(&mut self) -> Result<f64, TaskError> {
        let share = self.batches.share(self.spec.strategy.accumulate);
        if share == 1 {
            return self.task.gradients(Batch::Rows(self.batches.deal()));
        }
        let (mut sum, weight) = (0.0, share as f32);
        for batch in 0..share {
            sum += self.task.gradients(Batch::Rows(self.batches.deal()))?;
            let (first, last) = (batch == 0, batch + 1 == share);
            if first {
                self.room.clear();
            }
            let (room, mut start) = (&mut self.room, 0);
            self.task.visit_gradients(&mut |gradient| {
                let end = start + gradient.len();
                if first {
                    room.extend(gradient.iter().map(|g| g / weight));
                } else {
                    let so_far = &mut room[start..end];
                    so_far.iter_mut().zip(&*gradient).for_each(|(sum, g)| *sum += g / weight);
                    if last {
                        gradient.copy_from_slice(so_far);
                    }
                }
                start = end;
            });
        }
        Ok(sum / f64::from(share))
    }
}

impl LastGradient {
    /// Norm of the task's gradient, and the cosine of its angle with the one before, which it replaces.
    fn compare(&mut self, task: &mut dyn Task) -> (f64, Option<f64>) {
        let first = self.gradient.is_empty();
        let (mut dot, mut norm_squared, mut start) = (0.0, 0.0, 0);
        let previous = &mut self.gradient;
        task.visit_gradients(&mut |gradient| {
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
        let scale = (norm_squared * self.norm_squared).sqrt();
        let turn = (!first && scale > 0.0 && scale.is_finite()).then(|| dot / scale);
        self.norm_squared = norm_squared;
        (norm_squared.sqrt(), turn)
    }
}

/// Whether every element of the task's gradient is a finite number.
fn has_finite_gradient(task: &mut dyn Task) -> bool {
    let mut finite = true;
    // Squares of f32 do not leave the range of f64, in which they are summed.
    task.visit_gradients(&mut |gradient| finite &= vector::norm_squared(gradient).is_finite());
    finite
}
