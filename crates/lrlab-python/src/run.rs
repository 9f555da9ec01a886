//! Runs, read from their logs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use lrlab::{
    Outcome,
    analysis::{ReadError, Run},
    core::event::Probe,
};
use pyo3::{
    exceptions::{PyFileNotFoundError, PyKeyError, PyOSError, PyValueError},
    prelude::*,
    types::PyBytes,
};

/// A run as its log tells it; columns as the bytes of little-endian f64.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct RunLog {
    run: Run,
}

/// Reads the log at `path`.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "what is made of Python's values is owned")]
pub(crate) fn read_run(py: Python<'_>, path: PathBuf) -> PyResult<RunLog> {
    py.detach(|| Run::read(&path)).map(|run| RunLog { run }).map_err(|error| refused(&error, &path))
}

fn refused(error: &ReadError, path: &Path) -> PyErr {
    match error {
        ReadError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            PyFileNotFoundError::new_err(format!("{} is not there: no log of lrlab", path.display()))
        }
        ReadError::Io { .. } => PyOSError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

#[pymethods]
impl RunLog {
    #[getter]
    fn label(&self) -> Option<&str> {
        self.run.started.label.as_deref()
    }

    #[getter]
    fn strategy(&self) -> String {
        self.run.started.trial.strategy.to_string()
    }

    #[getter]
    fn task(&self) -> String {
        self.run.started.trial.task.to_string()
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.run.started.trial.seed
    }

    #[getter]
    fn total_steps(&self) -> u64 {
        self.run.started.horizon.total_steps
    }

    #[getter]
    fn steps_per_epoch(&self) -> u64 {
        self.run.started.horizon.steps_per_epoch
    }

    #[getter]
    fn parameters(&self) -> usize {
        self.run.started.parameters
    }

    #[getter]
    fn groups(&self) -> Vec<String> {
        self.run.started.groups.clone()
    }

    #[getter]
    fn objective(&self) -> &str {
        &self.run.started.objective
    }

    /// How it ended, in a word, with the step and the reason where there are such.
    #[getter]
    fn outcome(&self) -> Option<(&'static str, Option<u64>, Option<&str>)> {
        self.run.outcome.as_ref().map(|outcome| match outcome {
            Outcome::Completed => ("completed", None, None),
            Outcome::Diverged { t, .. } => ("diverged", Some(*t), None),
            Outcome::Failed { why } => ("failed", None, Some(why.as_str())),
            Outcome::Stopped => ("stopped", None, None),
            Outcome::Halted { t, why } => ("halted", Some(*t), Some(why.as_str())),
        })
    }

    /// The most parameter groups that a step has.
    #[getter]
    fn width(&self) -> usize {
        self.run.steps.iter().map(|step| step.lr.len()).max().unwrap_or(self.run.started.groups.len())
    }

    /// A column of the steps; of those with a value a group, all groups of a step side by side.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyBytes>> {
        let steps = self.run.steps.iter();
        let width = self.width();
        let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let wide = move |values: &[f64]| {
            let values = values.to_vec();
            (0..width).map(move |group| values.get(group).copied().unwrap_or(f64::NAN))
        };
        Ok(match name {
            "t" => bytes(py, steps.map(|step| step.t as f64)),
            "loss" => bytes(py, steps.map(|step| step.loss)),
            "grad_norm" => bytes(py, steps.map(|step| or_nan(step.grad_norm))),
            "turn" => bytes(py, steps.map(|step| or_nan(step.turn))),
            "update_ratio" => bytes(py, steps.map(|step| or_nan(step.update_ratio))),
            "clipped" => bytes(py, steps.map(|step| f64::from(u8::from(step.clipped)))),
            "lr" => bytes(py, steps.flat_map(|step| wide(step.lr))),
            "effective_lr" => bytes(py, steps.flat_map(|step| wide(step.acting_lr()))),
            "momentum" => bytes(py, steps.flat_map(|step| wide(step.momentum))),
            other => return Err(PyKeyError::new_err(other.to_owned())),
        })
    }

    /// Every metric by its name: the updates made, and the values.
    fn metrics<'py>(&self, py: Python<'py>) -> BTreeMap<String, (Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let mut metrics: BTreeMap<&String, Vec<(f64, f64)>> = BTreeMap::new();
        for validated in &self.run.validated {
            for (name, metric) in &validated.metrics {
                metrics.entry(name).or_default().push((validated.t as f64, metric.0));
            }
        }
        let columns = |points: Vec<(f64, f64)>| {
            (bytes(py, points.iter().map(|point| point.0)), bytes(py, points.iter().map(|point| point.1)))
        };
        metrics.into_iter().map(|(name, points)| (name.clone(), columns(points))).collect()
    }

    /// Measured sharpness: the updates made, the values, and the limits above which steps grow.
    fn sharpness<'py>(&self, py: Python<'py>) -> [Bound<'py, PyBytes>; 3] {
        let measured = || {
            self.run.probes.iter().filter_map(|probed| match probed.probe {
                Probe::Sharpness { value, limit, .. } => Some((probed.t as f64, value, limit)),
                _ => None,
            })
        };
        [
            bytes(py, measured().map(|point| point.0)),
            bytes(py, measured().map(|point| point.1)),
            bytes(py, measured().map(|point| point.2)),
        ]
    }
}

fn bytes(py: Python<'_>, values: impl Iterator<Item = f64>) -> Bound<'_, PyBytes> {
    let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
    PyBytes::new(py, &bytes)
}
