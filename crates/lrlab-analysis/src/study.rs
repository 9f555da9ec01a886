//! Reads a study's folder; its layout is [`lrlab_core::layout`].

use std::{
    num::NonZero,
    panic,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use lrlab_core::{
    Question, StudySpec,
    layout::{EVENTS_FILE, RUNS_FOLDER, STUDY_FILE, StudyFile},
};

use crate::run::{ArmRuns, ReadError, Run, StudyRuns};

impl StudyRuns {
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
        let Question::Compare(spec) = file.question else {
            let why = "it asks for a learning rate, not for a comparison".to_owned();
            return Err(ReadError::Study { path, why });
        };
        let mut arms = Arms::of(&spec);
        let logs = logs(&folder.join(RUNS_FOLDER))?;
        for (run, log) in read_all(&logs).into_iter().zip(logs) {
            match run {
                // Begun, but cut off before its first line was whole.
                Err(ReadError::Nothing { .. }) => {}
                Err(error) => return Err(error),
                Ok(run) => arms.take(run).map_err(|why| ReadError::Stray { path: log, why })?,
            }
        }
        Ok(Self { arms: arms.finish(), spec })
    }
}

/// The logs of a study in the order of their folders' names; none if it has not begun.
fn logs(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
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
fn read_all(logs: &[PathBuf]) -> Vec<Result<Run, ReadError>> {
    let next = AtomicUsize::new(0);
    let reader = || {
        let mut read = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(log) = logs.get(index) else { return read };
            read.push((index, Run::read(log)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(logs.len());
    let mut read: Vec<(usize, Result<Run, ReadError>)> = thread::scope(|scope| {
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
    read.into_iter().map(|(_, run)| run).collect()
}

/// A study's runs as they come in: for each arm one place for each seed.
struct Arms<'a> {
    spec: &'a StudySpec,
    places: Vec<Vec<Option<Run>>>,
}

impl<'a> Arms<'a> {
    fn of(spec: &'a StudySpec) -> Self {
        Self { spec, places: vec![vec![None; spec.seeds.len()]; spec.arms.len()] }
    }

    /// Puts a run into its place. Arms that differ in their label alone are filled in order.
    fn take(&mut self, run: Run) -> Result<(), String> {
        let trial = &run.started.trial;
        if trial.task != self.spec.task {
            return Err(format!("it trains {}, not {}", trial.task.name, self.spec.task.name));
        }
        let Some(seed) = self.spec.seeds.iter().position(|&seed| seed == trial.seed) else {
            return Err(format!("the study has no seed {}", trial.seed));
        };
        let fitting =
            self.spec.arms.iter().zip(&mut self.places).filter(|(arm, _)| arm.strategy == trial.strategy);
        let mut known = false;
        for (_, places) in fitting {
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
        self.spec
            .arms
            .iter()
            .zip(self.places)
            .map(|(arm, places)| ArmRuns { label: arm.label.clone(), runs: whole(places) })
            .collect()
    }
}
