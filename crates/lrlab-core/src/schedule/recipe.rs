//! What a schedule is built from: its arguments, held against the registry, and the stretch of
//! training that it covers.

use std::sync::Arc;

use super::{Entry, Schedule, TorchForm, constant::Constant, find};
use crate::{
    Duration, Horizon, ScheduleSpec,
    registry::{Argument, Kind, Level},
    spec::{Fault, Problem, SpecError, read_argument},
};

/// One schedule that is being built.
///
/// The getters never fail: what is missing or wrong is noted, something harmless stands in, and
/// the build goes on, so that all problems are told at once.
///
/// A duration that was given is a share of the whole training, or counts steps or epochs; one that
/// was left out and means "the rest" is what is left after [`start`](Self::start).
#[derive(Debug)]
pub struct Recipe<'a> {
    entry: &'static Entry,
    spec: &'a ScheduleSpec,
    horizon: Horizon,
    start: u64,
    path: String,
    problems: Vec<Problem>,
    base: f64,
    tick: u64,
}

impl<'a> Recipe<'a> {
    pub(crate) fn new(spec: &'a ScheduleSpec, horizon: Horizon) -> Result<Self, SpecError> {
        let recipe =
            Self::at(spec, horizon, 0, String::new()).map_err(|problem| SpecError::new(vec![*problem]));
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

    fn at(spec: &'a ScheduleSpec, horizon: Horizon, start: u64, path: String) -> Result<Self, Box<Problem>> {
        let Some(entry) = find(spec.name) else {
            let known = super::SCHEDULES.iter().map(|entry| entry.name);
            return Err(Box::new(Problem::of(path, Fault::unknown("schedule", spec.name, known))));
        };
        let mut recipe = Self { entry, spec, horizon, start, path, problems: Vec::new(), base: 1.0, tick: 1 };
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
        if spec.inner.is_some() && !entry.takes_inner() {
            recipe.refuse(format!("{} takes no other schedule", entry.name));
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

    /// Builds, or tells everything that is wrong.
    pub(crate) fn build(mut self) -> Result<Arc<dyn Schedule>, SpecError> {
        let schedule = (self.entry.build)(&mut self);
        if self.problems.is_empty() { Ok(schedule) } else { Err(SpecError::new(self.problems)) }
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

    /// Updates before this schedule's start.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Updates from this schedule's start to the end of the training.
    pub fn left(&self) -> u64 {
        self.horizon.total_steps.saturating_sub(self.start)
    }

    /// The argument, or the default; `None` where the registry says that leaving it out has a
    /// meaning of its own.
    fn argument(&mut self, name: &str) -> Option<Argument> {
        if let Some(given) = self.spec.args.get(name) {
            return Some(given.clone());
        }
        let param = self.entry.params.iter().find(|param| param.name == name)?;
        match param.default {
            Some("") => None,
            Some(default) => read_argument(param, default).ok(),
            None => {
                let example = self.entry.example.to_owned();
                self.note(
                    name,
                    Fault::Missing { owner: self.entry.name.to_owned(), parameter: name.to_owned(), example },
                );
                None
            }
        }
    }

    fn resolve(&mut self, name: &str, duration: Duration) -> u64 {
        let steps = duration.steps(self.horizon);
        if steps == 0 && self.horizon.total_steps > 0 && self.horizon.steps_per_epoch > 0 {
            let Horizon { total_steps, steps_per_epoch } = self.horizon;
            let allowed = format!(
                "at least one step (the training has {total_steps} of them, an epoch {steps_per_epoch})"
            );
            self.note(name, Fault::value(name, duration.to_string(), allowed));
        }
        steps.max(1)
    }

    /// A duration in steps, 1 or more; `None` where it was left out and may be.
    pub fn steps(&mut self, name: &str) -> Option<u64> {
        match self.argument(name) {
            Some(Argument::Duration(duration)) => Some(self.resolve(name, duration)),
            _ => None,
        }
    }

    /// A duration in steps, 1 or more, or all that is left where it was left out.
    pub fn steps_or_left(&mut self, name: &str) -> u64 {
        let steps = self.steps(name);
        if steps.is_none() && self.left() == 0 && self.horizon.total_steps > 0 {
            self.refuse(format!("nothing of the training is left for {}", self.entry.name));
        }
        steps.unwrap_or(self.left()).max(1)
    }

    /// The duration after which the schedule that this one takes begins.
    pub fn steps_before_inner(&mut self, name: &str) -> u64 {
        let (steps, left) = (self.steps(name).unwrap_or(1), self.left());
        if steps > left && self.horizon.total_steps > 0 {
            let allowed = format!("no more than the {left} steps that are left of the training");
            self.note(name, Fault::value(name, format!("{steps} steps"), allowed));
        }
        steps
    }

    /// Several durations in steps, which must grow.
    pub fn growing_steps(&mut self, name: &str) -> Vec<u64> {
        let Some(Argument::Durations(durations)) = self.argument(name) else { return vec![1] };
        let steps: Vec<u64> = durations.iter().map(|duration| self.resolve(name, *duration)).collect();
        if let Some(at) = steps.windows(2).position(|pair| pair[0] >= pair[1]) {
            let got = format!("{}, {}", durations[at], durations[at + 1]);
            self.note(name, Fault::value(name, got, "times that grow"));
        }
        steps
    }

    /// A target value, or `None` where it was left out and may be.
    pub fn level(&mut self, name: &str) -> Option<Level> {
        match self.argument(name) {
            Some(Argument::Level(level)) => Some(level),
            _ => None,
        }
    }

    /// A number; 1 where something is wrong with it.
    pub fn number(&mut self, name: &str) -> f64 {
        match self.argument(name) {
            Some(Argument::Number(number)) => number,
            _ => 1.0,
        }
    }

    /// A number, or `None` where it was left out and may be.
    pub fn number_if_given(&mut self, name: &str) -> Option<f64> {
        match self.argument(name) {
            Some(Argument::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &str) -> bool {
        self.argument(name) == Some(Argument::Flag(true))
    }

    /// One of the words of a choice.
    pub fn word(&mut self, name: &str) -> &'static str {
        let given = self.argument(name);
        let kind = self.entry.params.iter().find(|param| param.name == name).map(|param| param.kind);
        let Some(Kind::Choice(words)) = kind else { return "" };
        let fits = |word: &&str| given == Some(Argument::Word((*word).to_owned()));
        words.iter().copied().find(fits).or(words.first().copied()).unwrap_or_default()
    }

    /// Several durations in steps, each 1 or more, in any order.
    pub fn each_steps(&mut self, name: &str) -> Vec<u64> {
        let Some(Argument::Durations(durations)) = self.argument(name) else { return vec![1] };
        durations.iter().map(|duration| self.resolve(name, *duration)).collect()
    }

    /// A duration in steps, not rounded to whole ones; `None` where it was left out and may be.
    pub fn part_steps(&mut self, name: &str) -> Option<f64> {
        let Horizon { total_steps, steps_per_epoch } = self.horizon;
        match self.argument(name) {
            Some(Argument::Duration(Duration::Steps(steps))) => Some(steps as f64),
            Some(Argument::Duration(Duration::Epochs(epochs))) => Some(epochs * steps_per_epoch as f64),
            Some(Argument::Duration(Duration::Fraction(share))) => Some(share * total_steps as f64),
            _ => None,
        }
    }

    fn inner_recipe(&mut self, after: u64) -> Option<Recipe<'a>> {
        let key = self.entry.form.key().unwrap_or_default();
        let Some(inner) = self.spec.inner.as_deref() else {
            let example = self.entry.example.to_owned();
            let owner = self.entry.name.to_owned();
            self.note(
                key,
                Fault::Missing { owner, parameter: "a schedule to go with it".to_owned(), example },
            );
            return None;
        };
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        match Recipe::at(inner, self.horizon, self.start.saturating_add(after), path) {
            Ok(recipe) => Some(recipe),
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }

    /// Builds the schedule that this one takes, beginning `after` steps after its own start.
    pub fn inner(&mut self, after: u64) -> Arc<dyn Schedule> {
        let stand_in = || Arc::new(Constant { level: Level::Fraction(1.0) });
        let Some(mut recipe) = self.inner_recipe(after) else { return stand_in() };
        let schedule = (recipe.entry.build)(&mut recipe);
        self.problems.append(&mut recipe.problems);
        schedule
    }

    /// Writes the schedule that this one takes as PyTorch code.
    pub fn inner_to_torch(&mut self, after: u64) -> TorchForm {
        let (base, tick) = (self.base, self.tick);
        let Some(recipe) = self.inner_recipe(after) else {
            return TorchForm::single("1.0".to_owned(), None);
        };
        let mut recipe = recipe.for_torch(base, tick);
        let form = (recipe.entry.to_torch)(&mut recipe);
        self.problems.append(&mut recipe.problems);
        form
    }

    /// For PyTorch code: the group's own value.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// For PyTorch code: a target value as a factor of the group's own.
    pub fn factor(&self, level: Level) -> f64 {
        match level {
            Level::Fraction(fraction) => fraction,
            Level::Absolute(value) => value / self.base,
        }
    }

    /// For PyTorch code: how often `scheduler.step()` is called in so many steps, if that is whole.
    pub fn ticks(&self, steps: u64) -> Option<u64> {
        steps.is_multiple_of(self.tick).then(|| steps / self.tick)
    }

    /// For PyTorch code: the steps between two calls of `scheduler.step()`.
    pub fn tick(&self) -> u64 {
        self.tick
    }
}
