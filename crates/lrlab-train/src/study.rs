//! A study's folder, and trials that cannot bring a study down.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::{
    Observer, TrainError, Trial,
    checkpoint::{Interval, IntervalError},
    horizon,
    log::io,
    task,
};
use lrlab_core::{
    Event, Horizon, Outcome, Question, StudySpec, Tuning,
    layout::{CHECKPOINT_EVERY_FILE, RUNS_FOLDER, STUDY_FILE, StudyFile},
};

/// A study's folder, held by this process alone.
#[derive(Debug)]
pub struct StudyFolder {
    path: PathBuf,
    question: Question,
    /// Held open: the lock on it ends with this process, however that ends.
    _lock: File,
}

/// Two processes may not write to one study.
const LOCK_FILE: &str = "study.lock";

impl StudyFolder {
    /// Begins a study in `path`, which must be empty or not there yet. The files that its task reads are pinned
    /// by their hashes: the study goes on with these or not at all.
    ///
    /// # Errors
    /// A folder that holds anything, or that cannot be written, or a file that cannot be read; nothing is
    /// changed then.
    pub fn create(path: &Path, question: Question) -> Result<Self, TrainError> {
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
        let question = pinned(question)?;
        fs::create_dir_all(path).map_err(|source| io(path, source))?;
        check_empty(path)?;
        let lock = lock(path)?;
        let question = write_question(path, question)?;
        Ok(Self { path: path.to_owned(), question, _lock: lock })
    }

    /// Begins a study of recorded trainings in `path`, or joins the one that is there, once no other process
    /// is joining it. Hold what is given only as long as others may not join.
    ///
    /// # Errors
    /// A folder that holds anything else, or that cannot be written.
    pub(crate) fn join(path: &Path, question: impl FnOnce() -> Question) -> Result<Self, TrainError> {
        let there = |path: &Path| match read_study(path)? {
            recorded @ Question::Recorded(_) => Ok(recorded),
            Question::Compare(_) | Question::Find(_) => Err(TrainError::Occupied {
                path: path.to_owned(),
                holds: "holds a study of another kind".to_owned(),
                advice: "name another folder for recorded trainings".to_owned(),
            }),
        };
        // Before the lock, which whoever writes such a study holds for as long as it runs.
        if path.join(STUDY_FILE).exists() {
            there(path)?;
        } else {
            fs::create_dir_all(path).map_err(|source| io(path, source))?;
            let empty = check_empty(path);
            // Another process may have begun it just now.
            if !path.join(STUDY_FILE).exists() {
                empty?;
            }
        }
        let file = path.join(LOCK_FILE);
        let lock = File::create(&file).map_err(|source| io(&file, source))?;
        lock.lock().map_err(|source| io(&file, source))?;
        let question =
            if path.join(STUDY_FILE).exists() { there(path)? } else { write_question(path, question())? };
        Ok(Self { path: path.to_owned(), question, _lock: lock })
    }

    /// Opens a study that was begun before.
    ///
    /// # Errors
    /// No study there, one that cannot be read, or one that another process is working on.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        Ok(Self { path: path.to_owned(), question: read_study(path)?, _lock: lock(path)? })
    }

    /// What is asked.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How often a trial makes a checkpoint: `asked`, which is kept in the folder for whoever goes on; else
    /// what is kept there; else the default.
    ///
    /// # Errors
    /// A file that cannot be written or read, or that holds no interval.
    pub fn checkpoint_every(&self, asked: Option<Interval>) -> Result<Interval, TrainError> {
        let path = self.path.join(CHECKPOINT_EVERY_FILE);
        if let Some(asked) = asked {
            write_whole(&path, format!("{asked}\n").as_bytes())?;
            return Ok(asked);
        }
        let kept = match fs::read_to_string(&path) {
            Ok(kept) => kept.parse().map_err(|error: IntervalError| error.to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Interval::default()),
            Err(error) => Err(error.to_string()),
        };
        kept.map_err(|why| TrainError::Unreadable { path, why })
    }

    /// The folder of the run of that name.
    pub fn run(&self, name: &str) -> PathBuf {
        self.path.join(RUNS_FOLDER).join(name)
    }
}

/// `question`, with the hashes of the files that its task reads.
fn pinned(mut question: Question) -> Result<Question, TrainError> {
    match &mut question {
        Question::Compare(spec) => spec.task = task::pin(&spec.task)?,
        Question::Find(spec) => spec.task = task::pin(&spec.task)?,
        Question::Recorded(_) => {}
    }
    Ok(question)
}

/// What the study in `path` asks.
fn read_study(path: &Path) -> Result<Question, TrainError> {
    let file = path.join(STUDY_FILE);
    let refuse = |why: String| TrainError::Unreadable { path: file.clone(), why };
    let text = fs::read_to_string(&file).map_err(|error| refuse(error.to_string()))?;
    let study: StudyFile = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    Ok(study.question)
}

fn write_question(path: &Path, question: Question) -> Result<Question, TrainError> {
    let file = StudyFile { lrlab: env!("CARGO_PKG_VERSION").to_owned(), question };
    let text = serde_json::to_vec_pretty(&file).map_err(|why| io(path, why.into()))?;
    write_whole(&path.join(STUDY_FILE), &text)?;
    Ok(file.question)
}

/// Refuses a folder in which anything lies but a study's lock and the drafts of its beginning.
fn check_empty(path: &Path) -> Result<(), TrainError> {
    let begins = [LOCK_FILE, "study.draft"];
    let mut entries = fs::read_dir(path).map_err(|source| io(path, source))?.filter_map(Result::ok);
    if entries.all(|entry| begins.iter().any(|name| entry.file_name() == *name)) {
        return Ok(());
    }
    Err(TrainError::Occupied {
        path: path.to_owned(),
        holds: "is not empty".to_owned(),
        advice: "name an empty folder or a new one; nothing was written".to_owned(),
    })
}

/// Checks that every trial of a study could be built, so that nothing begins that cannot end.
///
/// # Errors
/// The first thing that cannot be built: an arm, a rate that it is to try, or a strategy whose rate is to be
/// chosen but moves nothing.
pub fn check_study(spec: &StudySpec) -> Result<(), TrainError> {
    let horizon = study_horizon(spec)?;
    let Some(&seed) = spec.seeds.first() else { return Ok(()) };
    for arm in &spec.arms {
        Trial::new(&spec.trial(arm.strategy.clone(), seed))?;
    }
    check_rates(spec, horizon)
}

/// Checks that every arm of a study can be built over `horizon`, which is that of [`study_horizon`], at every rate that it is known to try.
///
/// # Errors
/// The first arm that cannot be built or tuned.
pub fn check_rates(spec: &StudySpec, horizon: Horizon) -> Result<(), TrainError> {
    for (index, arm) in spec.arms.iter().enumerate() {
        let horizon = spec.horizon_of(&arm.strategy, horizon);
        arm.strategy.build(horizon)?.scheduler.rehearse(horizon.total_steps)?;
        match &spec.protocol.tuning {
            Tuning::AsWritten => {}
            Tuning::Search { .. } => arm.strategy.check_tunable(horizon)?,
            Tuning::Grid { rates, .. } => {
                arm.strategy.check_tunable(horizon)?;
                for &rate in rates.get(index).into_iter().flatten() {
                    arm.strategy.with_lr(rate).build(horizon)?.scheduler.rehearse(horizon.total_steps)?;
                }
            }
        }
    }
    Ok(())
}

/// How long the trainings of a study are, where a step has one batch; [`StudySpec::horizon_of`] tells how
/// long that is for an arm.
///
/// # Errors
/// A task, batch size or budget that cannot be used.
pub fn study_horizon(spec: &StudySpec) -> Result<Horizon, TrainError> {
    let task = task::build(&spec.task, spec.seeds.first().copied().unwrap_or(0))?;
    Ok(horizon::shape(&*task, spec.budget, spec.batch_size, 1)?.1)
}

/// The trial that `build` gives; `None` where it fails or panics, as will be told when it is run.
pub fn build_caught(build: impl FnOnce() -> Result<Trial, TrainError>) -> Option<Trial> {
    catch_unwind(AssertUnwindSafe(build)).ok()?.ok()
}

/// Lets `train` run the trial that `build` gives, as [`Trial::run_until`] does. What goes wrong inside it,
/// a panic too, becomes its outcome; the trial comes back where it can go on.
///
/// # Errors
/// A folder that can no longer be written: going on would lose every later trial as well.
pub fn run_caught(
    build: impl FnOnce() -> Result<Trial, TrainError>,
    train: impl FnOnce(&mut Trial, &mut dyn Observer) -> Result<Option<Outcome>, TrainError>,
    observer: &mut dyn Observer,
) -> Result<Result<Trial, Outcome>, TrainError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut trial = build()?;
        let ended = train(&mut trial, observer)?;
        Ok(ended.map_or_else(|| Ok(trial), Err))
    }));
    let why = match result {
        Ok(Ok(outcome)) => return Ok(outcome),
        Ok(Err(error @ TrainError::Io { .. })) => return Err(error),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_else(|| "panicked without a message".to_owned()),
    };
    let outcome = Outcome::Failed { why };
    observer.on_event(&Event::Finished { outcome: outcome.clone() })?;
    Ok(Err(outcome))
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
