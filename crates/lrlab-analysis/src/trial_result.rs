//! What a planner and a comparison need of a trial: its event log, folded small.

use std::path::Path;

use lrlab_core::{
    Event, Outcome, TrialSpec,
    event::{Metric, Probe},
};

use crate::{ReadError, run};

/// The result of a trial, a few hundred bytes however long it was.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialResult {
    /// Name of its run in the study's folder.
    pub name: String,
    /// What was asked for.
    pub trial: TrialSpec,
    /// How it ended; `None` while it is paused.
    pub outcome: Option<Outcome>,
    /// Updates made.
    pub updates: u64,
    /// Gradient evaluations spent, those of measurements too.
    pub gradients: u64,
    /// Steps on which clipping changed the gradient.
    pub clipped: u64,
    /// (updates made, objective) of every validation, in order.
    pub objectives: Vec<(u64, f64)>,
    /// (rate of the first group, training loss) of every step, where the trial was a range test.
    pub sweep: Vec<(f64, f64)>,
    /// (updates made, the largest stable rate of the first group) wherever sharpness was measured.
    pub stable: Vec<(u64, f64)>,
}

/// Folds events into a [`TrialResult`] as they come.
#[derive(Clone, Debug)]
pub struct ResultFold {
    result: TrialResult,
    objective: Option<String>,
    /// `limit / sharpness` of the last probe, to be multiplied with the rate of the step that follows.
    slack: Option<f64>,
}

impl ResultFold {
    /// Nothing has happened yet.
    pub fn new(name: &str, trial: &TrialSpec) -> Self {
        let result = TrialResult {
            name: name.to_owned(),
            trial: trial.clone(),
            outcome: None,
            updates: 0,
            gradients: 0,
            clipped: 0,
            objectives: Vec::new(),
            sweep: Vec::new(),
            stable: Vec::new(),
        };
        Self { result, objective: None, slack: None }
    }

    /// Takes in the next event.
    pub fn push(&mut self, event: &Event) {
        let result = &mut self.result;
        match event {
            Event::Started(started) => self.objective = Some(started.objective.clone()),
            Event::Step(step) => {
                result.updates = step.t + 1;
                result.gradients += 1;
                result.clipped += u64::from(step.clipped);
                let lr = step.lr.first().copied().unwrap_or(f64::NAN);
                if result.trial.stop.is_some() {
                    result.sweep.push((lr, step.loss));
                }
                if let Some(slack) = self.slack.take() {
                    result.stable.push((step.t, lr * slack));
                }
            }
            Event::Probed(probed) => match probed.probe {
                Probe::Sharpness { value, limit, products, .. } => {
                    result.gradients += 2 * u64::from(products);
                    self.slack = (value > 0.0).then_some(limit / value);
                }
                Probe::Gradient { .. } => result.gradients += 1,
                // Two clones, and the run's own loss on the probe batch at both ends.
                Probe::Branch { from, .. } => result.gradients += 2 * (probed.t - from) + 4,
                Probe::Progress { .. } => {}
            },
            Event::Validated(validated) => {
                let objective = self.objective.as_ref().and_then(|name| validated.metrics.get(name));
                if let Some(Metric(value)) = objective {
                    result.objectives.push((validated.t, *value));
                }
            }
            Event::Finished { outcome } => result.outcome = Some(outcome.clone()),
        }
    }

    /// What is known so far.
    pub fn finish(self) -> TrialResult {
        self.result
    }

    /// What is known so far, as it stands.
    pub fn result(&self) -> &TrialResult {
        &self.result
    }
}

impl TrialResult {
    /// Folds the log at `path`. `None` if it has no whole line, or is the log of another trial.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub fn read(path: &Path, name: &str, trial: &TrialSpec) -> Result<Option<Self>, ReadError> {
        let mut fold = ResultFold::new(name, trial);
        let mut same = true;
        let lines = run::each_event(path, |event| {
            if let Event::Started(started) = &event {
                same = started.trial == *trial;
            }
            fold.push(&event);
        })?;
        Ok((same && lines > 0).then(|| fold.finish()))
    }

    /// Whether the budget was used up.
    pub fn is_completed(&self) -> bool {
        self.outcome == Some(Outcome::Completed)
    }

    /// Whether the loss left all bounds.
    pub fn is_diverged(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Diverged { .. }))
    }

    /// The objective at the end of a completed trial; infinite where it diverged or is NaN, `None` where
    /// the trial failed, was stopped or goes on.
    pub fn objective(&self) -> Option<f64> {
        match self.outcome {
            Some(Outcome::Completed) => {
                let last = self.objectives.last().map_or(f64::NAN, |(_, value)| *value);
                Some(if last.is_nan() { f64::INFINITY } else { last })
            }
            Some(Outcome::Diverged { .. }) => Some(f64::INFINITY),
            _ => None,
        }
    }
}
