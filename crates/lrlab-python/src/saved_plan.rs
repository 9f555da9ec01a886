//! What a training keeps of the plans over its groups, and how it goes on with them.

use lrlab::core::{
    Horizon, ParamGroup,
    checkpoint::Change,
    scheduler::{
        SchedulerState,
        torch::{StateDict, groups_state, load_groups_state},
    },
    spec::WholePlan,
};
use pyo3::{exceptions::PyValueError, prelude::*};
use serde::{Deserialize, Serialize};

use crate::driver::{Driver, Part, Selector};

/// Plans over an optimizer's groups, as data: numbers, texts, lists and tables only.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    plans: Vec<SavedPlan>,
    names: Vec<String>,
    horizon: Horizon,
    once_an_epoch: bool,
    last_epoch: i64,
}

/// One plan with the groups that follow it.
#[derive(Serialize, Deserialize)]
struct SavedPlan {
    groups: Selector,
    spec: String,
    spec_hash: String,
    members: Vec<usize>,
    starts: Vec<u64>,
    bases: Vec<StateDict>,
    state: SchedulerState,
    /// The present values, where the next ones are made from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<StateDict>,
}

fn hexadecimal(hash: u64) -> String {
    format!("{hash:016x}")
}

fn refused(why: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(why.to_string())
}

impl Saved {
    /// What `driver` is after its updates.
    pub(crate) fn of(driver: &mut Driver) -> Self {
        let plans = driver.parts.iter_mut().map(|part| SavedPlan {
            groups: part.selector.clone(),
            spec: part.spec.to_string(),
            spec_hash: hexadecimal(part.spec.spec_hash()),
            members: part.members.clone(),
            starts: part.starts.clone(),
            bases: groups_state(&part.bases),
            values: if part.is_torch() { groups_state(&part.groups) } else { Vec::new() },
            state: part.built.scheduler().state(),
        });
        Self {
            plans: plans.collect(),
            names: driver.names.clone(),
            horizon: driver.horizon,
            once_an_epoch: driver.once_an_epoch,
            last_epoch: driver.t,
        }
    }

    /// Reads what was written.
    pub(crate) fn read(text: &str) -> PyResult<Self> {
        serde_json::from_str(text).map_err(|error| {
            refused(format!("this is no state of an lrlab Scheduler, or a damaged one: {error}"))
        })
    }

    /// Builds all of it again, as it was.
    pub(crate) fn build(&self) -> PyResult<Driver> {
        let parts = self.plans.iter().map(|saved| saved.build(&self.names, self.horizon));
        Ok(Driver {
            parts: parts.collect::<PyResult<_>>()?,
            names: self.names.clone(),
            horizon: self.horizon,
            once_an_epoch: self.once_an_epoch,
            t: self.last_epoch,
            warned: false,
        })
    }

    /// Goes on from here in `driver`, whose plans must be the same unless a change is meant; groups that
    /// it has beyond those of the state keep what they have.
    pub(crate) fn load(&self, driver: &mut Driver, changed: bool) -> PyResult<()> {
        if self.names.len() > driver.names.len() {
            return Err(refused(format!(
                "the state has {} parameter groups, the optimizer {}; add those that were added during \
                 training (`optimizer.add_param_group`) before loading",
                self.names.len(),
                driver.names.len()
            )));
        }
        if !changed {
            self.compare(driver)?;
        } else if self.plans.len() != driver.parts.len() {
            return Err(refused(format!(
                "the state has {} plans, this scheduler {}; a changed plan must be for the same groups",
                self.plans.len(),
                driver.parts.len()
            )));
        }
        let mut parts = Vec::with_capacity(driver.parts.len());
        for (saved, part) in self.plans.iter().zip(&driver.parts) {
            if !part.members.starts_with(&saved.members) {
                return Err(refused(format!(
                    "the groups of `{}` were {:?}, and are {:?} now; bring the groups into the order that they had",
                    saved.spec, saved.members, part.members
                )));
            }
            let mut bases = saved.groups(&saved.bases, &self.names)?;
            let mut starts = saved.starts.clone();
            bases.extend(part.bases.iter().skip(bases.len()).cloned());
            starts.extend(part.starts.iter().skip(starts.len()));
            let (selector, members) = (part.selector.clone(), part.members.clone());
            let mut built = Part::new(selector, part.spec.clone(), members, bases, starts, driver.horizon)?;
            saved.restore(&mut built, &self.names)?;
            parts.push(built);
        }
        (driver.parts, driver.t, driver.warned) = (parts, self.last_epoch, false);
        Ok(())
    }

    fn compare(&self, driver: &Driver) -> PyResult<()> {
        for saved in &self.plans {
            let found = hexadecimal(saved.plan()?.spec_hash());
            if found != saved.spec_hash {
                return Err(refused(format!(
                    "the state is damaged: its plan has the hash {found}, but {} is written beside it",
                    saved.spec_hash
                )));
            }
        }
        if self.once_an_epoch != driver.once_an_epoch {
            let unit = |once: bool| if once { "epochs" } else { "updates" };
            return Err(refused(format!(
                "the state counts {}, this scheduler {}; give it the same lengths as before",
                unit(self.once_an_epoch),
                unit(driver.once_an_epoch)
            )));
        }
        let selectors = |selectors: &mut dyn Iterator<Item = &Selector>| -> Vec<String> {
            selectors.map(ToString::to_string).collect()
        };
        let was = selectors(&mut self.plans.iter().map(|plan| &plan.groups));
        let now = selectors(&mut driver.parts.iter().map(|part| &part.selector));
        if was != now {
            return Err(refused(format!(
                "the plans were for {}, and are for {} now; name the same groups in the same order",
                was.join(", "),
                now.join(", ")
            )));
        }
        for (saved, part) in self.plans.iter().zip(&driver.parts) {
            let former = saved.plan()?;
            if former != part.spec || self.horizon != driver.horizon {
                let t = u64::try_from(self.last_epoch).unwrap_or(0);
                let was = (former, self.horizon);
                let change = Change { t, was, now: (part.spec.clone(), driver.horizon) };
                return Err(refused(format!(
                    "{change}\nA plan that was changed on purpose is taken with \
                     `load_state_dict(state, changed=True)`."
                )));
            }
        }
        Ok(())
    }
}

impl SavedPlan {
    fn plan(&self) -> PyResult<WholePlan> {
        self.spec.parse().map_err(|error| crate::error::spec_refused(&error))
    }

    fn groups(&self, values: &[StateDict], names: &[String]) -> PyResult<Vec<ParamGroup>> {
        if self.starts.len() != self.members.len() {
            let (starts, members) = (self.starts.len(), self.members.len());
            return Err(refused(format!("the state is damaged: {starts} starts for {members} groups")));
        }
        let named = |index: &usize| ParamGroup::new(names.get(*index).cloned().unwrap_or_default());
        let mut groups: Vec<ParamGroup> = self.members.iter().map(named).collect();
        load_groups_state(&mut groups, values).map_err(refused)?;
        Ok(groups)
    }

    fn restore(&self, part: &mut Part, names: &[String]) -> PyResult<()> {
        if !self.values.is_empty() {
            part.groups = self.groups(&self.values, names)?;
        }
        part.built.scheduler().restore(&self.state).map_err(|error| crate::error::plan_stopped(&error))
    }

    fn build(&self, names: &[String], horizon: Horizon) -> PyResult<Part> {
        let bases = self.groups(&self.bases, names)?;
        let (selector, members) = (self.groups.clone(), self.members.clone());
        let mut part = Part::new(selector, self.plan()?, members, bases, self.starts.clone(), horizon)?;
        self.restore(&mut part, names)?;
        Ok(part)
    }
}
