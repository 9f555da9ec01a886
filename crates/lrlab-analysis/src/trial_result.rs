//! What a planner and a comparison need of a trial: its event log, folded small.

use std::path::Path;

use lrlab_core::{
    Event, Outcome, TrialSpec,
    event::{Metric, Probe, Probed, Validated},
};

use crate::{
    ReadError,
    run::{self, Run},
};

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
    /// Gradient evaluations spent, those of measurements and of skipped updates too; one for an update
    /// however many batches it takes.
    pub gradients: u64,
    /// The objective before the first update, where it was measured.
    pub untrained: Option<f64>,
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
            untrained: None,
            clipped: 0,
            objectives: Vec::new(),
            sweep: Vec::new(),
            stable: Vec::new(),
        };
        Self { result, objective: None, slack: None }
    }

    /// Takes in the next event.
    pub fn push(&mut self, event: &Event) {
        match event {
            Event::Started(started) => {
                self.objective = Some(started.objective.clone());
                self.result.untrained = started.untrained.map(|Metric(value)| value);
            }
            Event::Step(step) => {
                let lr = step.lr.first().copied().unwrap_or(f64::NAN);
                self.step(step.t, lr, step.loss, step.clipped);
            }
            Event::Skipped(_) => self.result.gradients += 1,
            Event::Probed(probed) => self.probed(probed),
            Event::Validated(validated) => self.validated(validated),
            Event::Finished { outcome } => self.result.outcome = Some(outcome.clone()),
        }
    }

    fn step(&mut self, t: u64, lr: f64, loss: f64, clipped: bool) {
        let result = &mut self.result;
        result.updates = t + 1;
        result.gradients += 1;
        result.clipped += u64::from(clipped);
        if result.trial.stop.is_some() {
            result.sweep.push((lr, loss));
        }
        if let Some(slack) = self.slack.take() {
            result.stable.push((t, lr * slack));
        }
    }

    fn probed(&mut self, probed: &Probed) {
        let result = &mut self.result;
        match probed.probe {
            Probe::Sharpness { value, limit, products, .. } => {
                result.gradients += 2 * u64::from(products);
                self.slack = (value > 0.0).then_some(limit / value);
            }
            Probe::Gradient { .. } => result.gradients += 1,
            // Two clones, and the run's own loss on the probe batch at both ends.
            Probe::Branch { from, .. } => result.gradients += 2 * (probed.t - from) + 4,
            Probe::Progress { .. } => {}
        }
    }

    fn validated(&mut self, validated: &Validated) {
        let objective = self.objective.as_ref().and_then(|name| validated.metrics.get(name));
        if let Some(Metric(value)) = objective {
            self.result.objectives.push((validated.t, *value));
        }
    }

    /// What is known so far, in no more memory than it needs: results are kept by the thousand.
    pub fn finish(mut self) -> TrialResult {
        self.result.objectives.shrink_to_fit();
        self.result.sweep.shrink_to_fit();
        self.result.stable.shrink_to_fit();
        self.result
    }

    /// What is known so far, as it stands.
    pub fn result(&self) -> &TrialResult {
        &self.result
    }
}

impl TrialResult {
    /// The result that a run under `name` comes to.
    pub fn of(name: &str, run: &Run) -> Self {
        let mut fold = ResultFold::new(name, &run.started.trial);
        fold.objective = Some(run.started.objective.clone());
        // A probe stands before the step of its t.
        let mut probes = run.probes.iter().peekable();
        for step in run.steps.iter() {
            while let Some(probed) = probes.next_if(|probed| probed.t <= step.t) {
                fold.probed(probed);
            }
            fold.step(step.t, step.lr.first().copied().unwrap_or(f64::NAN), step.loss, step.clipped);
        }
        probes.for_each(|probed| fold.probed(probed));
        fold.result.gradients += run.skipped.len() as u64;
        run.validated.iter().for_each(|validated| fold.validated(validated));
        fold.result.outcome.clone_from(&run.outcome);
        fold.finish()
    }

    /// Folds the log at `path` of whatever trial. `None` if it has no whole line, or failed before it
    /// began.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub fn read_any(path: &Path, name: &str) -> Result<Option<Self>, ReadError> {
        let mut fold: Option<ResultFold> = None;
        run::each_event(path, |event| {
            if let Event::Started(started) = &event {
                fold = Some(ResultFold::new(name, &started.trial));
            }
            if let Some(fold) = &mut fold {
                fold.push(&event);
            }
        })?;
        Ok(fold.map(ResultFold::finish))
    }

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

    /// Whether training did harm: the loss left all bounds, or the objective ended above what it was
    /// before the first update.
    pub fn is_worse_than_untrained(&self) -> bool {
        let last = self.objectives.last().map(|(_, value)| *value);
        self.is_diverged()
            || self.is_completed()
                && matches!((last, self.untrained), (Some(last), Some(untrained)) if last.is_nan() || last > untrained)
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
