//! The arguments of the schedule that is being built.

use super::Recipe;
use crate::{
    Duration, Horizon,
    expression::Expression,
    registry::{Argument, Kind, Level},
    spec::{Fault, read_argument},
};

impl Recipe<'_> {
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
}
