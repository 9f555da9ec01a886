//! The checkpoints of a run: made while it trains, the newest kept, removed when it has ended.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use lrlab_core::{
    Event, Outcome,
    layout::{CHECKPOINTS_FOLDER, EVENTS_FILE},
};

use super::{
    CheckpointError, Interval, LogMark, Saved,
    folder::{is_draft, remove},
};
use crate::{
    Observer, TrainError, Trial,
    clock::Stopwatch,
    log::{Recorder, begins_with},
};

/// What the name of a checkpoint's folder ends in, after the number of updates.
const NAME: &str = "-updates";

/// The checkpoints of a run in its folder.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    run: PathBuf,
    interval: Interval,
    keep: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Updates made before it.
    pub t: u64,
    /// Its folder.
    pub path: PathBuf,
}

impl Checkpoints {
    /// How many are kept: the newest, and one more in case that is damaged.
    pub const KEPT: usize = 2;

    /// Those of the run in the folder `run`, one after every `interval`.
    pub fn of_run(run: &Path, interval: Interval) -> Self {
        Self { run: run.to_owned(), interval, keep: Self::KEPT }
    }

    /// The same, of which the newest `keep` are kept, at least 1.
    pub fn keeping(self, keep: usize) -> Self {
        Self { keep: keep.max(1), ..self }
    }

    /// Those that are there, the newest first.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn found(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        let folder = self.folder();
        let mut found = Vec::new();
        let unreadable = |source| CheckpointError::Unreadable { path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(unreadable(error)),
        };
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(t) = name.and_then(|name| name.strip_suffix(NAME)?.parse().ok()) {
                found.push(Checkpoint { t, path });
            }
        }
        found.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.t));
        Ok(found)
    }

    /// Trains as [`Trial::run_until`] does, and makes a checkpoint whenever one is due, and where the trial is
    /// stopped unless there are to be none. Where one cannot be written, `refused` is told and training goes on;
    /// those of before stay. The checkpoints of a run that has ended are removed. An interval that comes to no
    /// step makes none, which is told as well.
    ///
    /// # Errors
    /// As for [`Trial::run_until`].
    pub fn run_until(
        &self,
        trial: &mut Trial,
        until: u64,
        observer: &mut dyn Observer,
        refused: &mut dyn FnMut(&TrainError),
    ) -> Result<Option<Outcome>, TrainError> {
        let steps = self.interval.steps(trial.horizon()).unwrap_or_else(|error| {
            refused(&error.into());
            None
        });
        let until = until.min(trial.horizon().total_steps);
        let mut since = Stopwatch::start();
        let mut observer = UntilStopped { observer, mark: Ok(None) };
        loop {
            let pause = match (steps, self.interval) {
                (Some(every), _) => (trial.t() / every + 1).saturating_mul(every),
                (None, Interval::Seconds(_)) => trial.t() + 1,
                (None, _) => until,
            };
            if let Some(outcome) = trial.run_until(pause.min(until), &mut observer)? {
                if outcome == Outcome::Stopped {
                    if self.interval != Interval::Never {
                        let saved = observer.mark.and_then(|log| self.save_at(trial, log));
                        saved.unwrap_or_else(|error| refused(&error));
                    }
                } else if self.folder().exists() {
                    // The log has to be on the disk before what could make it again is not.
                    let cleared = observer.mark().and_then(|_| Ok(self.clear()?));
                    cleared.unwrap_or_else(|error| refused(&error));
                }
                return Ok(Some(outcome));
            }
            let due = match (steps, self.interval) {
                (Some(every), _) => trial.t().is_multiple_of(every),
                (None, Interval::Seconds(seconds)) => since.elapsed().as_secs_f64() >= seconds,
                (None, _) => false,
            };
            if due {
                if let Err(error) = self.save(trial, &mut observer) {
                    refused(&error);
                }
                since = Stopwatch::start();
            }
            if trial.t() >= until {
                return Ok(None);
            }
        }
    }

    /// Makes a checkpoint of `trial` now, for whose log `observer` speaks, and removes those that are too
    /// old to be kept. Without a log there is none.
    ///
    /// # Errors
    /// What the file system refused; those of before are as they were.
    pub fn save(&self, trial: &mut Trial, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let log = observer.mark()?;
        self.save_at(trial, log)
    }

    fn save_at(&self, trial: &mut Trial, log: Option<LogMark>) -> Result<(), TrainError> {
        let Some(log) = log else { return Ok(()) };
        let path = self.folder().join(format!("{}{NAME}", trial.t()));
        // One that is there already was left behind when the run went on from an earlier one.
        remove_all(&path)?;
        trial.save_with(&path, Some(log))?;
        for old in self.found()?.iter().skip(self.keep) {
            remove_all(&old.path)?;
        }
        self.remove_drafts()
    }

    /// Lets `trial` and its log go on from the newest checkpoint after at most `most` updates that is whole and
    /// fits it; `None` where there is none, the trial then being as it was. `refused` is told of each that
    /// does not serve.
    ///
    /// # Errors
    /// A folder that cannot be read, or a log that cannot be written.
    pub fn resume<'a>(
        &self,
        trial: &mut Trial,
        most: u64,
        stop: &'a AtomicBool,
        refused: &mut dyn FnMut(&CheckpointError),
    ) -> Result<Option<Recorder<'a>>, TrainError> {
        for checkpoint in self.found()?.into_iter().filter(|checkpoint| checkpoint.t <= most) {
            match self.resume_from(&checkpoint, trial, stop) {
                Err(TrainError::Checkpoint(error)) => refused(&error),
                resumed => return resumed.map(Some),
            }
        }
        Ok(None)
    }

    /// Lets `trial` and its log go on from `checkpoint`. Newer ones are removed.
    ///
    /// # Errors
    /// A checkpoint that is damaged or of another trial, the trial and its log then being as they were.
    pub fn resume_from<'a>(
        &self,
        checkpoint: &Checkpoint,
        trial: &mut Trial,
        stop: &'a AtomicBool,
    ) -> Result<Recorder<'a>, TrainError> {
        let saved = Saved::open(&checkpoint.path)?;
        let log = saved.manifest.log.ok_or_else(|| saved.misfit("it was made of a trial without a log"))?;
        begins_with(&self.run.join(EVENTS_FILE), log.events)?;
        trial.restore_from(&saved)?;
        let recorder = Recorder::resume(&self.run, log, stop)?;
        for newer in self.found()?.iter().filter(|other| other.t > checkpoint.t) {
            remove_all(&newer.path)?;
        }
        Ok(recorder)
    }

    /// Whether a trial could go on from `checkpoint`; changes nothing.
    ///
    /// # Errors
    /// A checkpoint that is damaged or of another trial.
    pub fn check(&self, checkpoint: &Checkpoint, trial: &Trial) -> Result<(), CheckpointError> {
        let saved = Saved::open(&checkpoint.path)?;
        let log = saved.manifest.log.ok_or_else(|| saved.misfit("it was made of a trial without a log"))?;
        begins_with(&self.run.join(EVENTS_FILE), log.events)?;
        trial.clone().restore_from(&saved)
    }

    /// Removes all of them.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn clear(&self) -> Result<(), CheckpointError> {
        remove_all(&self.folder())
    }

    fn remove_drafts(&self) -> Result<(), TrainError> {
        let folder = self.folder();
        let unreadable = |source| CheckpointError::Unreadable { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.file_name().and_then(|name| name.to_str()).is_some_and(is_draft) {
                remove_all(&path)?;
            }
        }
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.run.join(CHECKPOINTS_FOLDER)
    }
}

/// Marks the log where a trial is stopped, before that is written into it: whoever goes on goes on from there.
struct UntilStopped<'a> {
    observer: &'a mut dyn Observer,
    mark: Result<Option<LogMark>, TrainError>,
}

impl Observer for UntilStopped<'_> {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        if matches!(event, Event::Finished { outcome: Outcome::Stopped }) {
            self.mark = self.observer.mark();
        }
        self.observer.on_event(event)
    }

    fn wants_stop(&self) -> bool {
        self.observer.wants_stop()
    }

    fn mark(&mut self) -> Result<Option<LogMark>, TrainError> {
        self.observer.mark()
    }
}

fn remove_all(path: &Path) -> Result<(), CheckpointError> {
    remove(path).map_err(|source| CheckpointError::Unwritable { path: path.to_owned(), source })
}
