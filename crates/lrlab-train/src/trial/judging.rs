//! What a trial is judged by: metrics of its weights where they are evaluated, and of their averages.

use std::collections::BTreeMap;

use lrlab_core::{
    event::{Metric, RAW, Started, Validated},
    optimizer::Point,
};

use super::Trial;
use crate::{Batch, Task, TaskError, TrainError, groups::Groups, weights};

/// Which weights are asked.
#[derive(Clone, Copy, Debug)]
enum Weights<'a> {
    /// Those that are trained, where their optimizers mean them to be evaluated.
    Trained,
    /// An average.
    Averaged(&'a [f32]),
}

impl Trial {
    /// Whether an epoch or the training has just ended.
    pub(super) fn is_to_be_validated(&self) -> bool {
        self.t.is_multiple_of(self.horizon.steps_per_epoch) || self.t == self.horizon.total_steps
    }

    /// The metrics of the weights and of their averages. The plain names go to what the training is judged
    /// by, the others begin with the word of theirs.
    pub(super) fn validate(&mut self) -> Result<Validated, TaskError> {
        let Self { task, groups, averages, room, .. } = self;
        let judge = averages.judge().map(|kept| kept.average.kind.word());
        let trained = (judge.map(|_| RAW), Weights::Trained);
        let averaged = averages.begun().map(|kept| {
            let word = kept.average.kind.word();
            ((judge != Some(word)).then_some(word), Weights::Averaged(&kept.weights))
        });
        let mut metrics = BTreeMap::new();
        for (prefix, weights) in std::iter::once(trained).chain(averaged) {
            for (name, value) in ask(weights, &mut **task, groups, room, |task| task.validate())? {
                let name = prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix} {name}"));
                metrics.insert(name, Metric(value));
            }
        }
        Ok(Validated { t: self.t, metrics })
    }

    /// The loss on the probe batch of the weights that the training is judged by.
    pub(crate) fn probe_loss(&mut self) -> Result<f64, TaskError> {
        let Self { task, groups, averages, room, .. } = self;
        let weights = averages.judge().map_or(Weights::Trained, |kept| Weights::Averaged(&kept.weights));
        ask(weights, &mut **task, groups, room, |task| task.gradients(Batch::Probe))
    }

    /// Tells the scheduler what was measured.
    pub(super) fn react(&mut self, Validated { t, metrics }: &Validated) -> Result<(), TrainError> {
        for (name, Metric(value)) in metrics {
            self.scheduler.on_metric(*t, name, *value, &mut self.groups.fields.values)?;
        }
        Ok(())
    }

    pub(super) fn started(&mut self) -> Result<Started, TaskError> {
        let untrained = self.task.validate()?.first().copied();
        Ok(Started {
            trial: self.spec.clone(),
            label: None,
            lrlab: env!("CARGO_PKG_VERSION").to_owned(),
            horizon: self.horizon,
            parameters: self.groups.parameters,
            groups: self.groups.fields.values.iter().map(|group| group.name.clone()).collect(),
            full_batch: self.full_batch,
            objective: untrained.map_or("loss", |(name, _)| name).to_owned(),
            untrained: untrained.map(|(_, value)| Metric(value)),
            data: self.task.facts(),
            bowl: self.task.bowl(),
        })
    }
}

/// What `question` finds with `weights` in the task. The weights that are trained are put back from a
/// copy: to move there and back again would round them.
fn ask<T>(
    weights: Weights<'_>,
    task: &mut dyn Task,
    groups: &mut Groups,
    room: &mut Vec<f32>,
    question: impl FnOnce(&mut dyn Task) -> Result<T, TaskError>,
) -> Result<T, TaskError> {
    if matches!(weights, Weights::Trained) && !groups.evaluate_elsewhere() {
        return question(task);
    }
    weights::save(task, room);
    match weights {
        Weights::Trained => groups.move_to(Point::Evaluate, task),
        Weights::Averaged(average) => weights::load(task, average),
    }
    let answer = question(task);
    weights::load(task, room);
    answer
}
