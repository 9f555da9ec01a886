//! One training that Python runs: its plan, its bounds, and its log.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use lrlab::{
    BuiltStrategy, Event, Field, Horizon, Outcome, ParamGroup, TrialSpec,
    core::{
        event::{Metric, Probe, Probed, Started, Step, Validated},
        spec::Clip,
    },
    train::{
        Observer, TrainError, bounds::Bounds, groups::groups_of, log::Recorder, trial::LOGGED_PARAMETERS,
    },
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::PyDict,
};

use super::{optimizer, train_refused};

/// Python ends a trial by raising, so nothing else is told to stop.
static NEVER: AtomicBool = AtomicBool::new(false);

/// A trial at work: what it is to do, and the log of what it did.
#[pyclass(module = "lrlab._core", unsendable)]
pub(crate) struct Trial {
    spec: TrialSpec,
    horizon: Horizon,
    built: BuiltStrategy,
    groups: Vec<ParamGroup>,
    bounds: Bounds,
    log: Recorder<'static>,
    t: u64,
}

impl Trial {
    fn tell(&mut self, event: &Event) -> PyResult<()> {
        self.log.on_event(event).map_err(|error| train_refused(&error))
    }
}

#[pymethods]
impl Trial {
    /// Begins the log of the trial `spec` (JSON) in `folder`.
    #[new]
    fn new(folder: PathBuf, spec: &str, steps_per_epoch: u64) -> PyResult<Self> {
        let spec: TrialSpec =
            serde_json::from_str(spec).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let total = spec.budget.steps(Horizon::new(0, steps_per_epoch));
        let horizon = Horizon::new(total, steps_per_epoch);
        let refuse = |error: TrainError| train_refused(&error);
        let built = spec.strategy.build(horizon).map_err(TrainError::from).map_err(refuse)?;
        built.scheduler.rehearse(total).map_err(TrainError::from).map_err(refuse)?;
        Ok(Self {
            groups: built.groups.iter().map(|built| built.group.clone()).collect(),
            bounds: Bounds::new(spec.stop),
            log: Recorder::begin(&folder, &NEVER).map_err(refuse)?,
            t: 0,
            spec,
            horizon,
            built,
        })
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.spec.seed
    }

    #[getter]
    fn total_steps(&self) -> u64 {
        self.horizon.total_steps
    }

    /// The learning rate that code is to be built with; `None` where it brings its own.
    #[getter]
    fn lr(&self) -> Option<f64> {
        (!self.spec.strategy.has_own_rate()).then(|| self.spec.strategy.lr())
    }

    /// Whether it is a range test.
    #[getter]
    fn is_sweep(&self) -> bool {
        self.spec.stop.is_some()
    }

    /// Whether measurements were asked for.
    #[getter]
    fn measure(&self) -> bool {
        self.spec.measure
    }

    /// How gradients are clipped: ("norm", 1.0) or ("value", 0.5).
    #[getter]
    fn clip(&self) -> Option<(&'static str, f64)> {
        match self.spec.strategy.clip? {
            Clip::Norm(norm) => Some(("norm", norm)),
            Clip::Value(value) => Some(("value", value)),
        }
    }

    /// For each group the optimizer's module and class, its keyword arguments, and which of the parameters `names` it takes.
    #[allow(clippy::type_complexity, reason = "a tuple for Python to take apart")]
    fn groups<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
    ) -> PyResult<Vec<((&'static str, &'static str), Bound<'py, PyDict>, Vec<usize>)>> {
        let patterns = self.built.groups.iter().map(|group| &group.params);
        let group_of = groups_of(&names, patterns).map_err(|error| train_refused(&error))?;
        let of = |index: usize| (0..names.len()).filter(|&name| group_of[name] == index).collect();
        let groups = self.spec.strategy.groups.iter().zip(&self.built.groups).enumerate();
        groups
            .map(|(index, (spec, built))| {
                let (class, arguments) = optimizer::constructor(py, &spec.optimizer, &built.group)?;
                Ok((class, arguments, of(index)))
            })
            .collect()
    }

    /// Sets the values of the update that is about to be made in PyTorch's parameter groups, one for each group.
    fn set_values(&mut self, groups: Vec<Bound<'_, PyDict>>) -> PyResult<()> {
        self.plan()?;
        let scheduler = &self.built.scheduler;
        for ((spec, own), target) in self.spec.strategy.groups.iter().zip(&self.groups).zip(&groups) {
            let moves = |field: Field| scheduler.writes(field) && own.has(field);
            optimizer::write_group(&spec.optimizer, own, moves, target)?;
        }
        Ok(())
    }

    /// The learning rate of the first group in the update that is about to be made.
    fn rate(&mut self) -> PyResult<f64> {
        self.plan()?;
        Ok(self.groups[0].lr())
    }

    /// Writes the first line, before the first update. `metrics` are what is measured on the model, the
    /// objective first; `untrained` is the objective's value now.
    fn begin(
        &mut self,
        parameters: usize,
        groups: Vec<String>,
        full_batch: bool,
        metrics: Vec<String>,
        untrained: f64,
    ) -> PyResult<()> {
        let names: Vec<&str> = metrics.iter().map(String::as_str).collect();
        if let Some(signal) = self.built.scheduler.unheard(&names) {
            let metrics = names.join(", ");
            return Err(train_refused(&TrainError::Metric { signal, metrics }));
        }
        let started = Started {
            trial: self.spec.clone(),
            label: None,
            lrlab: env!("CARGO_PKG_VERSION").to_owned(),
            horizon: self.horizon,
            parameters,
            groups,
            full_batch,
            objective: metrics.into_iter().next().unwrap_or_default(),
            untrained: Some(Metric(untrained)),
            data: Vec::new(),
            bowl: None,
        };
        self.tell(&Event::Started(Box::new(started)))
    }

    /// Whether a loss is within all bounds, so that an update may be made from it.
    fn holds(&mut self, loss: f64) -> bool {
        self.bounds.hold(loss)
    }

    /// Writes down an update; true if the trial ended with it.
    #[pyo3(signature = (loss, lr, grad_norm, turn, clipped, at))]
    fn step(
        &mut self,
        loss: f64,
        lr: Vec<f64>,
        grad_norm: f64,
        turn: Option<f64>,
        clipped: bool,
        at: Vec<f32>,
    ) -> PyResult<bool> {
        let at = if at.len() <= LOGGED_PARAMETERS { at } else { Vec::new() };
        let t = self.t;
        let step = Step { t, loss, lr, grad_norm: Some(grad_norm), turn, clipped, at, ..Step::default() };
        self.tell(&Event::Step(step))?;
        self.t += 1;
        let Some(outcome) = self.bounds.end(t, loss) else { return Ok(false) };
        self.tell(&Event::Finished { outcome })?;
        Ok(true)
    }

    /// Writes down what was measured on the model, and tells the plan of it.
    fn validated(&mut self, metrics: Vec<(String, f64)>) -> PyResult<()> {
        for (name, value) in &metrics {
            let heard = self.built.scheduler.on_metric(self.t, name, *value, &mut self.groups);
            heard.map_err(|error| train_refused(&error.into()))?;
        }
        let metrics = metrics.into_iter().map(|(name, value)| (name, Metric(value))).collect();
        self.tell(&Event::Validated(Validated { t: self.t, metrics }))
    }

    /// Writes down a measurement of sharpness.
    fn sharpness(&mut self, value: f64, residual: f64, limit: f64, products: u32) -> PyResult<()> {
        let probe = Probe::Sharpness { value, residual, limit, products };
        self.tell(&Event::Probed(Probed { t: self.t, probe }))
    }

    /// Writes the last line of a trial that used its budget up.
    fn complete(&mut self) -> PyResult<()> {
        self.tell(&Event::Finished { outcome: Outcome::Completed })
    }

    /// Writes the last line of a trial that could not go on.
    fn fail(&mut self, why: String) -> PyResult<()> {
        self.tell(&Event::Finished { outcome: Outcome::Failed { why } })
    }
}

impl Trial {
    /// Sets the values of the update that is about to be made in the trial's own groups.
    fn plan(&mut self) -> PyResult<()> {
        let planned = self.built.scheduler.before_step(self.t, &mut self.groups);
        planned.map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}

/// Writes the log of a trial that left none, or only the beginning of one: it failed.
#[pyfunction]
pub(crate) fn fail_trial(folder: PathBuf, why: String) -> PyResult<()> {
    let write = |folder: &Path| -> Result<(), TrainError> {
        let outcome = Outcome::Failed { why };
        Recorder::begin(folder, &NEVER)?.on_event(&Event::Finished { outcome })
    };
    write(&folder).map_err(|error| train_refused(&error))
}
