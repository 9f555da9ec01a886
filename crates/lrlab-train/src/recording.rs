//! Records a training that other code runs: its log, in a folder of which reports are made.
//!
//! One folder holds any number of such trainings: other seeds, and other strategies under labels of their
//! own. Several processes may record into it at once, each its own run.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
};

use lrlab_core::{
    Duration, Event, Horizon, Outcome, Question, Strategy, TaskSpec, TrialSpec,
    event::{Probed, Skipped, Started, Step, Validated},
    layout::{self, EVENTS_FILE, RUNS_FOLDER},
    study::RecordedSpec,
};

use crate::{
    TrainError,
    checkpoint::Digest,
    log::{Lines, Timing, io},
    study::StudyFolder,
};

/// Seconds after which lines are written even if they are few.
const PATIENCE: f64 = 1.0;

/// What is recorded, told before its first step.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The heading of the report; that of the folder's first recording counts.
    pub title: String,
    /// Name of the arm: runs of one strategy with other seeds share it.
    pub label: String,
    /// Optimizer and schedule, in words.
    pub strategy: String,
    /// What is trained, in words.
    pub task: String,
    /// What seeded the training.
    pub seed: u64,
    /// Steps in all and in an epoch; 0 where unknown.
    pub horizon: Horizon,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Names of the parameter groups.
    pub groups: Vec<String>,
    /// The metric that says how good the outcome is, lower being better.
    pub objective: String,
}

/// A training's log while it is written.
#[derive(Debug)]
pub struct Recording {
    folder: PathBuf,
    lines: Lines,
    timing: Timing,
    /// When lines were last written, in seconds.
    flushed: f64,
    /// The last step that was recorded.
    last: Option<u64>,
    /// The first of the latest steps whose losses are no finite numbers.
    spoilt: Option<(u64, f64)>,
}

impl Recording {
    /// Begins the log of a training in a study's `folder`, which is made if need be.
    ///
    /// With `resume`, the log that is there goes on after that many updates: what it holds of later ones is
    /// dropped, as they will be made again.
    ///
    /// # Errors
    /// A folder that holds anything else, a training that is there already or is being written, one that is
    /// to go on and is not there, and whatever cannot be written.
    pub fn begin(folder: &Path, recorded: &Recorded, resume: Option<u64>) -> Result<Self, TrainError> {
        // Only while the run finds its place: other processes may record into the folder.
        let _lock =
            StudyFolder::join(folder, || Question::Recorded(RecordedSpec { title: recorded.title.clone() }))?;
        let run = folder.join(RUNS_FOLDER).join(place(folder, recorded)?);
        fs::create_dir_all(&run).map_err(|source| io(&run, source))?;
        let path = run.join(EVENTS_FILE);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|source| io(&path, source))?;
        hold(&file, &run)?;
        let kept = kept(&file, &path, resume)?;
        let whose = || format!("{} with seed {}", recorded.label, recorded.seed);
        match (resume, &kept) {
            (None, Kept { started: Some(_), .. }) => Err(TrainError::Occupied {
                path: run.clone(),
                holds: format!("holds {} already", whose()),
                advice:
                    "give another label or seed, or the number of updates after which it goes on (resume)"
                        .to_owned(),
            }),
            (Some(_), Kept { started: None, .. }) => Err(TrainError::Unreadable {
                path: path.clone(),
                why: format!("it holds no training of {}; begin one without resume", whose()),
            }),
            _ => Ok(()),
        }?;
        let mut recording = Self {
            lines: Lines::after(path, file, kept.digest)?,
            timing: Timing::start(&run),
            folder: run,
            flushed: 0.0,
            last: kept.last,
            spoilt: None,
        };
        if kept.started.is_none() {
            recording.lines.push(&Event::Started(Box::new(recorded.started())))?;
            recording.lines.flush()?;
        }
        Ok(recording)
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The last step that was recorded; `None` before the first.
    pub fn last(&self) -> Option<u64> {
        self.last
    }

    /// Records an update.
    ///
    /// # Errors
    /// What the system refused to write; the lines are kept and tried again.
    ///
    /// # Panics
    /// In debug builds, where steps do not count upwards.
    pub fn step(&mut self, step: Step) -> Result<(), TrainError> {
        debug_assert!(self.last.is_none_or(|last| last < step.t), "steps count upwards");
        self.last = Some(step.t);
        self.spoilt = if step.loss.is_finite() { None } else { self.spoilt.or(Some((step.t, step.loss))) };
        self.timing.steps += 1;
        self.push(&Event::Step(step))
    }

    /// Records a validation.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn validated(&mut self, validated: Validated) -> Result<(), TrainError> {
        self.push(&Event::Validated(validated))
    }

    /// Writes what is gathered.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn flush(&mut self) -> Result<(), TrainError> {
        self.flushed = self.timing.seconds();
        self.lines.flush()
    }

    /// Ends the log. A training that came to its end, or failed, with a loss that is no finite number has
    /// diverged.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn finish(mut self, outcome: Outcome) -> Result<(), TrainError> {
        let outcome = match (outcome, self.spoilt) {
            (Outcome::Completed | Outcome::Failed { .. }, Some((t, loss))) => Outcome::Diverged { t, loss },
            (outcome, _) => outcome,
        };
        self.lines.push(&Event::Finished { outcome })?;
        self.lines.flush()?;
        self.timing.write()
    }

    fn push(&mut self, event: &Event) -> Result<(), TrainError> {
        self.lines.push(event)?;
        let due = self.lines.is_full() || self.timing.seconds() - self.flushed > PATIENCE;
        if due { self.flush() } else { Ok(()) }
    }
}

impl Recorded {
    fn started(&self) -> Started {
        Started {
            trial: TrialSpec {
                task: TaskSpec { name: self.task.clone(), args: [].into() },
                strategy: Arc::new(Strategy::as_recorded(&self.strategy)),
                seed: self.seed,
                budget: Duration::Steps(self.horizon.total_steps),
                batch_size: None,
                measure: false,
                stop: None,
            },
            label: Some(self.label.clone()),
            lrlab: env!("CARGO_PKG_VERSION").to_owned(),
            horizon: self.horizon,
            parameters: self.parameters,
            groups: self.groups.clone(),
            full_batch: false,
            objective: self.objective.clone(),
            untrained: None,
            data: Vec::new(),
            bowl: None,
        }
    }
}

/// The name of the run's folder: its label's arm keeps its number, and a new one gets the next.
fn place(folder: &Path, recorded: &Recorded) -> Result<String, TrainError> {
    let runs = folder.join(RUNS_FOLDER);
    fs::create_dir_all(&runs).map_err(|source| io(&runs, source))?;
    let mut arms = 0;
    for entry in fs::read_dir(&runs).map_err(|source| io(&runs, source))? {
        let name = entry.map_err(|source| io(&runs, source))?.file_name();
        let Some(index) = name.to_str().and_then(layout::arm_of) else { continue };
        let label = File::open(runs.join(&name).join(EVENTS_FILE)).ok().and_then(|log| label(&log));
        if label.as_deref() == Some(&recorded.label) {
            return Ok(layout::run_folder(index, &recorded.label, recorded.seed));
        }
        arms = arms.max(index + 1);
    }
    Ok(layout::run_folder(arms, &recorded.label, recorded.seed))
}

/// The label that a log begins with.
fn label(log: &File) -> Option<String> {
    let mut line = String::new();
    BufReader::new(log).read_line(&mut line).ok()?;
    match serde_json::from_str(&line).ok()? {
        Event::Started(started) => started.label,
        _ => None,
    }
}

/// Holds a log for this process; the lock ends with the file.
fn hold(file: &File, run: &Path) -> Result<(), TrainError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(TrainError::Occupied {
            path: run.to_owned(),
            holds: "is being written by another recorder".to_owned(),
            advice: "close that one, or give another label or seed".to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io(run, source)),
    }
}

/// What of a log stays.
#[derive(Default)]
struct Kept {
    started: Option<Box<Started>>,
    digest: Digest,
    last: Option<u64>,
}

/// What of the log stays when training goes on after `updates`; without them, what is there.
fn kept(file: &File, path: &Path, updates: Option<u64>) -> Result<Kept, TrainError> {
    let mut kept = Kept::default();
    let updates = updates.unwrap_or(u64::MAX);
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        reader.read_until(b'\n', &mut line).map_err(|source| io(path, source))?;
        if !line.ends_with(b"\n") {
            break;
        }
        let event: Event = serde_json::from_slice(&line).map_err(|why| TrainError::Unreadable {
            path: path.to_owned(),
            why: format!("line {number}: {why}"),
        })?;
        match event {
            Event::Started(started) => kept.started = Some(started),
            Event::Step(Step { t, .. }) if t < updates => kept.last = Some(t),
            Event::Skipped(Skipped { t, .. }) if t < updates => {}
            Event::Validated(Validated { t, .. }) | Event::Probed(Probed { t, .. }) if t <= updates => {}
            _ => break,
        }
        kept.digest.add(&line);
    }
    Ok(kept)
}
