//! The arguments of one signal, held against its parameters, and the parameters that all share.

use super::{Setting, SignalEntry};
use crate::{
    Duration,
    horizon::number_text,
    registry::{Argument, Arguments, Keyword, Kind, Level, Parameter, Range},
    spec::{Fault, read_argument},
};

/// The arguments of one signal that is being built.
///
/// The getters never fail: what is wrong is noted and something harmless stands in, so that all of
/// it is told at once.
pub(super) struct Settings<'a> {
    entry: &'static SignalEntry,
    args: &'a Arguments,
    setting: Setting,
    faults: Vec<Fault>,
}

impl<'a> Settings<'a> {
    /// Checks names, kinds and ranges.
    pub(super) fn new(entry: &'static SignalEntry, args: &'a Arguments, setting: Setting) -> Self {
        let mut settings = Self { entry, args, setting, faults: Vec::new() };
        for (name, argument) in args {
            let known = entry.params.iter().map(|parameter| parameter.name);
            let checked = entry.params.iter().find(|parameter| parameter.name == name).map_or_else(
                || Err(Fault::unknown(format!("parameter of {}", entry.name), name, known)),
                |parameter| parameter.check(argument),
            );
            settings.faults.extend(checked.err());
        }
        settings
    }

    pub(super) fn refuse(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// What was built, or everything that is wrong.
    pub(super) fn done<T>(self, built: T) -> Result<T, Vec<Fault>> {
        if self.faults.is_empty() { Ok(built) } else { Err(self.faults) }
    }

    /// The argument, if it was given and is what it should be, or the default. `None` where leaving
    /// it out has a meaning of its own.
    fn argument(&self, name: &str) -> Option<Argument> {
        let parameter = self.entry.params.iter().find(|parameter| parameter.name == name)?;
        let given = self.args.get(name).filter(|argument| parameter.check(argument).is_ok()).cloned();
        let default = parameter.default.filter(|default| !default.is_empty());
        given.or_else(|| read_argument(parameter, default?).ok())
    }

    pub(super) fn is_given(&self, name: &str) -> bool {
        self.args.contains_key(name)
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.argument(name) {
            Some(Argument::Number(value)) => Some(value),
            _ => None,
        }
    }

    /// A factor above 0 and below 1.
    pub(super) fn shrinking(&mut self, name: &'static str) -> f64 {
        let value = self.number(name).unwrap_or(0.5);
        if value >= 1.0 {
            self.refuse(Fault::value(name, number_text(value), "a number above 0 and below 1"));
        }
        value
    }

    pub(super) fn word(&self, name: &str) -> String {
        match self.argument(name) {
            Some(Argument::Word(word)) => word,
            _ => String::new(),
        }
    }

    /// A share; a rate of its own says nothing to a factor over all groups.
    pub(super) fn share(&mut self, name: &'static str) -> f64 {
        match self.argument(name) {
            Some(Argument::Level(Level::Fraction(value))) => value,
            Some(Argument::Level(level)) => {
                self.refuse(Fault::value(name, level.to_string(), "a share such as `1%`"));
                0.0
            }
            _ => 0.0,
        }
    }

    /// Whole steps. What is written as 0 stays 0; what only comes to 0 steps is refused.
    pub(super) fn steps(&mut self, name: &'static str) -> Option<u64> {
        let Some(Argument::Duration(duration)) = self.argument(name) else { return None };
        let steps = duration.steps(self.setting.horizon);
        let zero = match duration {
            Duration::Steps(steps) => steps == 0,
            Duration::Epochs(count) | Duration::Fraction(count) => count == 0.0,
        };
        if steps == 0 && !zero {
            let allowed = "a duration of at least one step here, or `0 steps`";
            self.refuse(Fault::value(name, duration.to_string(), allowed));
        }
        Some(steps)
    }

    /// The t from which readings count, and the steps of patience from there on.
    pub(super) fn gate_and_patience(&mut self) -> (u64, u64) {
        let (after, patience) = (self.steps("after"), self.steps("patience").unwrap_or(0));
        let after = after.unwrap_or(self.setting.warmup);
        let total = self.setting.horizon.total_steps;
        let name = self.entry.name;
        if total == 0 || self.setting.horizon.steps_per_epoch == 0 {
            self.refuse(Fault::refused(format!(
                "{name} needs a training of at least one step, in epochs of one"
            )));
        } else if after >= total {
            self.refuse(Fault::refused(format!(
                "{name} would never react: it waits for {after} of {total} steps; give a shorter `after` or warmup"
            )));
        } else if patience >= total - after {
            self.refuse(Fault::refused(format!(
                "{name} would never react: its patience of {patience} steps is no shorter than the {} steps \
                 from t = {after} on; give a shorter `patience`",
                total - after
            )));
        }
        (after, patience)
    }
}

/// A parameter after a word of its own.
const fn spoken(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    range: Range,
    doc: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind,
        default: Some(default),
        keyword: Keyword::Word(name),
        range,
        pytorch: Some(name),
        doc,
    }
}

pub(super) const PATIENCE: Parameter = spoken(
    "patience",
    Kind::Duration,
    "10 epochs",
    Range::NotNegative,
    "How long readings may go on alike without a reaction; `0 steps` reacts to the first.",
);

/// What the factor is multiplied by; `default` differs.
pub(super) const fn factor(default: &'static str, doc: &'static str) -> Parameter {
    Parameter {
        name: "factor",
        kind: Kind::Number,
        default: Some(default),
        keyword: Keyword::Times,
        range: Range::UnitPositive,
        pytorch: Some("factor"),
        doc,
    }
}

pub(super) const THRESHOLD: Parameter = spoken(
    "threshold",
    Kind::Level,
    "0.01%",
    Range::UnitOpen,
    "By what share of the best reading another must be better to count.",
);

pub(super) const THRESHOLD_ABS: Parameter = Parameter {
    name: "threshold_abs",
    kind: Kind::Number,
    default: Some(""),
    keyword: Keyword::Named,
    range: Range::NotNegative,
    pytorch: Some("threshold"),
    doc: "By how much a reading must be better to count, in the metric's unit; instead of `threshold`.",
};

pub(super) const COOLDOWN: Parameter = spoken(
    "cooldown",
    Kind::Duration,
    "0 steps",
    Range::NotNegative,
    "How long nothing is counted after a reaction.",
);

/// The lowest share of the plan's rates; `default` differs.
pub(super) const fn floor(default: &'static str) -> Parameter {
    Parameter {
        name: "floor",
        kind: Kind::Level,
        default: Some(default),
        keyword: Keyword::Word("floor"),
        range: Range::UnitOpen,
        pytorch: Some("min_lr"),
        doc: "The lowest share of the plan's rates.",
    }
}

pub(super) const METRIC: Parameter = Parameter {
    name: "metric",
    kind: Kind::Choice(&["loss", "accuracy", "training_loss"]),
    default: Some("loss"),
    keyword: Keyword::Word("of"),
    range: Range::Any,
    pytorch: None,
    doc: "What is read: the loss or the accuracy of validation, or the training loss.",
};

pub(super) const MODE: Parameter = Parameter {
    name: "mode",
    kind: Kind::Choice(&["min", "max"]),
    default: Some(""),
    keyword: Keyword::Named,
    range: Range::Any,
    pytorch: Some("mode"),
    doc: "Whether lower or higher is better; min for losses and max for the accuracy when left out.",
};

pub(super) const AFTER: Parameter = Parameter {
    name: "after",
    kind: Kind::Duration,
    default: Some(""),
    keyword: Keyword::Word("after"),
    range: Range::NotNegative,
    pytorch: None,
    doc: "Readings before this time are ignored; the end of the warmup when left out.",
};

pub(super) const NAN: Parameter = Parameter {
    name: "nan",
    kind: Kind::Choice(&["bad", "ignore", "error"]),
    default: Some("bad"),
    keyword: Keyword::Named,
    range: Range::Any,
    pytorch: None,
    doc: "What a reading counts as that is NaN or infinite.",
};
