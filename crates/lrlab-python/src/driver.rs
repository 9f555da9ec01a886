//! The plans that drive an optimizer's groups, and where training stands.

use std::fmt;

use lrlab::core::{
    AfterEnd, BuiltPlan, Field, Horizon, Length, ParamGroup, Pattern, PlanError, spec::WholePlan,
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{SpecError, plan_stopped, spec_refused},
    param_groups::Write,
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
pub(crate) type Entry = (Selector, String, bool);

pub(crate) fn parse(text: &str, json: bool) -> PyResult<WholePlan> {
    if json {
        return serde_json::from_str(text).map_err(|error| SpecError::new_err(error.to_string()));
    }
    text.parse().map_err(|error| spec_refused(&error))
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
    pub(crate) fn again(
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
    /// The plans for groups whose own values are `own`.
    pub(crate) fn new(entries: Vec<Entry>, own: Vec<ParamGroup>, length: Length) -> PyResult<Self> {
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
        let mut names = Vec::with_capacity(own.len());
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); specs.len()];
        let mut bases: Vec<Vec<ParamGroup>> = vec![Vec::new(); specs.len()];
        for (index, base) in own.into_iter().enumerate() {
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
    pub(crate) fn join(&mut self, bases: Vec<ParamGroup>, start: u64) -> PyResult<()> {
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
    pub(crate) fn values(&mut self, t: u64) -> Result<Vec<Write>, PlanError> {
        let mut writes = Vec::with_capacity(self.names.len() * 2);
        self.parts.iter_mut().try_for_each(|part| part.values(t, &mut writes))?;
        Ok(writes)
    }

    /// What the moved fields were before any plan, the rates aside.
    pub(crate) fn own_values(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        for part in &self.parts {
            for (index, base) in part.members.iter().zip(&part.bases) {
                let fields = part.fields.iter().filter(|field| **field != Field::Lr);
                writes.extend(fields.map(|field| (*index, *field, base.get(*field))));
            }
        }
        writes
    }

    /// What is to be said at `t`; an error where a plan forbids to go on.
    pub(crate) fn end(&mut self, t: u64) -> Result<Option<String>, PlanError> {
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
