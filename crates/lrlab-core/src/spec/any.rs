//! Whatever a user may hand over where a spec is wanted: a strategy, or a plan alone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer};

use super::{
    OptimizerSpec, PlanSpec, ScheduleSpec, SpecError, Strategy,
    data::{Data, read},
};
use crate::{
    Field,
    optimizer::registry as optimizers,
    registry::{Argument, Arguments, same_name},
};

/// A spec of either kind, told apart by what it begins with: an optimizer (or `for PATTERN:`) begins
/// a strategy, anything else is a plan.
///
/// ```
/// use lrlab_core::spec::Spec;
/// assert!(matches!("adamw lr=1e-3 | cosine".parse(), Ok(Spec::Strategy(_))));
/// assert!(matches!("warmup 5% then cosine".parse(), Ok(Spec::Plan(_))));
/// assert!(matches!("StepLR(step_size=30, gamma=0.1)".parse(), Ok(Spec::Plan(_))));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// Optimizers with their plans.
    Strategy(Strategy),
    /// A plan for whatever optimizer.
    Plan(PlanSpec),
}

impl Spec {
    /// The strategy; a plan alone gets an optimizer that has the fields it moves, with a learning rate
    /// of 1 and a momentum of 0.9, so that rates are shares of the group's own.
    pub fn strategy(self) -> Strategy {
        match self {
            Self::Strategy(strategy) => strategy,
            Self::Plan(plan) => {
                let number = |value: f64| Argument::Number(value);
                let args = |pairs: &[(&str, f64)]| -> Arguments {
                    pairs.iter().map(|(name, value)| ((*name).to_owned(), number(*value))).collect()
                };
                let betas = [Field::Beta1, Field::Beta2, Field::Eps];
                let optimizer = if plan.fields.keys().any(|field| betas.contains(field)) {
                    OptimizerSpec { name: "adamw", args: args(&[("lr", 1.0)]) }
                } else {
                    OptimizerSpec { name: "sgd", args: args(&[("lr", 1.0), ("momentum", 0.9)]) }
                };
                Strategy::of(optimizer, plan)
            }
        }
    }
}

/// Whether the text begins as a strategy does.
pub(super) fn begins_with_optimizer(text: &str) -> bool {
    let first = text.trim_start();
    let name = first.split(|c: char| c.is_whitespace() || matches!(c, '(' | '|')).next().unwrap_or_default();
    let class = name.rsplit('.').next().unwrap_or_default();
    let group = same_name(name, "for") && first.contains(':');
    group || optimizers::find(class).is_some()
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        if begins_with_optimizer(text) {
            return text.parse().map(Self::Strategy);
        }
        text.parse().map(Self::Plan)
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strategy(strategy) => strategy.fmt(f),
            Self::Plan(plan) => plan.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| match data {
            Data::Text(text) => tree.parse("", text),
            Data::Table(table) if table.contains_key("name") => {
                tree.schedule("", data, 0).map(|spec: ScheduleSpec| Self::Plan(spec.into()))
            }
            Data::Table(table) if table.contains_key("optimizer") || table.contains_key("groups") => {
                tree.strategy(data).map(Self::Strategy)
            }
            other => tree.lone_plan(other).map(Self::Plan),
        })
    }
}
