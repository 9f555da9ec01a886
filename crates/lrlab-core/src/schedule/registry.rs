//! Every schedule there is, described once for specs, help, docs and tests.

use std::sync::Arc;

use super::{
    Recipe, Schedule, TorchForm, constant::CONSTANT, cosine::COSINE, cyclic::CYCLIC,
    exponential::EXPONENTIAL, hold::HOLD, inverse_sqrt::INVERSE_SQRT, linear::LINEAR, multi_step::MULTI_STEP,
    noam::NOAM, one_cycle::ONE_CYCLE, one_minus_sqrt::ONE_MINUS_SQRT, polynomial::POLYNOMIAL,
    power_law::POWER_LAW, range_test::RANGE_TEST, rex::REX, slanted_triangular::SLANTED_TRIANGULAR,
    staircase::STAIRCASE, step::STEP, tanh::TANH, warm_restarts::WARM_RESTARTS, warmup::WARMUP,
    warmup_stable_decay::WARMUP_STABLE_DECAY,
};
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

/// How a schedule stands in a text beside the one that it takes, if it takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It takes none.
    Plain,
    /// It comes first: `warmup 5% then cosine`. The schedule it takes is `then` in TOML and JSON.
    Before,
    /// It is added with this word: `cosine stepped each epoch`. The schedule it takes is `of` in
    /// TOML and JSON.
    After(&'static str),
}

impl Form {
    /// The key of the schedule that is taken, in TOML and JSON.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Before => Some("then"),
            Self::After(_) => Some("of"),
        }
    }
}

impl Entry {
    /// Whether it takes another schedule.
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
    &CONSTANT,
    &LINEAR,
    &STEP,
    &MULTI_STEP,
    &EXPONENTIAL,
    &COSINE,
    &POLYNOMIAL,
    &REX,
    &TANH,
    &ONE_MINUS_SQRT,
    &INVERSE_SQRT,
    &POWER_LAW,
    &NOAM,
    &WARM_RESTARTS,
    &CYCLIC,
    &ONE_CYCLE,
    &SLANTED_TRIANGULAR,
    &WARMUP_STABLE_DECAY,
    &RANGE_TEST,
    &WARMUP,
    &HOLD,
    &STAIRCASE,
];

/// The schedule of a name, spelled with hyphens, underscores or neither, in any case.
pub fn find(name: &str) -> Option<&'static Entry> {
    SCHEDULES.iter().copied().find(|entry| same_name(entry.name, name))
}
