//! What a schedule is built from: its arguments, held against the registry, and the stretch of
//! training that it covers.

use std::sync::Arc;

use super::{Entry, Schedule, TorchForm, constant::Constant, end::Ended, find};
use crate::{
    Duration, Horizon, ScheduleSpec,
    expression::Expression,
    registry::{Argument, Kind, Level},
    spec::{Fault, Problem, SpecError, read_argument},
};

/// The stretch of training that a schedule covers, in steps from the start of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Updates before it.
    pub start: u64,
    /// Updates before its end: what a length that was left out reaches to.
    pub end: u64,
    /// What turns shares and epochs into steps.
    pub horizon: Horizon,
}

impl Stretch {
    /// The whole of a training.
    pub fn whole(horizon: Horizon) -> Self {
        Self { start: 0, end: horizon.total_steps, horizon }
    }

    /// What is left after the first `steps`.
    pub fn after(self, steps: u64) -> Self {
        Self { start: self.start.saturating_add(steps), ..self }
    }

    /// The first `steps` only, and no more than there are.
    pub fn first(self, steps: u64) -> Self {
        Self { end: self.end.min(self.start.saturating_add(steps)), ..self }
    }

    /// Its length.
    pub fn steps(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

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
        let Horizon { total_steps, steps_per_epoch } = self.stretch.horizon;
        let steps = duration.steps(self.stretch.horizon);
        if steps == 0 && total_steps > 0 && steps_per_epoch > 0 {
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
        if steps.is_none() && self.left() == 0 && self.stretch.horizon.total_steps > 0 {
            self.refuse(format!("nothing of the training is left for {}", self.entry.name));
        }
        steps.unwrap_or(self.left()).max(1)
    }

    /// The duration after which the schedule that this one takes begins.
    pub fn steps_before_inner(&mut self, name: &str) -> u64 {
        let (steps, left) = (self.steps(name).unwrap_or(1), self.left());
        if steps > left && self.stretch.horizon.total_steps > 0 {
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

    /// Several values, each at its own time in steps; the times grow.
    pub fn points(&mut self, name: &str) -> Vec<(u64, Level)> {
        let Some(Argument::Points(points)) = self.argument(name) else { return Vec::new() };
        let horizon = self.stretch.horizon;
        let steps: Vec<u64> = points.iter().map(|point| point.at.steps(horizon)).collect();
        if let Some(at) = steps.windows(2).position(|pair| pair[0] >= pair[1]) {
            let got = format!("{}, {}", points[at].at, points[at + 1].at);
            self.note(name, Fault::value(name, got, "times that grow"));
        }
        let levels: Vec<Level> = points.iter().map(|point| self.as_factor(name, point.level)).collect();
        steps.into_iter().zip(levels).collect()
    }

    /// A target value, or `None` where it was left out and may be.
    pub fn level(&mut self, name: &str) -> Option<Level> {
        match self.argument(name) {
            Some(Argument::Level(level)) => Some(self.as_factor(name, level)),
            _ => None,
        }
    }

    /// Where only factors make sense, a rate of its own does not.
    fn as_factor(&mut self, name: &str, level: Level) -> Level {
        if self.factor_only && matches!(level, Level::Absolute(_)) {
            let allowed = "a share such as `10%`, since this schedule multiplies another one";
            self.note(name, Fault::value(name, level.to_string(), allowed));
        }
        level
    }

    /// A number; 1 where something is wrong with it.
    pub fn number(&mut self, name: &str) -> f64 {
        self.number_if_given(name).unwrap_or(1.0)
    }

    /// A number, or `None` where it was left out and may be.
    pub fn number_if_given(&mut self, name: &str) -> Option<f64> {
        match self.argument(name) {
            Some(Argument::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// An expression; `None` where something is wrong with it.
    pub fn expression(&mut self, name: &str) -> Option<Expression> {
        match self.argument(name) {
            Some(Argument::Expression(expression)) => Some(expression),
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
        let Horizon { total_steps, steps_per_epoch } = self.stretch.horizon;
        match self.argument(name) {
            Some(Argument::Duration(Duration::Steps(steps))) => Some(steps as f64),
            Some(Argument::Duration(Duration::Epochs(epochs))) => Some(epochs * steps_per_epoch as f64),
            Some(Argument::Duration(Duration::Fraction(share))) => Some(share * total_steps as f64),
            _ => None,
        }
    }

    /// A time in steps from this schedule's own start, which may be 0 steps; `None` where it was left
    /// out and may be.
    pub fn time(&mut self, name: &str) -> Option<u64> {
        match self.argument(name)? {
            Argument::Duration(Duration::Steps(0)) => Some(0),
            Argument::Duration(duration) => Some(self.resolve(name, duration)),
            _ => None,
        }
    }

    /// The length of another training in steps: a share of this one would not be it.
    pub fn steps_of_another_training(&mut self, name: &str) -> Option<u64> {
        match self.argument(name)? {
            Argument::Duration(share @ Duration::Fraction(_)) => {
                let allowed = "steps or epochs, since a percentage would be one of this training";
                self.note(name, Fault::value(name, share.to_string(), allowed));
                None
            }
            Argument::Duration(duration) => Some(self.resolve(name, duration)),
            _ => None,
        }
    }

    /// How many schedules it takes.
    pub fn inner_count(&self) -> usize {
        self.spec.inner.len()
    }

    fn child(&mut self, index: usize, stretch: Stretch, factor_only: bool) -> Option<Recipe<'a>> {
        let key = self.entry.form.key()?;
        // One that is missing was noted when the recipe was made.
        let inner = self.spec.inner.get(index)?;
        let key = if self.entry.form.takes_list() { format!("{key}[{index}]") } else { key.to_owned() };
        let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
        match Recipe::at(inner, stretch, path) {
            Ok(mut recipe) => {
                recipe.factor_only = self.factor_only || factor_only;
                Some(recipe)
            }
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }

    fn built(&mut self, child: Option<Recipe<'a>>) -> Arc<dyn Schedule> {
        let Some(mut recipe) = child else { return Arc::new(Constant { level: Level::Fraction(1.0) }) };
        let schedule = (recipe.entry.build)(&mut recipe);
        self.problems.append(&mut recipe.problems);
        schedule
    }

    fn written(&mut self, child: Option<Recipe<'a>>) -> TorchForm {
        let Some(recipe) = child else { return TorchForm::single("1.0".to_owned(), None) };
        let mut recipe = recipe.for_torch(self.base, self.tick);
        let form = (recipe.entry.to_torch)(&mut recipe);
        self.problems.append(&mut recipe.problems);
        form
    }

    /// Builds the schedule that this one takes, beginning `after` steps after its own start.
    pub fn inner(&mut self, after: u64) -> Arc<dyn Schedule> {
        self.inner_over(0, self.stretch.after(after))
    }

    /// Builds one of the schedules that this one takes, for a stretch of its own.
    pub fn inner_over(&mut self, index: usize, stretch: Stretch) -> Arc<dyn Schedule> {
        let child = self.child(index, stretch, false);
        self.built(child)
    }

    /// Builds one of the schedules that this one takes as a factor: its value for a base of 1.
    pub fn inner_factor(&mut self, index: usize) -> Arc<dyn Schedule> {
        let child = self.child(index, self.stretch, true);
        self.built(child)
    }

    /// Writes the schedule that this one takes as PyTorch code.
    pub fn inner_to_torch(&mut self, after: u64) -> TorchForm {
        self.inner_over_to_torch(0, self.stretch.after(after))
    }

    /// Writes one of the schedules that this one takes as PyTorch code.
    pub fn inner_over_to_torch(&mut self, index: usize, stretch: Stretch) -> TorchForm {
        let child = self.child(index, stretch, false);
        self.written(child)
    }

    /// Writes the schedule that this one takes as PyTorch code for another own value of the group, of
    /// which its factors are then.
    pub fn inner_to_torch_for(&mut self, base: f64) -> TorchForm {
        let own = std::mem::replace(&mut self.base, base);
        let form = self.inner_to_torch(0);
        self.base = own;
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
