//! Runs the trials of a study side by side, each on one thread, into one folder.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use lrlab_core::{
    Event, Outcome, StudySpec, TrialSpec,
    layout::{RUNS_FOLDER, STUDY_FILE, StudyFile, run_folder},
};
use rayon::prelude::*;

use crate::{
    Observer, TrainError, Trial,
    log::{Recorder, io, outcome_of},
};

/// Told of trials as they end; called from several threads.
pub trait Progress: Sync {
    /// A trial ended, or was found ended.
    fn trial_ended(&self, outcome: &Outcome);
}

/// Nothing is told.
impl Progress for () {
    fn trial_ended(&self, _outcome: &Outcome) {}
}

/// A study's folder, held by this process alone.
#[derive(Debug)]
pub struct StudyFolder {
    path: PathBuf,
    spec: StudySpec,
    /// Held open: the lock on it ends with this process, however that ends.
    _lock: File,
}

/// Two processes may not write to one study.
const LOCK_FILE: &str = "study.lock";

impl StudyFolder {
    /// Begins a study in `path`, which must be empty or not there yet.
    ///
    /// # Errors
    /// A folder that holds anything, or that cannot be written; nothing is changed then.
    pub fn create(path: &Path, spec: StudySpec) -> Result<Self, TrainError> {
        let occupied = |holds: &str, advice: &str| TrainError::Occupied {
            path: path.to_owned(),
            holds: holds.to_owned(),
            advice: advice.to_owned(),
        };
        if path.join(STUDY_FILE).exists() {
            return Err(occupied(
                "holds another study",
                "name another folder, or continue that one with --resume",
            ));
        }
        if path.is_file() {
            return Err(occupied("is a file", "name a folder"));
        }
        fs::create_dir_all(path).map_err(|source| io(path, source))?;
        let is_empty = fs::read_dir(path)
            .map_err(|source| io(path, source))?
            .filter_map(Result::ok)
            .all(|entry| entry.file_name() == LOCK_FILE);
        if !is_empty {
            return Err(occupied("is not empty", "name an empty folder or a new one; nothing was written"));
        }
        let lock = lock(path)?;
        let file = StudyFile { lrlab: env!("CARGO_PKG_VERSION").to_owned(), spec };
        write_whole(
            &path.join(STUDY_FILE),
            &serde_json::to_vec_pretty(&file).map_err(|why| io(path, why.into()))?,
        )?;
        Ok(Self { path: path.to_owned(), spec: file.spec, _lock: lock })
    }

    /// Opens a study that was begun before.
    ///
    /// # Errors
    /// No study there, one that cannot be read, or one that another process is working on.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let file = path.join(STUDY_FILE);
        let refuse = |why: String| TrainError::Unreadable { path: file.clone(), why };
        let text = fs::read_to_string(&file).map_err(|error| refuse(error.to_string()))?;
        let study: StudyFile = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        Ok(Self { path: path.to_owned(), spec: study.spec, _lock: lock(path)? })
    }

    /// What is asked.
    pub fn spec(&self) -> &StudySpec {
        &self.spec
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn run(&self, arm: usize, trial: &TrialSpec) -> PathBuf {
        self.path.join(RUNS_FOLDER).join(run_folder(arm, &self.spec.arms[arm].label, trial.seed))
    }
}

/// How far a study got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Trials that have ended, in this call or before.
    pub ended: usize,
    /// Trials of the study.
    pub trials: usize,
}

/// Runs what is not yet done of the study in `folder`, on all threads of the current rayon pool.
///
/// Trials that have ended before are kept; unfinished ones start again, so that the logs end up
/// the same however often the study was interrupted. Once `stop` is set, trials end at their next
/// step and no new one begins. A trial that fails or panics is recorded as failed and the study
/// goes on.
///
/// # Errors
/// A strategy or task that cannot be built, before anything is run; a folder that cannot be
/// written.
pub fn run_study(
    folder: &StudyFolder,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Tally, TrainError> {
    let trials: Vec<(usize, TrialSpec)> = folder.spec.trials().collect();
    let ended = trials
        .par_iter()
        .with_max_len(1)
        .map(|(arm, trial)| -> Result<usize, TrainError> {
            let path = folder.run(*arm, trial);
            if let Some(outcome) = outcome_of(&path) {
                progress.trial_ended(&outcome);
                return Ok(1);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(0);
            }
            let outcome = run_trial(trial, &mut Recorder::begin(&path, stop)?)?;
            progress.trial_ended(&outcome);
            Ok(usize::from(outcome != Outcome::Stopped))
        })
        .try_reduce(|| 0, |a, b| Ok(a + b))?;
    Ok(Tally { ended, trials: trials.len() })
}

/// Checks that every trial of a study could be built, so that nothing begins that cannot end.
///
/// # Errors
/// The first thing that cannot be built.
pub fn check_study(spec: &StudySpec) -> Result<(), TrainError> {
    for arm in 0..spec.arms.len() {
        if let Some((_, trial)) = spec.trials().find(|(index, _)| *index == arm) {
            Trial::new(&trial)?;
        }
    }
    Ok(())
}

/// Runs one trial; what goes wrong inside it becomes its outcome.
fn run_trial(spec: &TrialSpec, recorder: &mut Recorder<'_>) -> Result<Outcome, TrainError> {
    let result = catch_unwind(AssertUnwindSafe(|| Trial::new(spec)?.run(recorder)));
    let why = match result {
        Ok(Ok(outcome)) => return Ok(outcome),
        // The folder can no longer be written: going on would lose every later trial as well.
        Ok(Err(error @ TrainError::Io { .. })) => return Err(error),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_else(|| "panicked without a message".to_owned()),
    };
    let outcome = Outcome::Failed { why };
    recorder.on_event(&Event::Finished { outcome: outcome.clone() })?;
    Ok(outcome)
}

fn lock(path: &Path) -> Result<File, TrainError> {
    let file = path.join(LOCK_FILE);
    let lock = File::create(&file).map_err(|source| io(&file, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(TrainError::Occupied {
            path: path.to_owned(),
            holds: "is being written by another lrlab".to_owned(),
            advice: "wait for it, or name another folder".to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io(&file, source)),
    }
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|source| io(path, source))
}
