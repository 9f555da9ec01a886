//! What a schedule is built from: its arguments, held against the registry, and the stretch of
//! training that it covers.

mod arguments;
mod inner;
mod stretch;

use std::sync::Arc;

use super::{Entry, Schedule, TorchForm, end::Ended, find};
use crate::{
    Horizon, ScheduleSpec,
    spec::{Fault, Problem, SpecError},
};

pub use stretch::Stretch;

/// One schedule that is being built.
///
/// The getters never fail: what is missing or wrong is noted, something harmless stands in, and
/// the build goes on, so that all problems are told at once.
///
/// A duration that was given is a share of the whole training, or counts steps or epochs; one that
/// was left out and means "the rest" is what is left of the [`stretch`](Self::stretch).
#[derive(Debug)]
pub struct Recipe<'a> {
    entry: &'static Entry,
    spec: &'a ScheduleSpec,
    stretch: Stretch,
    path: String,
    problems: Vec<Problem>,
    base: f64,
    tick: u64,
    factor_only: bool,
}

/// Rates above this many times the group's own are refused: no training survives them, and products
/// of them stay finite.
const LARGEST: f64 = 1e30;

/// At how many times a schedule is looked at when it is built.
const LOOKS: u64 = 4096;

impl<'a> Recipe<'a> {
    pub(crate) fn new(spec: &'a ScheduleSpec, horizon: Horizon) -> Result<Self, SpecError> {
        let recipe = Self::at(spec, Stretch::whole(horizon), String::new())
            .map_err(|problem| SpecError::new(vec![*problem]));
        recipe.map(|mut recipe| {
            for (what, count) in
                [("the training", horizon.total_steps), ("an epoch", horizon.steps_per_epoch)]
            {
                if count == 0 {
                    recipe.refuse(format!("{what} has no steps, a schedule needs at least one"));
                }
            }
            recipe
        })
    }

    fn at(spec: &'a ScheduleSpec, stretch: Stretch, path: String) -> Result<Self, Box<Problem>> {
        let Some(entry) = find(spec.name) else {
            let known = super::SCHEDULES.iter().map(|entry| entry.name);
            return Err(Box::new(Problem::of(path, Fault::unknown("schedule", spec.name, known))));
        };
        let problems = Vec::new();
        let mut recipe =
            Self { entry, spec, stretch, path, problems, base: 1.0, tick: 1, factor_only: false };
        for (name, argument) in &spec.args {
            let known = entry.params.iter().map(|param| param.name);
            let checked = entry.params.iter().find(|param| param.name == name).map_or_else(
                || Err(Fault::unknown(format!("parameter of {}", entry.name), name, known)),
                |param| param.check(argument),
            );
            if let Err(fault) = checked {
                recipe.note(name, fault);
            }
        }
        match (entry.form.key(), spec.inner.len()) {
            (_, count) if entry.form.takes(count) => {}
            (None, _) => recipe.refuse(format!("{} takes no other schedule", entry.name)),
            (Some(key), 0) => {
                let (owner, example) = (entry.name.to_owned(), entry.example.to_owned());
                let parameter = "a schedule to go with it".to_owned();
                recipe.note(key, Fault::Missing { owner, parameter, example });
            }
            (Some(key), count) => {
                let allowed = if entry.form.takes_list() { "two or more schedules" } else { "one schedule" };
                recipe.note(key, Fault::value(key, format!("{count} of them"), allowed));
            }
        }
        Ok(recipe)
    }

    /// The same recipe for PyTorch code: the group's own value, and the steps between two calls of
    /// `scheduler.step()`.
    pub(crate) fn for_torch(mut self, base: f64, tick: u64) -> Self {
        if base == 0.0 {
            self.refuse("PyTorch's schedulers multiply the rate, so it must be above 0".to_owned());
        }
        self.base = if base == 0.0 { 1.0 } else { base };
        self.tick = tick;
        self
    }

    /// Builds, or tells everything that is wrong. The value at the end of training holds after it.
    pub(crate) fn build(mut self) -> Result<Arc<dyn Schedule>, SpecError> {
        let schedule = (self.entry.build)(&mut self);
        if self.problems.is_empty() {
            self.look(&*schedule);
        }
        if self.problems.is_empty() {
            Ok(Ended::at(self.stretch.end, schedule))
        } else {
            Err(SpecError::new(self.problems))
        }
    }

    /// Refuses what grows out of all bounds.
    fn look(&mut self, schedule: &dyn Schedule) {
        let last = self.stretch.end;
        let looks = LOOKS.min(last);
        let times = (0..=looks).map(|k| (u128::from(last) * u128::from(k) / u128::from(looks.max(1))) as u64);
        let mut outside =
            times.map(|t| (t, schedule.value_at(t, 1.0))).filter(|(_, v)| !(0.0..=LARGEST).contains(v));
        if let Some((t, value)) = outside.next() {
            self.refuse(format!(
                "the value at step {t} would be {value:e} times the group's own; it must stay from 0 to {LARGEST:e}"
            ));
        }
    }

    /// Writes PyTorch code, or tells everything that is wrong.
    pub(crate) fn write(mut self) -> Result<TorchForm, SpecError> {
        let form = (self.entry.to_torch)(&mut self);
        if self.problems.is_empty() { Ok(form) } else { Err(SpecError::new(self.problems)) }
    }

    /// Notes what is wrong with a parameter, or with the whole where `name` is empty.
    pub fn note(&mut self, name: &str, fault: Fault) {
        let path = match (self.path.as_str(), name) {
            (path, "") => path.to_owned(),
            ("", name) => name.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        let problem = Problem::of(path, fault);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Notes that the whole cannot be built.
    pub fn refuse(&mut self, why: String) {
        self.note("", Fault::Refused { why });
    }

    /// The steps that it covers.
    pub fn stretch(&self) -> Stretch {
        self.stretch
    }

    /// Updates before this schedule's start.
    pub fn start(&self) -> u64 {
        self.stretch.start
    }

    /// Updates from this schedule's start to the end of its stretch.
    pub fn left(&self) -> u64 {
        self.stretch.steps()
    }
}
