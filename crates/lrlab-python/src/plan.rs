//! Plans over the groups of an optimizer that is not lrlab's, as Python holds them.

use std::sync::{Mutex, PoisonError};

use lrlab::core::{Field, Length, PlanError};
use pyo3::{
    exceptions::{PyRuntimeError, PyUserWarning, PyValueError},
    prelude::*,
    types::{PyDict, PyList},
};

use crate::{
    driver::{Driver, Entry, Part, parse},
    error::plan_stopped,
    param_groups,
    saved_plan::Saved,
};

/// The metrics that the plans wait for, each once; none where all are functions of time.
#[pyfunction]
pub(crate) fn metrics(entries: Vec<Entry>) -> PyResult<Vec<String>> {
    let mut metrics = Vec::new();
    for (_, text, json) in entries {
        metrics.extend(parse(&text, json)?.metrics());
    }
    metrics.sort();
    metrics.dedup();
    Ok(metrics)
}

/// Plans over the groups of an optimizer, at an update.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct GroupPlans(Mutex<Driver>);

impl GroupPlans {
    /// Never held while Python runs, so that threads cannot wait for each other.
    fn driver<T>(&self, part: impl FnOnce(&mut Driver) -> T) -> T {
        part(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets the groups to their values after `t` updates, and gives the rates.
    fn put<'py>(
        &self,
        py: Python<'py>,
        t: i64,
        groups: &[Bound<'py, PyDict>],
    ) -> PyResult<Bound<'py, PyList>> {
        self.meet(groups, 0)?;
        self.set(py, t, groups)
    }

    fn set<'py>(
        &self,
        py: Python<'py>,
        t: i64,
        groups: &[Bound<'py, PyDict>],
    ) -> PyResult<Bound<'py, PyList>> {
        let at = u64::try_from(t).unwrap_or(0);
        let (writes, warning) = self
            .driver(|driver| {
                let warning = driver.end(at)?;
                let writes = driver.values(at)?;
                driver.t = t;
                Ok((writes, warning))
            })
            .map_err(|error| plan_stopped(&error))?;
        param_groups::write(groups, &writes)?;
        if let Some(text) = warning {
            let text = std::ffi::CString::new(text)?;
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 2)?;
        }
        param_groups::rates(py, groups)
    }

    /// Takes in groups that were added since, with schedules that begin at `start`, and the present
    /// values where the next ones are made from them.
    fn meet(&self, groups: &[Bound<'_, PyDict>], start: u64) -> PyResult<()> {
        let (known, torch) = self.driver(|driver| {
            let torch = driver.parts.iter().filter(|part| part.is_torch());
            (driver.names.len(), torch.map(|part| part.groups.clone()).collect::<Vec<_>>())
        });
        if known > groups.len() {
            return Err(PyRuntimeError::new_err(format!(
                "the optimizer had {known} parameter groups and has {} now; groups cannot be taken away",
                groups.len()
            )));
        }
        if known < groups.len() {
            let mut bases = Vec::with_capacity(groups.len() - known);
            for (index, group) in groups.iter().enumerate().skip(known) {
                param_groups::note_initial_rate(group)?;
                bases.push(param_groups::read(group, index)?);
            }
            self.driver(|driver| driver.join(bases, start))?;
        }
        if torch.is_empty() {
            return Ok(());
        }
        let members: Vec<Vec<usize>> = self.driver(|driver| {
            driver.parts.iter().filter(|part| part.is_torch()).map(|part| part.members.clone()).collect()
        });
        let mut present = torch;
        for (members, part) in members.iter().zip(&mut present) {
            for (index, into) in members.iter().zip(part) {
                param_groups::read_present(&groups[*index], into)?;
            }
        }
        self.driver(|driver| {
            let parts = driver.parts.iter_mut().filter(|part| part.is_torch());
            parts.zip(present).for_each(|(part, present)| part.groups = present);
        });
        Ok(())
    }
}

#[pymethods]
impl GroupPlans {
    #[new]
    fn new(
        entries: Vec<Entry>,
        groups: &Bound<'_, PyAny>,
        total_steps: Option<u64>,
        epochs: Option<u64>,
        steps_per_epoch: Option<u64>,
    ) -> PyResult<Self> {
        let length = Length { total_steps, epochs, steps_per_epoch };
        let groups = param_groups::all(groups)?;
        let own = groups.iter().enumerate().map(|(index, group)| param_groups::read(group, index));
        Driver::new(entries, own.collect::<PyResult<_>>()?, length).map(|driver| Self(Mutex::new(driver)))
    }

    /// The plans that `state` gave, in their state, for the same groups.
    #[staticmethod]
    fn from_state(text: &str) -> PyResult<Self> {
        Ok(Self(Mutex::new(Saved::read(text)?.build()?)))
    }

    /// All that has to be kept, as JSON.
    fn state(&self) -> PyResult<String> {
        let saved = self.driver(Saved::of);
        serde_json::to_string(&saved).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }

    /// Goes on from what `state` gave.
    fn load(&self, text: &str, changed: bool) -> PyResult<()> {
        let saved = Saved::read(text)?;
        self.driver(|driver| saved.load(driver, changed))
    }

    /// Updates (or epochs) made; -1 where a composite of schedulers has taken the first values back.
    #[getter]
    fn t(&self) -> i64 {
        self.driver(|driver| driver.t)
    }

    /// Updates in all and in an epoch.
    #[getter]
    fn horizon(&self) -> (u64, u64) {
        self.driver(|driver| (driver.horizon.total_steps, driver.horizon.steps_per_epoch))
    }

    /// Whether t counts epochs.
    #[getter]
    fn once_an_epoch(&self) -> bool {
        self.driver(|driver| driver.once_an_epoch)
    }

    /// Each plan with the groups it is for.
    #[getter]
    fn plans(&self) -> Vec<(String, String)> {
        self.driver(|driver| {
            driver.parts.iter().map(|part| (part.selector.to_string(), part.spec.to_string())).collect()
        })
    }

    /// The rates that schedules start from, one a group.
    #[getter]
    fn bases(&self) -> Vec<Option<f64>> {
        self.driver(|driver| {
            let mut bases = vec![None; driver.names.len()];
            for part in &driver.parts {
                for (index, base) in part.members.iter().zip(&part.bases) {
                    bases[*index] = Some(base.lr());
                }
            }
            bases
        })
    }

    /// The names of the groups.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.driver(|driver| driver.names.clone())
    }

    /// Advances by `updates`, sets the groups, and gives their rates.
    fn advance<'py>(
        &self,
        py: Python<'py>,
        updates: i64,
        groups: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let t = self.driver(|driver| match driver.t {
            t if t < 0 => 0,
            t if driver.once_an_epoch => t + updates.clamp(0, 1),
            t => t + updates.max(0),
        });
        self.put(py, t, &param_groups::all(groups)?)
    }

    /// Goes to `t`, sets the groups, and gives their rates.
    fn enter<'py>(
        &self,
        py: Python<'py>,
        t: i64,
        groups: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.put(py, t, &param_groups::all(groups)?)
    }

    /// Takes back what was set before the first update, the rates aside.
    fn undo(&self, t: i64, groups: &Bound<'_, PyAny>) -> PyResult<()> {
        let writes = self.driver(|driver| {
            driver.t = t;
            driver.own_values()
        });
        param_groups::write(&param_groups::all(groups)?, &writes)
    }

    /// Tells readings to whatever listens, sets the groups, and gives their rates.
    fn hear<'py>(
        &self,
        py: Python<'py>,
        readings: Vec<(String, f64)>,
        groups: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let groups = param_groups::all(groups)?;
        self.meet(&groups, 0)?;
        let t = self
            .driver(|driver| {
                let t = u64::try_from(driver.t).unwrap_or(0);
                for (name, value) in readings {
                    for Part { built, groups, .. } in &mut driver.parts {
                        built.scheduler().on_metric(t, &name, value, groups)?;
                    }
                }
                Ok(driver.t)
            })
            .map_err(|error: PlanError| plan_stopped(&error))?;
        self.set(py, t, &groups)
    }

    /// The value of a field of a group after `t` updates; what reacts keeps its present factor.
    fn value(&self, t: u64, group: usize, field: &str) -> PyResult<f64> {
        let field = Field::find(field).ok_or_else(|| {
            let known = Field::ALL.map(Field::name).join(", ");
            PyValueError::new_err(format!("there is no field `{field}`, only {known}"))
        })?;
        self.driver(|driver| {
            for part in &driver.parts {
                if let Some(at) = part.members.iter().position(|index| *index == group) {
                    let (mut built, mut groups) = (part.built.clone(), part.groups.clone());
                    built.scheduler().before_step(t, &mut groups)?;
                    return Ok(Some(groups[at].get(field)));
                }
            }
            Ok(None)
        })
        .map_err(|error: PlanError| plan_stopped(&error))?
        .ok_or_else(|| PyValueError::new_err(format!("no plan moves group {group}")))
    }

    /// Takes in new groups with schedules that begin at `start`.
    fn add_groups(&self, start: u64, groups: &Bound<'_, PyAny>) -> PyResult<()> {
        self.meet(&param_groups::all(groups)?, start)
    }

    /// Gives the group at `index` the rate `lr` to start schedules from.
    fn rebase(&self, index: usize, lr: f64) -> PyResult<()> {
        self.driver(|driver| {
            let horizon = driver.horizon;
            for part in &mut driver.parts {
                if let Some(at) = part.members.iter().position(|member| *member == index) {
                    let mut bases = part.bases.clone();
                    bases[at].set(Field::Lr, lr);
                    return part.again(part.members.clone(), bases, part.starts.clone(), horizon);
                }
            }
            Ok(())
        })
    }
}
