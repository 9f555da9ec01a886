//! Reads a study's folder; its layout is [`lrlab_core::layout`].

use std::{
    fs::File,
    io::{BufRead, BufReader},
    num::NonZero,
    panic,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use lrlab_core::{
    Arm, Duration, Event, Horizon, Outcome, Question, StudySpec, TaskSpec, Tuning,
    event::Started,
    layout::{self, EVENTS_FILE, RUNS_FOLDER, STUDY_FILE, StudyFile},
};

use crate::{
    TrialResult, recorded,
    run::{ArmRuns, ReadError, Run, StudyRuns, Unbuilt},
};

impl StudyRuns {
    /// What was inferred of the users' own data that the runs were trained on, and done to it, in sentences.
    pub fn data(&self) -> &[String] {
        self.arms.iter().flat_map(|arm| &arm.runs).next().map_or(&[], |run| &run.started.data)
    }

    /// Reads the study that lies in `folder`, from its spec and its event logs alone.
    ///
    /// A run that has not ended is left out, as is one that has not begun. A log that cannot be
    /// read, or that the study did not ask for, is an error.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(STUDY_FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ReadError::Nothing { path: folder.into(), expected: STUDY_FILE });
            }
            other => other.map_err(|source| ReadError::Io { path: path.clone(), source })?,
        };
        let file: StudyFile = serde_json::from_str(&text)
            .map_err(|error| ReadError::Study { path: path.clone(), why: error.to_string() })?;
        let spec = match file.question {
            Question::Compare(spec) => spec,
            Question::Recorded(spec) => return recorded::read(&spec, folder),
            Question::Find(_) => {
                let why = "it asks for a learning rate, not for a comparison".to_owned();
                return Err(ReadError::Study { path, why });
            }
        };
        let mut arms = Arms::of(&spec);
        let logs = logs(&folder.join(RUNS_FOLDER))?;
        for (logged, log) in read_all(&logs).into_iter().zip(logs) {
            match logged {
                // Begun, but cut off before its first line was whole.
                Err(ReadError::Nothing { .. }) => {}
                Err(error) => return Err(error),
                Ok(logged) => {
                    arms.take(name_of(&log), logged).map_err(|why| ReadError::Stray { path: log, why })?;
                }
            }
        }
        Ok(Self { arms: arms.finish(), spec })
    }
}

/// A task as a person reads it: the hashes of its files are for machines.
pub(crate) fn readable(task: &TaskSpec) -> TaskSpec {
    let mut task = task.clone();
    task.args.remove("sha256");
    task
}

/// How long the trainings of a study are, from the first log in `folder` that says so and from what was
/// asked; `None` before there is one.
///
/// # Errors
/// A folder that cannot be read.
pub fn logged_horizon(folder: &Path, budget: Duration) -> Result<Option<Horizon>, ReadError> {
    Ok(first_started(folder)?.map(|started| {
        let steps_per_epoch = started.horizon.steps_per_epoch;
        Horizon::new(budget.steps(Horizon::new(0, steps_per_epoch)), steps_per_epoch)
    }))
}

/// What was begun first in a study's folder, by the names of its runs; `None` before anything was.
///
/// # Errors
/// A folder that cannot be read.
pub fn first_started(folder: &Path) -> Result<Option<Started>, ReadError> {
    Ok(logs(&folder.join(RUNS_FOLDER))?.iter().find_map(|log| started(log)))
}

/// The first line of a log, where that is whole and says what was begun.
fn started(log: &Path) -> Option<Started> {
    let mut line = String::new();
    BufReader::new(File::open(log).ok()?).read_line(&mut line).ok()?;
    match serde_json::from_str(line.strip_suffix('\n')?).ok()? {
        Event::Started(started) => Some(*started),
        _ => None,
    }
}

/// What a log holds.
enum Logged {
    /// A run to compare by.
    Run(Box<Run>),
    /// A trial by which a rate was chosen; of such only little is kept.
    Tuning(Box<TrialResult>),
    /// Nothing but why it could not begin.
    Unbuilt(String),
}

/// Reads one log.
fn read_log(log: &Path) -> Result<Logged, ReadError> {
    if layout::is_tuning(name_of(log))
        && let Some(result) = TrialResult::read_any(log, name_of(log))?
    {
        return Ok(Logged::Tuning(Box::new(result)));
    }
    match Run::read(log) {
        Ok(run) => Ok(Logged::Run(Box::new(run))),
        Err(error) => why_unbuilt(log).map(Logged::Unbuilt).ok_or(error),
    }
}

/// The message of a log that tells of nothing but a failure.
fn why_unbuilt(log: &Path) -> Option<String> {
    let text = std::fs::read_to_string(log).ok()?;
    match serde_json::from_str(text.trim_end()).ok()? {
        Event::Finished { outcome: Outcome::Failed { why } } => Some(why),
        _ => None,
    }
}

/// The name of the run whose log lies there.
pub(crate) fn name_of(log: &Path) -> &str {
    log.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default()
}

/// The logs of a study in the order of their folders' names; none if it has not begun.
pub(crate) fn logs(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let error = |source| ReadError::Io { path: folder.into(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        other => other.map_err(error)?,
    };
    let mut logs = Vec::new();
    for entry in entries {
        let log = entry.map_err(error)?.path().join(EVENTS_FILE);
        if log.exists() {
            logs.push(log);
        }
    }
    logs.sort();
    Ok(logs)
}

/// What reading each of `logs` gave, in their order; all cores read.
fn read_all(logs: &[PathBuf]) -> Vec<Result<Logged, ReadError>> {
    let next = AtomicUsize::new(0);
    let reader = || {
        let mut read = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(log) = logs.get(index) else { return read };
            read.push((index, read_log(log)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(logs.len());
    let mut read: Vec<(usize, Result<Logged, ReadError>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(reader)).collect();
        let mut read = reader();
        for other in others {
            match other.join() {
                Ok(more) => read.extend(more),
                Err(panic) => panic::resume_unwind(panic),
            }
        }
        read
    });
    read.sort_unstable_by_key(|(index, _)| *index);
    read.into_iter().map(|(_, logged)| logged).collect()
}

/// A study's runs as they come in: for each arm one place for each seed.
struct Arms<'a> {
    spec: &'a StudySpec,
    places: Vec<Vec<Option<Run>>>,
    /// Their names, and what else is known of them.
    named: Vec<ArmRuns>,
}

impl<'a> Arms<'a> {
    fn of(spec: &'a StudySpec) -> Self {
        let arms = spec.arms.iter().map(|arm| ArmRuns { label: arm.label.clone(), ..ArmRuns::default() });
        Self { spec, places: vec![vec![None; spec.seeds.len()]; spec.arms.len()], named: arms.collect() }
    }

    /// Puts what the folder `name` holds into its place.
    fn take(&mut self, name: &str, logged: Logged) -> Result<(), String> {
        match logged {
            Logged::Run(run) => self.place(name, *run),
            Logged::Tuning(result) => {
                let arm = self.arm(name)?;
                if result.outcome.is_some() {
                    arm.tuning.push(*result);
                }
                Ok(())
            }
            Logged::Unbuilt(why) => {
                self.arm(name)?.unbuilt.push(Unbuilt { name: name.to_owned(), why });
                Ok(())
            }
        }
    }

    /// The arm whose index the name begins with.
    fn arm(&mut self, name: &str) -> Result<&mut ArmRuns, String> {
        let index = layout::arm_of(name).ok_or_else(|| format!("its folder {name} names no arm"))?;
        let arms = self.named.len();
        self.named.get_mut(index).ok_or_else(|| format!("the study has {arms} arms, this is of arm {index}"))
    }

    /// Puts a run into its place. Arms of one strategy are filled in order where no folder tells which it is.
    fn place(&mut self, name: &str, run: Run) -> Result<(), String> {
        let trial = &run.started.trial;
        if trial.task != self.spec.task {
            return Err(format!("it trains {}, not {}", trial.task.name, self.spec.task.name));
        }
        let Some(seed) = self.spec.seeds.iter().position(|&seed| seed == trial.seed) else {
            return Err(format!("the study has no seed {}", trial.seed));
        };
        // A rate that was chosen is not the one that the study says.
        let tuned = self.spec.protocol.tuning != Tuning::AsWritten;
        let is_of = |arm: &Arm| {
            arm.strategy == *trial.strategy
                || (tuned && arm.strategy.with_lr(1.0) == trial.strategy.with_lr(1.0))
        };
        // The folder tells the arm, unless it has a name of another kind.
        let named = layout::arm_of(name).filter(|&index| self.spec.arms.get(index).is_some_and(is_of));
        let own = |index: usize, arm: &Arm| named.map_or_else(|| is_of(arm), |named| named == index);
        let arms = self.spec.arms.iter().enumerate().zip(&mut self.places);
        let mut known = false;
        for (_, places) in arms.filter(|((index, arm), _)| own(*index, arm)) {
            known = true;
            if places[seed].is_none() {
                places[seed] = Some(run);
                return Ok(());
            }
        }
        Err(if known {
            format!("its strategy has a run with seed {} already", trial.seed)
        } else {
            "the study has no such strategy".to_owned()
        })
    }

    fn finish(self) -> Vec<ArmRuns> {
        let whole =
            |places: Vec<Option<Run>>| places.into_iter().flatten().filter(Run::is_complete).collect();
        self.named
            .into_iter()
            .zip(self.places)
            .map(|(arm, places)| ArmRuns { runs: whole(places), ..arm })
            .collect()
    }
}
