//! Runs what a planner asks for, side by side, until it has an answer.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use lrlab_analysis::{
    Planner, ReadError, ResultFold, TrialResult,
    planner::{Action, Next, Request},
};
use lrlab_core::{
    BuiltStrategy, Event, Horizon, Outcome, TrialSpec,
    layout::{EVENTS_FILE, arm_of},
};
use lrlab_train::{
    Observer, StudyFolder, TrainError, Trial,
    checkpoint::{CheckpointError, Checkpoints, Interval, LogMark},
    log::{Recorder, each_event, outcome_of},
    study::{build_caught, run_caught},
    task,
};
use rayon::prelude::*;

/// Told of trials as they are asked for and as they end; called from several threads.
pub trait Progress: Sync {
    /// So many more trials are to be run.
    fn trials_asked(&self, _trials: usize) {}
    /// A trial ended, was paused, or was found ended.
    fn trial_ended(&self, _result: &TrialResult) {}
    /// Something went wrong with the checkpoints of the run of that name; its trial goes on all the same.
    fn warned(&self, _run: &str, _warning: &str) {}
}

/// Nothing is told.
impl Progress for () {}

/// Why a planner's question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum InvestigateError {
    /// A trial could not be run, in a way that would stop every other one too.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The log of an earlier trial cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It was told to stop. What is done is kept.
    #[error("interrupted: {ended} trials are done")]
    Interrupted {
        /// Trials that have ended, in this call or before.
        ended: usize,
    },
}

/// Runs trials on all threads of the current rayon pool, with their logs in a study's folder or, for
/// measurements by the thousand, with none.
pub struct Investigator<'a> {
    folder: Option<&'a StudyFolder>,
    stop: &'a AtomicBool,
    own: Option<&'a Own>,
    /// How often a trial makes a checkpoint.
    interval: Interval,
    /// Trials that may go on, by the name of their run.
    paused: Mutex<HashMap<String, Live<'a>>>,
}

/// Builds the strategy of an arm, by its index in the study, out of code; `None` leaves it to the spec.
///
/// The rate to build it with is that of the trial's strategy, which stands in for it in logs and reports.
pub type Own = dyn Fn(usize, &TrialSpec, Horizon) -> Option<BuiltStrategy> + Sync;

/// A trial that is being run, and who listens.
#[derive(Debug)]
struct Live<'a> {
    /// `None` before it is built.
    trial: Option<Trial>,
    log: Log<'a>,
}

/// Folds a trial's events, and writes them down where there is a folder.
#[derive(Debug)]
struct Log<'a> {
    fold: ResultFold,
    recorder: Option<Recorder<'a>>,
    stop: &'a AtomicBool,
}

impl Observer for Log<'_> {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        self.fold.push(event);
        self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.on_event(event))
    }

    fn mark(&mut self) -> Result<Option<LogMark>, TrainError> {
        self.recorder.as_mut().map_or(Ok(None), Recorder::mark)
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl<'a> Investigator<'a> {
    /// Keeps logs in `folder`: trials that have ended there before are read, not run again. Once `stop`
    /// is set, trials end at their next step and no new one begins.
    pub fn new(folder: &'a StudyFolder, stop: &'a AtomicBool) -> Self {
        Self {
            folder: Some(folder),
            stop,
            own: None,
            interval: Interval::default(),
            paused: Mutex::default(),
        }
    }

    /// Keeps no logs.
    pub fn without_logs(stop: &'a AtomicBool) -> Self {
        Self { folder: None, stop, own: None, interval: Interval::default(), paused: Mutex::default() }
    }

    /// Asks `own` for the strategy of each trial of a comparison before its spec is built: optimizers and
    /// schedules of the caller's own.
    pub fn with_strategies(self, own: &'a Own) -> Self {
        Self { own: Some(own), ..self }
    }

    /// Lets each trial make a checkpoint every `interval`, from which it goes on where the study was killed;
    /// every minute otherwise.
    pub fn with_checkpoints(self, interval: Interval) -> Self {
        Self { interval, ..self }
    }

    /// Asks `planner` and runs what it wants, again and again, until it has an answer.
    ///
    /// Trials that fail or panic are results like others. Unfinished trials go on from their checkpoint, or
    /// start again where they have none, so the logs end up the same however often the study was interrupted.
    ///
    /// # Errors
    /// A folder that cannot be written or read; the stop flag.
    pub fn ask<P: Planner>(
        &self,
        planner: &mut P,
        progress: &dyn Progress,
    ) -> Result<P::Answer, InvestigateError> {
        let mut seen: Vec<TrialResult> = Vec::new();
        loop {
            match planner.next(&seen) {
                // Moved, not copied: it may be all that there is, by the thousand.
                Next::Run(requests) if seen.is_empty() => seen = self.run(requests, progress)?,
                Next::Run(requests) => seen.extend(self.run(requests, progress)?),
                Next::Stop(answer) => return Ok(answer),
            }
        }
    }

    /// Runs `requests` and gives their results in the same order.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask).
    pub fn run(
        &self,
        requests: Vec<Request>,
        progress: &dyn Progress,
    ) -> Result<Vec<TrialResult>, InvestigateError> {
        progress.trials_asked(requests.len());
        // Each result goes to its place at once; collected as one `Result` they would be held twice.
        let broken = AtomicBool::new(false);
        let mut results: Vec<Result<Option<TrialResult>, InvestigateError>> = Vec::new();
        requests
            .into_par_iter()
            .with_max_len(1)
            .map(|request| {
                if broken.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let result = self.one(request, progress);
                match &result {
                    Ok(Some(result)) => progress.trial_ended(result),
                    Ok(None) => {}
                    Err(_) => broken.store(true, Ordering::Relaxed),
                }
                result
            })
            .collect_into_vec(&mut results);
        let results = results.into_iter().collect::<Result<Vec<Option<TrialResult>>, InvestigateError>>()?;
        let ended = results.iter().flatten().count();
        if ended < results.len() {
            return Err(InvestigateError::Interrupted { ended });
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// The result of one request; `None` if it was told to stop before there is one.
    fn one(
        &self,
        request: Request,
        progress: &dyn Progress,
    ) -> Result<Option<TrialResult>, InvestigateError> {
        let Request { name, trial: spec, action } = request;
        let path = self.folder.map(|folder| folder.run(&name));
        if let Some(path) = &path
            && let Some(result) = ended(path, &name, &spec)?
        {
            return Ok(Some(result));
        }
        if self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let most = if let Action::RunUntil(updates) = action { updates } else { u64::MAX };
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        let Live { trial, mut log } = match paused {
            Some(live) => live,
            // Past where it has to pause it could no longer show what the planner wants to see.
            None => self.begin(path.as_deref(), &name, &spec, most, progress)?,
        };
        let checkpoints = path.map(|path| Checkpoints::of_run(&path, self.interval));
        let clear = |checkpoints: Option<&Checkpoints>| {
            if let Some(Err(error)) = checkpoints.map(Checkpoints::clear) {
                progress.warned(&name, &error.to_string());
            }
        };
        let until = match action {
            Action::Run => u64::MAX,
            Action::RunUntil(updates) => updates,
            Action::Halt(why) => {
                let t = log.fold.result().updates;
                log.on_event(&Event::Finished { outcome: Outcome::Halted { t, why } })?;
                clear(checkpoints.as_ref());
                return Ok(Some(log.fold.finish()));
            }
        };
        let build = || trial.map_or_else(|| self.build(&name, &spec), Ok);
        let mut warn = |error: &TrainError| progress.warned(&name, &format!("{error}; training goes on"));
        let train = |trial: &mut Trial, log: &mut dyn Observer| match &checkpoints {
            Some(checkpoints) => checkpoints.run_until(trial, until, log, &mut warn),
            None => trial.run_until(until, log),
        };
        match run_caught(build, train, &mut log)? {
            Ok(trial) => {
                let result = log.fold.result().clone();
                let live = Live { trial: Some(trial), log };
                self.paused.lock().unwrap_or_else(PoisonError::into_inner).insert(name, live);
                Ok(Some(result))
            }
            Err(Outcome::Stopped) => Ok(None),
            Err(_) => {
                // A trial that failed leaves those that it had.
                clear(checkpoints.as_ref());
                Ok(Some(log.fold.finish()))
            }
        }
    }

    fn build(&self, name: &str, spec: &TrialSpec) -> Result<Trial, TrainError> {
        let (Some(own), Some(arm)) = (self.own, arm_of(name)) else { return Trial::new(spec) };
        let task = task::build(&spec.task, spec.seed)?;
        Trial::with_strategy(spec, task, &|horizon| {
            let stands_in = || spec.strategy.build(horizon);
            match own(arm, spec, horizon) {
                // A range test moves the rate itself, whatever optimizer it is for.
                Some(built) if spec.stop.is_some() => {
                    Ok(BuiltStrategy { scheduler: stands_in()?.scheduler, ..built })
                }
                Some(built) => Ok(built),
                None => stands_in(),
            }
        })
    }

    /// The trial of a run, as it was at its newest checkpoint after at most `most` updates, or still to be built.
    fn begin(
        &self,
        path: Option<&Path>,
        name: &str,
        spec: &TrialSpec,
        most: u64,
        progress: &dyn Progress,
    ) -> Result<Live<'a>, TrainError> {
        let mut log = Log { fold: ResultFold::new(name, spec), recorder: None, stop: self.stop };
        let Some(path) = path else { return Ok(Live { trial: None, log }) };
        let checkpoints = Checkpoints::of_run(path, self.interval);
        let any = checkpoints.found()?.iter().any(|checkpoint| checkpoint.t <= most);
        if any && let Some(mut trial) = build_caught(|| self.build(name, spec)) {
            let mut refused = |error: &CheckpointError| progress.warned(name, &error.to_string());
            if let Some(recorder) = checkpoints.resume(&mut trial, most, self.stop, &mut refused)? {
                each_event(path, &mut |event| {
                    log.fold.push(event);
                    Ok(())
                })?;
                log.recorder = Some(recorder);
                return Ok(Live { trial: Some(trial), log });
            }
        }
        if any {
            progress.warned(name, "none of its checkpoints serves: it starts again");
        }
        checkpoints.clear()?;
        log.recorder = Some(Recorder::begin(path, self.stop)?);
        Ok(Live { trial: None, log })
    }
}

/// The result of the run in the folder `path`, if it has ended.
///
/// # Errors
/// A log that cannot be read.
pub fn ended(path: &Path, name: &str, spec: &TrialSpec) -> Result<Option<TrialResult>, ReadError> {
    if outcome_of(path).is_none() {
        return Ok(None);
    }
    TrialResult::read(&path.join(EVENTS_FILE), name, spec)
}
