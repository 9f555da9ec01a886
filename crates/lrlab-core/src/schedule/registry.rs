//! Every schedule there is, described once for specs, help, docs and tests.

use std::sync::Arc;

use super::{Recipe, Schedule, TorchForm};
use crate::registry::{Parameter, Source, same_name};

/// One schedule: what it is called, what it takes and how it is built.
#[derive(Debug)]
pub struct Entry {
    /// Its name in specs.
    pub name: &'static str,
    /// PyTorch's class of the same shape, where there is one.
    pub pytorch: Option<&'static str>,
    /// One sentence for a user.
    pub summary: &'static str,
    /// The formula in plain text; `t` counts from the schedule's own start.
    pub formula: &'static str,
    /// One line of text that uses it.
    pub example: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What it takes, in the order in which it is printed.
    pub params: &'static [Parameter],
    /// Whether and how it stands with another schedule.
    pub form: Form,
    /// Whether the value stays the same between the ends of its durations.
    pub flat: bool,
    /// Builds it; what is wrong is reported to the recipe, all of it.
    pub build: fn(&mut Recipe<'_>) -> Arc<dyn Schedule>,
    /// The same rates from PyTorch's own classes.
    pub to_torch: fn(&mut Recipe<'_>) -> TorchForm,
}

/// How a schedule stands in a text beside those that it takes, if it takes any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It takes none.
    Plain,
    /// It comes first: `warmup 5% then cosine`. The schedule it takes is `then` in TOML and JSON.
    Before,
    /// It is added with this word to all that stands before it: `warmup 5% then cosine floor 1%`.
    /// The schedule it takes is `of` in TOML and JSON.
    After(&'static str),
    /// It is added with this word to the one schedule before it: `constant for 5% then cosine`. The
    /// schedule it takes is `of` in TOML and JSON.
    Directly(&'static str),
    /// It is this word between two or more schedules: `constant for 5% then cosine`. They are a
    /// list of this key in TOML and JSON.
    Between {
        /// The word.
        word: &'static str,
        /// The key of the list.
        key: &'static str,
    },
}

impl Form {
    /// The key of what is taken, in TOML and JSON.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Before => Some("then"),
            Self::After(_) | Self::Directly(_) => Some("of"),
            Self::Between { key, .. } => Some(key),
        }
    }

    /// Whether it is made of a list of schedules.
    pub fn takes_list(self) -> bool {
        matches!(self, Self::Between { .. })
    }

    /// Whether it can take so many schedules.
    pub fn takes(self, count: usize) -> bool {
        match self {
            Self::Plain => count == 0,
            Self::Before | Self::After(_) | Self::Directly(_) => count == 1,
            Self::Between { .. } => count >= 2,
        }
    }
}

impl Entry {
    /// Whether it takes other schedules.
    pub fn takes_inner(&self) -> bool {
        self.form != Form::Plain
    }

    /// The parameter of a name, spelled with hyphens or underscores, in any case.
    pub fn param(&self, name: &str) -> Option<&'static Parameter> {
        self.params.iter().find(|param| same_name(param.name, name))
    }
}

/// Every schedule, the simple ones first.
pub static SCHEDULES: &[&Entry] = &[
    &super::constant::CONSTANT,
    &super::linear::LINEAR,
    &super::step::STEP,
    &super::multi_step::MULTI_STEP,
    &super::exponential::EXPONENTIAL,
    &super::cosine::COSINE,
    &super::polynomial::POLYNOMIAL,
    &super::rex::REX,
    &super::tanh::TANH,
    &super::one_minus_sqrt::ONE_MINUS_SQRT,
    &super::inverse_sqrt::INVERSE_SQRT,
    &super::power_law::POWER_LAW,
    &super::noam::NOAM,
    &super::warm_restarts::WARM_RESTARTS,
    &super::cyclic::CYCLIC,
    &super::one_cycle::ONE_CYCLE,
    &super::slanted_triangular::SLANTED_TRIANGULAR,
    &super::warmup_stable_decay::WARMUP_STABLE_DECAY,
    &super::range_test::RANGE_TEST,
    &super::lambda::LAMBDA,
    &super::multiplicative::MULTIPLICATIVE,
    &super::piecewise::PIECEWISE,
    &super::warmup::WARMUP,
    &super::hold::HOLD,
    &super::sequence::SEQUENCE,
    &super::stage::STAGE,
    &super::product::PRODUCT,
    &super::staircase::STAIRCASE,
    &super::floor::FLOOR,
    &super::ceiling::CEILING,
    &super::repeat::REPEAT,
    &super::noise::NOISE,
    &super::cooldown::COOLDOWN,
    &super::stretched::STRETCHED,
    &super::rebased::REBASED,
];

/// The schedule of a name, spelled with hyphens, underscores or neither, in any case.
pub fn find(name: &str) -> Option<&'static Entry> {
    SCHEDULES.iter().copied().find(|entry| same_name(entry.name, name))
}
