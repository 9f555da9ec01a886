//! Recording: the log of a training that runs in Python.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lrlab::{
    Horizon, Outcome,
    core::event::{Metric, Step, Validated},
    train::{
        TrainError,
        recording::{Recorded, Recording},
    },
};
use pyo3::{
    exceptions::{PyFileExistsError, PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};

/// The log of one training; written by the process that began it, from any of its threads.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct Log {
    /// `None` once it is closed.
    recording: Mutex<Option<Recording>>,
    folder: PathBuf,
    process: u32,
}

#[pymethods]
impl Log {
    #[new]
    #[pyo3(signature = (folder, *, title, label, strategy, task, seed, total_steps, steps_per_epoch, parameters, groups, objective, resume))]
    #[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
    #[allow(clippy::needless_pass_by_value, reason = "what is made of Python's values is owned")]
    fn new(
        py: Python<'_>,
        folder: PathBuf,
        title: String,
        label: String,
        strategy: String,
        task: String,
        seed: u64,
        total_steps: u64,
        steps_per_epoch: u64,
        parameters: usize,
        groups: Vec<String>,
        objective: String,
        resume: Option<u64>,
    ) -> PyResult<Self> {
        let horizon = Horizon::new(total_steps, steps_per_epoch);
        let recorded =
            Recorded { title, label, strategy, task, seed, horizon, parameters, groups, objective };
        let recording =
            py.detach(|| Recording::begin(&folder, &recorded, resume)).map_err(|error| refused(&error))?;
        let folder = recording.folder().to_owned();
        Ok(Self { recording: Mutex::new(Some(recording)), folder, process: process::id() })
    }

    /// The folder of the run.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// Records the update that was made after `t` others.
    #[pyo3(signature = (t, loss, lr, momentum, grad_norm=None, turn=None, update_ratio=None))]
    #[allow(clippy::too_many_arguments, reason = "the columns of a step")]
    fn step(
        &self,
        t: u64,
        loss: f64,
        lr: Vec<f64>,
        momentum: Vec<f64>,
        grad_norm: Option<f64>,
        turn: Option<f64>,
        update_ratio: Option<f64>,
    ) -> PyResult<()> {
        // JSON holds a rate as a finite number; a training with another one is past saving.
        for (field, values) in [("lr", &lr), ("momentum", &momentum)] {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(PyValueError::new_err(format!(
                    "{field} of update {t} is {value}, which is no finite number; nothing was recorded for it"
                )));
            }
        }
        let turn = turn.filter(|turn| turn.is_finite());
        self.with(|recording| {
            if let Some(last) = recording.last().filter(|last| *last >= t) {
                return Err(PyValueError::new_err(format!(
                    "update {t} was recorded already, or belongs before update {last}; updates count upwards"
                )));
            }
            let step = Step { t, loss, lr, grad_norm, turn, momentum, update_ratio, ..Step::default() };
            recording.step(step).map_err(|error| refused(&error))
        })
    }

    /// Records metrics after `t` updates.
    fn validated(&self, t: u64, metrics: BTreeMap<String, f64>) -> PyResult<()> {
        let metrics = metrics.into_iter().map(|(name, value)| (name, Metric(value))).collect();
        self.with(|recording| recording.validated(Validated { t, metrics }).map_err(|error| refused(&error)))
    }

    /// Hands what is gathered to the system.
    fn flush(&self) -> PyResult<()> {
        self.with(|recording| recording.flush().map_err(|error| refused(&error)))
    }

    /// Ends the log: as `completed`, `stopped`, or `failed` with the reason `why`.
    #[pyo3(signature = (outcome, why=None))]
    fn finish(&self, outcome: &str, why: Option<String>) -> PyResult<()> {
        let outcome = match outcome {
            "completed" => Outcome::Completed,
            "stopped" => Outcome::Stopped,
            "failed" => Outcome::Failed { why: why.unwrap_or_default() },
            other => {
                return Err(PyValueError::new_err(format!(
                    "no outcome {other:?}: completed, stopped or failed"
                )));
            }
        };
        let recording = self.locked()?.take().ok_or_else(closed)?;
        recording.finish(outcome).map_err(|error| refused(&error))
    }

    /// Writes what is gathered, if this process may; for the end of the interpreter.
    fn leave(&self) {
        if let Ok(mut recording) = self.locked() {
            // Nobody is left to be told.
            let _ = recording.as_mut().map(Recording::flush);
        }
    }
}

impl Log {
    fn with<T>(&self, f: impl FnOnce(&mut Recording) -> PyResult<T>) -> PyResult<T> {
        f(self.locked()?.as_mut().ok_or_else(closed)?)
    }

    fn locked(&self) -> PyResult<MutexGuard<'_, Option<Recording>>> {
        if process::id() != self.process {
            return Err(PyRuntimeError::new_err(format!(
                "this log is written by process {}, not by its fork {}; record in the process that trains",
                self.process,
                process::id()
            )));
        }
        Ok(self.recording.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn closed() -> PyErr {
    PyRuntimeError::new_err("the recorder is closed; make another one for another training")
}

/// What Python raises where a log cannot be written.
fn refused(error: &TrainError) -> PyErr {
    match error {
        TrainError::Io { source, .. } => match source.raw_os_error() {
            Some(number) => PyOSError::new_err((number, error.to_string())),
            None => PyOSError::new_err(error.to_string()),
        },
        TrainError::Occupied { .. } => PyFileExistsError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}
