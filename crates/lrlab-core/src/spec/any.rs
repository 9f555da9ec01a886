//! Whatever a user may hand over where a spec is wanted: a strategy, or a plan alone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{
    OptimizerSpec, PlanSpec, ScheduleChoice, ScheduleSpec, SpecError, Strategy, Unit,
    data::{Data, Tree},
};
use crate::{
    Duration, Field, Horizon,
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

    /// The strategy, with the learning rate `lr` for every group where one is told.
    pub fn strategy_at(self, lr: Option<f64>) -> Strategy {
        let mut strategy = self.strategy();
        if let Some(lr) = lr {
            for group in &mut strategy.groups {
                group.optimizer = group.optimizer.clone().with_lr(lr);
            }
        }
        strategy
    }

    /// The same training in plain PyTorch; of a schedule alone, the scheduler alone.
    ///
    /// # Errors
    /// What cannot be built over this horizon, and a rate of 0 that would have to be multiplied.
    pub fn to_torch_code(&self, horizon: Horizon, lr: Option<f64>) -> Result<String, SpecError> {
        match self {
            Self::Plan(PlanSpec { schedule: ScheduleChoice::Own(schedule), fields, signals })
                if fields.is_empty() && signals.is_empty() =>
            {
                schedule.to_torch_code(horizon, lr.unwrap_or(1.0))
            }
            _ => self.clone().strategy_at(lr).to_torch_code(horizon),
        }
    }

    /// Whether its values depend on how long an epoch is.
    pub fn counts_epochs(&self) -> bool {
        match self {
            Self::Strategy(strategy) => strategy.groups.iter().any(|group| plan_counts_epochs(&group.plan)),
            Self::Plan(plan) => plan_counts_epochs(plan),
        }
    }

    /// A spec from its tree: what is no tree fails as `deserializer` does, what is no spec tells every
    /// problem with its place.
    ///
    /// # Errors
    /// What the format cannot read.
    pub fn from_data<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Result<Self, SpecError>, D::Error> {
        let data = Data::deserialize(deserializer)?;
        let mut tree = Tree { problems: Vec::new() };
        let spec = match &data {
            Data::Text(text) => return Ok(text.parse()),
            Data::Table(table) if table.contains_key("name") => {
                tree.schedule("", &data, 0).map(|spec: ScheduleSpec| Self::Plan(spec.into()))
            }
            Data::Table(table) if table.contains_key("optimizer") || table.contains_key("groups") => {
                tree.strategy(&data).map(Self::Strategy)
            }
            other => tree.lone_plan(other).map(Self::Plan),
        };
        Ok(spec.filter(|_| tree.problems.is_empty()).ok_or_else(|| SpecError::new(tree.problems)))
    }
}

fn plan_counts_epochs(plan: &PlanSpec) -> bool {
    let schedule = match &plan.schedule {
        ScheduleChoice::Own(schedule) => schedule_counts_epochs(schedule),
        ScheduleChoice::Torch { unit, .. } => *unit == Unit::Epoch,
    };
    schedule
        || plan.fields.values().any(schedule_counts_epochs)
        || plan.signals.iter().any(|signal| signal.args.values().any(argument_counts_epochs))
}

fn schedule_counts_epochs(spec: &ScheduleSpec) -> bool {
    spec.args.values().any(argument_counts_epochs) || spec.inner.iter().any(schedule_counts_epochs)
}

fn argument_counts_epochs(argument: &Argument) -> bool {
    let epochs = |duration: &Duration| matches!(duration, Duration::Epochs(_));
    match argument {
        Argument::Duration(duration) => epochs(duration),
        Argument::Durations(durations) => durations.iter().any(epochs),
        Argument::Points(points) => points.iter().any(|point| epochs(&point.at)),
        _ => false,
    }
}

/// Whether the text begins as a strategy does.
pub(super) fn begins_with_optimizer(text: &str) -> bool {
    let first = text.trim_start();
    let name = first.split(|c: char| c.is_whitespace() || matches!(c, '(' | '|')).next().unwrap_or_default();
    let class = name.rsplit('.').next().unwrap_or_default();
    let group = same_name(name, "for") && first.contains(':');
    group || optimizers::find(class).is_some() || optimizers::left_out(class).is_some()
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
        Self::from_data(deserializer)?.map_err(D::Error::custom)
    }
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Strategy(strategy) => strategy.serialize(serializer),
            Self::Plan(plan) => plan.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_epochs_is_known() {
        let counts = |text: &str| text.parse::<Spec>().unwrap().counts_epochs();
        let yes = [
            "warmup 3 epochs then cosine",
            "sgd lr=0.1 | step every 5 epochs x0.5",
            "constant | momentum: linear over 2 epochs",
            "torch StepLR(step_size=30)",
            "piecewise 100% at 0 steps, 10% at 3 epochs",
        ];
        for text in yes {
            assert!(counts(text), "{text}");
        }
        let no = [
            "warmup 3 steps then cosine",
            "torch OneCycleLR(max_lr=0.1, epochs=3, steps_per_epoch=5)",
            "torch StepLR(step_size=30, last_epoch=-1) per step",
        ];
        for text in no {
            assert!(!counts(text), "{text}");
        }
    }
}
