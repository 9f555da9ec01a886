//! The steps of a run, column by column: 41 bytes a step with one parameter group, where a
//! [`Step`] with its own list of rates takes three times that. Reports hold the steps of thousands of runs.

use lrlab_core::event::Step;

/// The updates of a run, in order.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    t: Vec<u64>,
    loss: Vec<f64>,
    /// One number each, or none.
    grad_norm: Lists<f64>,
    /// NaN where there is none; a log has no other.
    turn: Vec<f64>,
    clipped: Vec<bool>,
    lr: Lists<f64>,
    at: Lists<f32>,
    momentum: Lists<f64>,
    /// One number each, or none.
    update_ratio: Lists<f64>,
    effective_lr: Lists<f64>,
}

/// One step of [`Steps`]; its fields are those of [`Step`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRef<'a> {
    /// Updates already made.
    pub t: u64,
    /// Training loss on this step's batch, before the update.
    pub loss: f64,
    /// The rate that this update uses, for each group.
    pub lr: &'a [f64],
    /// Global Euclidean norm of this step's gradient, where it was measured.
    pub grad_norm: Option<f64>,
    /// Cosine of the angle between this gradient and the one before, where there was one.
    pub turn: Option<f64>,
    /// Whether clipping changed the gradient.
    pub clipped: bool,
    /// The parameters themselves, for tasks of at most three.
    pub at: &'a [f32],
    /// The momentum that this update uses, for each group, where it was recorded.
    pub momentum: &'a [f64],
    /// Euclidean norm of the update over that of the parameters, where it was recorded.
    pub update_ratio: Option<f64>,
    /// What really multiplied the direction, for each group, where that is not the learning rate of all of
    /// them.
    pub effective_lr: &'a [f64],
}

impl<'a> StepRef<'a> {
    /// What really multiplied the direction, for each group: the learning rate where nothing else is told.
    pub fn acting_lr(&self) -> &'a [f64] {
        if self.effective_lr.is_empty() { self.lr } else { self.effective_lr }
    }
}

impl Steps {
    /// No steps, with room for `count`.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            t: Vec::with_capacity(count),
            loss: Vec::with_capacity(count),
            grad_norm: Lists::default(),
            turn: Vec::with_capacity(count),
            clipped: Vec::with_capacity(count),
            lr: Lists { values: Vec::with_capacity(count), ..Lists::default() },
            at: Lists::default(),
            momentum: Lists::default(),
            update_ratio: Lists::default(),
            effective_lr: Lists::default(),
        }
    }

    /// Adds a step at the end.
    pub fn push(&mut self, step: Step) {
        let Step { t, loss, lr, grad_norm, turn, clipped, at, momentum, update_ratio, effective_lr } = step;
        self.t.push(t);
        self.loss.push(loss);
        self.grad_norm.push(grad_norm.as_slice());
        self.turn.push(turn.unwrap_or(f64::NAN));
        self.clipped.push(clipped);
        self.lr.push(&lr);
        self.at.push(&at);
        self.momentum.push(&momentum);
        self.update_ratio.push(update_ratio.as_slice());
        self.effective_lr.push(&effective_lr);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.t.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.t.is_empty()
    }

    /// The step at `index`, counted from 0; `None` past the end.
    pub fn get(&self, index: usize) -> Option<StepRef<'_>> {
        (index < self.len()).then(|| self.step(index))
    }

    /// The step at `index`, which must be one of them.
    fn step(&self, index: usize) -> StepRef<'_> {
        let turn = self.turn[index];
        StepRef {
            t: self.t[index],
            loss: self.loss[index],
            lr: self.lr.get(index),
            grad_norm: self.grad_norm.get(index).first().copied(),
            turn: (!turn.is_nan()).then_some(turn),
            clipped: self.clipped[index],
            at: self.at.get(index),
            momentum: self.momentum.get(index),
            update_ratio: self.update_ratio.get(index).first().copied(),
            effective_lr: self.effective_lr.get(index),
        }
    }

    /// The first step.
    pub fn first(&self) -> Option<StepRef<'_>> {
        self.get(0)
    }

    /// The last step.
    pub fn last(&self) -> Option<StepRef<'_>> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All steps in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = StepRef<'_>> + ExactSizeIterator + Clone {
        (0..self.len()).map(|index| self.step(index))
    }

    /// The training loss of every step.
    pub fn losses(&self) -> &[f64] {
        &self.loss
    }

    /// The same, to ask what a run would tell had its losses been others.
    pub fn losses_mut(&mut self) -> &mut [f64] {
        &mut self.loss
    }

    /// Keeps the first `count` steps at most.
    pub fn truncate(&mut self, count: usize) {
        *self = self.iter().take(count).map(Step::from).collect();
    }

    /// Gives back the memory that is not used.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.t.shrink_to_fit();
        self.loss.shrink_to_fit();
        self.grad_norm.shrink_to_fit();
        self.turn.shrink_to_fit();
        self.clipped.shrink_to_fit();
        self.lr.shrink_to_fit();
        self.at.shrink_to_fit();
        self.momentum.shrink_to_fit();
        self.update_ratio.shrink_to_fit();
        self.effective_lr.shrink_to_fit();
    }
}

impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<Step> for Steps {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        let mut all = Self::default();
        for step in steps {
            all.push(step);
        }
        all
    }
}

impl From<StepRef<'_>> for Step {
    fn from(step: StepRef<'_>) -> Self {
        let StepRef { t, loss, lr, grad_norm, turn, clipped, at, momentum, update_ratio, effective_lr } =
            step;
        let (lr, at, momentum) = (lr.to_vec(), at.to_vec(), momentum.to_vec());
        let effective_lr = effective_lr.to_vec();
        Self { t, loss, lr, grad_norm, turn, clipped, at, momentum, update_ratio, effective_lr }
    }
}

/// Short lists one after another. All are as long as the first in any log that lrlab writes.
#[derive(Clone, Debug, Default)]
struct Lists<T> {
    values: Vec<T>,
    count: usize,
    /// Length of each list, as long as they are alike.
    width: usize,
    /// Where each list ends; empty as long as they are alike.
    ends: Vec<usize>,
}

impl<T: Copy> Lists<T> {
    fn push(&mut self, list: &[T]) {
        if self.count == 0 {
            self.width = list.len();
        } else if self.ends.is_empty() && list.len() != self.width {
            self.ends = (1..=self.count).map(|count| count * self.width).collect();
        }
        self.values.extend_from_slice(list);
        self.count += 1;
        if !self.ends.is_empty() {
            self.ends.push(self.values.len());
        }
    }

    fn get(&self, index: usize) -> &[T] {
        if self.ends.is_empty() {
            &self.values[index * self.width..(index + 1) * self.width]
        } else {
            &self.values[index.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[index]]
        }
    }

    fn shrink_to_fit(&mut self) {
        self.values.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn steps_come_back_as_they_went_in(
            given in prop::collection::vec(
                (
                    any::<u64>(),
                    any::<f64>().prop_filter("a NaN equals nothing", |loss| !loss.is_nan()),
                    prop::collection::vec(0.0..1.0, 0..3),
                    prop::option::of(-1.0..=1.0),
                    any::<bool>(),
                    prop::collection::vec(-1.0_f32..1.0, 0..3),
                    prop::collection::vec(0.0..1.0, 0..3),
                    prop::option::of(0.0..1.0),
                    prop::option::of(0.0..1.0),
                    prop::collection::vec(0.0..1.0, 0..3),
                ),
                0..6,
            ),
            kept in 0..7_usize,
        ) {
            let step = |(t, loss, lr, turn, clipped, at, momentum, grad_norm, update_ratio, effective_lr)| {
                Step { t, loss, lr, grad_norm, turn, clipped, at, momentum, update_ratio, effective_lr }
            };
            let mut given: Vec<Step> = given.into_iter().map(step).collect();
            let mut steps: Steps = given.iter().cloned().collect();
            prop_assert_eq!(steps.iter().map(Step::from).collect::<Vec<_>>(), given.clone());
            prop_assert_eq!(steps.last().map(Step::from), given.last().cloned());
            prop_assert_eq!(steps.get(given.len()), None);
            steps.truncate(kept);
            given.truncate(kept);
            prop_assert_eq!(steps, given.into_iter().collect::<Steps>());
        }
    }
}
