//! Plans over the groups of an optimizer that is not lrlab's.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use lrlab::core::{
    AfterEnd, BuiltPlan, Field, Horizon, Length, ParamGroup, Pattern, PlanError, spec::WholePlan,
};
use pyo3::{
    exceptions::{PyRuntimeError, PyUserWarning, PyValueError},
    prelude::*,
    types::{PyDict, PyList},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{SpecError, plan_stopped, spec_refused},
    param_groups::{self, Write},
    saved_plan::Saved,
};

/// Which groups follow a plan.
#[derive(Clone, PartialEq, Serialize, Deserialize, FromPyObject)]
#[serde(untagged)]
pub(crate) enum Selector {
    /// The group at an index.
    Index(usize),
    /// The groups whose name fits.
    Named(String),
}

impl Selector {
    fn matches(&self, index: usize, name: &str) -> bool {
        match self {
            Self::Index(at) => *at == index,
            Self::Named(pattern) => Pattern(pattern.clone()).matches(name),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "group {index}"),
            Self::Named(pattern) => write!(f, "`{pattern}`"),
        }
    }
}

/// A plan as Python hands it over: for whom, its text, and whether that is JSON.
type Entry = (Selector, String, bool);

fn parse(text: &str, json: bool) -> PyResult<WholePlan> {
    if json {
        return serde_json::from_str(text).map_err(|error| SpecError::new_err(error.to_string()));
    }
    text.parse().map_err(|error| spec_refused(&error))
}

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

/// A plan with the groups that follow it.
pub(crate) struct Part {
    pub(crate) selector: Selector,
    pub(crate) spec: WholePlan,
    /// Where its groups stand in the optimizer.
    pub(crate) members: Vec<usize>,
    pub(crate) bases: Vec<ParamGroup>,
    pub(crate) starts: Vec<u64>,
    /// The groups with their present values.
    pub(crate) groups: Vec<ParamGroup>,
    pub(crate) built: BuiltPlan,
    /// What it sets.
    fields: Vec<Field>,
}

impl Part {
    pub(crate) fn new(
        selector: Selector,
        spec: WholePlan,
        members: Vec<usize>,
        bases: Vec<ParamGroup>,
        starts: Vec<u64>,
        horizon: Horizon,
    ) -> PyResult<Self> {
        let fields = &spec.plan.fields;
        if fields.contains_key(&Field::Momentum)
            && fields.contains_key(&Field::Beta1)
            && bases.iter().any(|base| base.has(Field::Beta1))
        {
            let why =
                "`momentum:` and `beta1:` are the same number in a group with `betas`; keep one of them";
            return Err(SpecError::new_err(why));
        }
        let mut built = spec.plan.build(&bases, horizon).map_err(|error| spec_refused(&error))?;
        if let BuiltPlan::Own(plan) = &mut built {
            for (index, start) in starts.iter().enumerate() {
                plan.begin_at(index, *start);
            }
        }
        let fields = Field::ALL.into_iter().filter(|field| built.scheduler().writes(*field)).collect();
        Ok(Self { selector, spec, members, groups: bases.clone(), bases, starts, built, fields })
    }

    pub(crate) fn is_torch(&self) -> bool {
        matches!(self.built, BuiltPlan::Torch(_))
    }

    /// The same with other groups or bases; what it heard stays.
    fn again(
        &mut self,
        members: Vec<usize>,
        bases: Vec<ParamGroup>,
        starts: Vec<u64>,
        horizon: Horizon,
    ) -> PyResult<()> {
        if self.is_torch() {
            return Err(PyRuntimeError::new_err(format!(
                "`{}` replays PyTorch's class over the groups that it was built with, and takes in no group \
                 and no base later; leave out `torch` for lrlab's own meaning",
                self.spec
            )));
        }
        let state = self.built.scheduler().state();
        let (selector, spec) = (self.selector.clone(), self.spec.clone());
        let mut again = Self::new(selector, spec, members, bases, starts, horizon)?;
        again.built.scheduler().restore(&state).map_err(|error| plan_stopped(&error))?;
        *self = again;
        Ok(())
    }

    fn values(&mut self, t: u64, into: &mut Vec<Write>) -> Result<(), PlanError> {
        self.built.scheduler().before_step(t, &mut self.groups)?;
        for (index, group) in self.members.iter().zip(&self.groups) {
            into.extend(self.fields.iter().map(|field| (*index, *field, group.get(*field))));
        }
        Ok(())
    }
}

/// The plans of all groups, and where training stands.
pub(crate) struct Driver {
    pub(crate) parts: Vec<Part>,
    /// The groups known so far.
    pub(crate) names: Vec<String>,
    pub(crate) horizon: Horizon,
    /// Whether t counts epochs, each of them one call.
    pub(crate) once_an_epoch: bool,
    /// Updates made; -1 before the first values were set.
    pub(crate) t: i64,
    pub(crate) warned: bool,
}

impl Driver {
    fn new(entries: Vec<Entry>, groups: &[Bound<'_, PyDict>], length: Length) -> PyResult<Self> {
        let once_an_epoch =
            length.epochs.is_some() && length.total_steps.is_none() && length.steps_per_epoch.is_none();
        let told = Length {
            steps_per_epoch: if once_an_epoch { Some(1) } else { length.steps_per_epoch },
            ..length
        };
        let horizon = told.horizon().map_err(|error| {
            PyValueError::new_err(format!(
                "{error} (total_steps=..., or epochs=... with steps_per_epoch=..., or epochs=... alone for a \
                 scheduler whose step() is called once an epoch)"
            ))
        })?;
        let mut specs = Vec::with_capacity(entries.len());
        for (selector, text, json) in entries {
            let spec = parse(&text, json)?;
            if spec.counts_epochs() && !told.has_epochs() {
                return Err(PyValueError::new_err(format!(
                    "`{spec}` counts epochs, and nobody said how long one is: give steps_per_epoch=..."
                )));
            }
            specs.push((selector, spec));
        }
        let mut names = Vec::with_capacity(groups.len());
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); specs.len()];
        let mut bases: Vec<Vec<ParamGroup>> = vec![Vec::new(); specs.len()];
        for (index, group) in groups.iter().enumerate() {
            let base = param_groups::read(group, index)?;
            if let Some(at) = specs.iter().position(|(selector, _)| selector.matches(index, &base.name)) {
                members[at].push(index);
                bases[at].push(base.clone());
            }
            names.push(base.name);
        }
        let mut parts = Vec::with_capacity(specs.len());
        for (((selector, spec), members), bases) in specs.into_iter().zip(members).zip(bases) {
            if members.is_empty() {
                let known: Vec<String> =
                    names.iter().enumerate().map(|(index, name)| format!("{index} (`{name}`)")).collect();
                return Err(PyValueError::new_err(format!(
                    "no group is left for {selector}; the optimizer has {}, and the first that fits takes a group",
                    known.join(", ")
                )));
            }
            let starts = vec![0; members.len()];
            parts.push(Part::new(selector, spec, members, bases, starts, horizon)?);
        }
        Ok(Self { parts, names, horizon, once_an_epoch, t: -1, warned: false })
    }

    /// Takes in groups that were added since, with schedules that begin at `start`.
    fn join(&mut self, bases: Vec<ParamGroup>, start: u64) -> PyResult<()> {
        for base in bases {
            let (index, name) = (self.names.len(), base.name.clone());
            if let Some(part) = self.parts.iter_mut().find(|part| part.selector.matches(index, &name)) {
                let (mut members, mut bases, mut starts) =
                    (part.members.clone(), part.bases.clone(), part.starts.clone());
                members.push(index);
                bases.push(base);
                starts.push(start);
                part.again(members, bases, starts, self.horizon)?;
            }
            self.names.push(name);
        }
        Ok(())
    }

    /// What the groups' fields are after `t` updates.
    fn values(&mut self, t: u64) -> Result<Vec<Write>, PlanError> {
        let mut writes = Vec::with_capacity(self.names.len() * 2);
        self.parts.iter_mut().try_for_each(|part| part.values(t, &mut writes))?;
        Ok(writes)
    }

    /// What is to be said at `t`; an error where a plan forbids to go on.
    fn end(&mut self, t: u64) -> Result<Option<String>, PlanError> {
        let total = self.horizon.total_steps;
        // After the last update t is the total; only an update beyond it goes on.
        if t <= total {
            return Ok(None);
        }
        let policies = || self.parts.iter().map(|part| part.spec.after_end);
        if policies().any(|policy| policy == AfterEnd::Error) {
            return Err(PlanError::AfterEnd { t: t - 1, total });
        }
        if self.warned || policies().all(|policy| policy == AfterEnd::Hold) {
            return Ok(None);
        }
        self.warned = true;
        let unit = if self.once_an_epoch { "epochs" } else { "updates" };
        Ok(Some(format!(
            "the plan was made for {total} {unit}, and {t} were made: its last values hold from here on"
        )))
    }
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
        Driver::new(entries, &param_groups::all(groups)?, length).map(|driver| Self(Mutex::new(driver)))
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
        let writes: Vec<Write> = self.driver(|driver| {
            driver.t = t;
            let own = driver.parts.iter().flat_map(|part| {
                part.members.iter().zip(&part.bases).flat_map(|(index, base)| {
                    let fields = part.fields.iter().filter(|field| **field != Field::Lr);
                    fields.map(|field| (*index, *field, base.get(*field)))
                })
            });
            own.collect()
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
                for (name, value) in &readings {
                    for Part { built, groups, .. } in &mut driver.parts {
                        built.scheduler().on_metric(t, name, *value, groups)?;
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
