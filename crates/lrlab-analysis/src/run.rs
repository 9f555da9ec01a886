//! Runs: event logs, folded.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use lrlab_core::{
    Event, Outcome, StudySpec,
    event::{Probe, Probed, Skipped, Started, Validated},
};

use crate::{TrialResult, line, statistics::mean, steps::Steps};

/// The event log of one trial, folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What was run.
    pub started: Started,
    /// Every update, in order.
    pub steps: Steps,
    /// Every update that was left out because its loss or gradient was not finite, in order.
    pub skipped: Vec<Skipped>,
    /// Every measurement, in order.
    pub probes: Vec<Probed>,
    /// Every validation, in order.
    pub validated: Vec<Validated>,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
}

/// The runs of one arm of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmRuns {
    /// The arm's name.
    pub label: String,
    /// The runs that it is compared by, in the order of the study's seeds; a run that is missing or torn is
    /// left out.
    pub runs: Vec<Run>,
    /// The trials by which its rate was chosen, in the order of their names; empty where it is as written.
    pub tuning: Vec<TrialResult>,
    /// The trials that failed before they could begin, of both kinds.
    pub unbuilt: Vec<Unbuilt>,
}

/// A trial that failed before it could begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbuilt {
    /// Name of its run's folder.
    pub name: String,
    /// Why.
    pub why: String,
}

/// A study with all its runs.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRuns {
    /// What was asked.
    pub spec: StudySpec,
    /// One entry for each arm, in the study's order.
    pub arms: Vec<ArmRuns>,
}

/// Why logs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system said no.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not an event. (A last line without its end is no error: the write was cut off.)
    #[error("{path}, line {line}: not an event of lrlab: {why}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// The folder holds nothing that could be read.
    #[error("{path} holds no {expected}")]
    Nothing {
        /// Which folder.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
    /// A study's file is not one of lrlab's.
    #[error("{path} is not a study of lrlab: {why}")]
    Study {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A run lies in a study that did not ask for it, or asked for it once and has it twice.
    #[error("{path} belongs to no arm of the study: {why}")]
    Stray {
        /// Which log.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Why events do not make a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// There was no event at all.
    #[error("there are no events")]
    Empty,
    /// An event stands where it cannot.
    #[error("event {}: {why}", index + 1)]
    Misplaced {
        /// Which event, from 0.
        index: usize,
        /// Why it cannot stand there.
        why: &'static str,
    },
}

/// Calls `f` with each event of the log at `path`, in order; gives their number. A last line without
/// its newline was cut off while it was written and is left out.
pub(crate) fn each_event(path: &Path, mut f: impl FnMut(Event)) -> Result<usize, ReadError> {
    let bytes = std::fs::read(path).map_err(|source| ReadError::Io { path: path.into(), source })?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let mut lines = 0;
    for text in bytes[..whole].split_inclusive(|&byte| byte == b'\n') {
        lines += 1;
        let event = line::event(text).map_err(|error| ReadError::Line {
            path: path.into(),
            line: lines,
            why: error.to_string(),
        })?;
        f(event);
    }
    Ok(lines)
}

/// Bytes of the shortest line of a step: no log holds more steps than its length allows.
const SHORTEST_STEP: usize = 50;

/// The run that the events so far make.
struct Folded(Option<Run>);

impl Folded {
    /// Takes the next event; room is made for at most `most` steps beforehand.
    fn push(&mut self, event: Event, most: usize) -> Result<(), &'static str> {
        let Some(run) = &mut self.0 else {
            let Event::Started(started) = event else { return Err("a log begins with `started`") };
            let planned = usize::try_from(started.horizon.total_steps).unwrap_or(usize::MAX);
            let steps = Steps::with_capacity(planned.min(most));
            let started = *started;
            let (skipped, probes, validated) = Default::default();
            self.0 = Some(Run { started, steps, skipped, probes, validated, outcome: None });
            return Ok(());
        };
        if run.outcome.is_some() {
            return Err("nothing follows `finished`");
        }
        match event {
            Event::Started(_) => return Err("a run starts once"),
            Event::Step(step) if run.steps.last().is_some_and(|last| step.t <= last.t) => {
                return Err("steps count upwards");
            }
            Event::Step(step) => run.steps.push(step),
            Event::Skipped(skipped) => run.skipped.push(skipped),
            Event::Probed(probed) => run.probes.push(probed),
            Event::Validated(validated) => run.validated.push(validated),
            Event::Finished { outcome } => run.outcome = Some(outcome),
        }
        Ok(())
    }
}

impl Run {
    /// Makes a run of its events, in the order in which they were written.
    ///
    /// The first is `started`, steps count upwards, nothing follows `finished`; anything else is a
    /// [`FoldError`].
    pub fn fold(events: impl IntoIterator<Item = Event>) -> Result<Self, FoldError> {
        let mut folded = Folded(None);
        for (index, event) in events.into_iter().enumerate() {
            folded.push(event, 0).map_err(|why| FoldError::Misplaced { index, why })?;
        }
        folded.0.ok_or(FoldError::Empty)
    }

    /// Reads a log: JSON Lines, one event a line.
    ///
    /// A last line without its newline was cut off while it was written and is dropped. A log that
    /// holds no whole line is [`ReadError::Nothing`].
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let bytes = std::fs::read(path).map_err(|source| ReadError::Io { path: path.into(), source })?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let mut folded = Folded(None);
        for (index, line) in bytes[..whole].split_inclusive(|&byte| byte == b'\n').enumerate() {
            let wrong = |why| ReadError::Line { path: path.into(), line: index + 1, why };
            let event = line::event(line).map_err(|error| wrong(error.to_string()))?;
            folded.push(event, whole / SHORTEST_STEP).map_err(|why| wrong(why.to_owned()))?;
        }
        let mut run = folded.0.ok_or_else(|| ReadError::Nothing { path: path.into(), expected: "event" })?;
        run.steps.shrink_to_fit();
        Ok(run)
    }

    /// Whether the log is whole: the trial ended, in whatever way.
    pub fn is_complete(&self) -> bool {
        self.outcome.is_some()
    }

    /// Whether the trial used up its budget.
    pub fn is_completed(&self) -> bool {
        self.outcome == Some(Outcome::Completed)
    }

    /// Whether the trial's loss left all bounds.
    pub fn is_diverged(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Diverged { .. }))
    }

    /// Mean training loss of each epoch, in order; the last may be cut short.
    pub fn epoch_means(&self) -> Vec<f64> {
        self.losses().chunks(self.steps_per_epoch()).map(mean).collect()
    }

    /// Training loss at the end: the mean over the last epoch's worth of steps, which for
    /// full-batch training is the last step. `None` for a run without steps.
    pub fn final_loss(&self) -> Option<f64> {
        let losses = self.losses();
        let from = losses.len().saturating_sub(self.steps_per_epoch());
        (!losses.is_empty()).then(|| mean(&losses[from..]))
    }

    /// The least mean training loss of a whole epoch; of all steps if there is no whole epoch.
    /// Epochs whose mean is NaN do not count. `None` for a run without steps.
    pub fn best_loss(&self) -> Option<f64> {
        let losses = self.losses();
        let least = losses
            .chunks_exact(self.steps_per_epoch())
            .map(mean)
            .filter(|mean| !mean.is_nan())
            .min_by(f64::total_cmp);
        least.or_else(|| (!losses.is_empty()).then(|| mean(losses)))
    }

    /// The last value of the objective; `None` if it was never validated.
    pub fn objective(&self) -> Option<f64> {
        self.metric(&self.started.objective)
    }

    /// The last value of a metric by name; `None` if it was never validated.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.validated.iter().rev().find_map(|validated| validated.metrics.get(name)).map(|metric| metric.0)
    }

    /// Updates made until a validation first gave an objective of `target` or less.
    pub fn steps_to(&self, target: f64) -> Option<u64> {
        let met = |validated: &&Validated| {
            validated.metrics.get(&self.started.objective).is_some_and(|metric| metric.0 <= target)
        };
        self.validated.iter().find(met).map(|validated| validated.t)
    }

    /// Share of the steps whose t lies in `range` that point against the step before (0 to 1);
    /// `None` if no step there has a direction to compare.
    pub fn flip_share(&self, range: Range<u64>) -> Option<f64> {
        let turns: Vec<f64> =
            self.steps.iter().filter(|step| range.contains(&step.t)).filter_map(|step| step.turn).collect();
        let flips = turns.iter().filter(|&&turn| turn < 0.0).count();
        (!turns.is_empty()).then(|| flips as f64 / turns.len() as f64)
    }

    /// The rates that a parameter group used: (t, rate) of every step. Groups count as in
    /// [`Started::groups`].
    pub fn rate(&self, group: usize) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.steps.iter().filter_map(move |step| step.lr.get(group).map(|&lr| (step.t, lr)))
    }

    /// Updates made.
    pub fn updates(&self) -> u64 {
        self.steps.last().map_or(0, |last| last.t + 1)
    }

    /// Training loss that every measure of progress is held against: of the probe batch before the
    /// first update, or else of the first step's batch. `None` for a run without steps.
    pub fn start_loss(&self) -> Option<f64> {
        let probed =
            self.probes.iter().filter(|probed| probed.t == 0).find_map(|probed| match probed.probe {
                Probe::Gradient { loss, .. } => Some(loss),
                _ => None,
            });
        probed.or_else(|| self.steps.first().map(|step| step.loss))
    }

    fn losses(&self) -> &[f64] {
        self.steps.losses()
    }

    fn steps_per_epoch(&self) -> usize {
        usize::try_from(self.started.horizon.steps_per_epoch).unwrap_or(usize::MAX).max(1)
    }
}
