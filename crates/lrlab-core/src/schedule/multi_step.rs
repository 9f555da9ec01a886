//! A factor at chosen times.
//!
//! `value(t) = base * gamma^n(t)`, where `n(t)` is how many milestones are `t` or less
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | milestones | times of the changes, growing, above 0 | steps |
//! | gamma | factor of each change | 1 |
//!
//! PyTorch: `MultiStepLR(milestones, gamma)`. Differences: it accepts milestones out of order,
//! several times the same one (the factor then counts as often), and 0.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = base * gamma^n(t)`.
#[derive(Clone, Debug)]
struct MultiStep {
    milestones: Vec<u64>,
    gamma: f64,
}

impl Schedule for MultiStep {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let passed = self.milestones.partition_point(|&milestone| milestone <= t);
        base * self.gamma.powf(passed as f64)
    }
}

pub(super) static MULTI_STEP: Entry = Entry {
    name: "multi-step",
    pytorch: Some("MultiStepLR"),
    summary: "multiplies the rate by a factor at chosen times",
    formula: "value = base * gamma^(milestones passed)",
    example: "multi-step at 30 epochs, 60 epochs x0.1",
    source: Source {
        citation: "torch.optim.lr_scheduler.MultiStepLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html",
    },
    params: &[
        Parameter {
            name: "milestones",
            kind: Kind::Durations,
            default: None,
            keyword: Keyword::Bare(&["at"]),
            range: Range::Positive,
            pytorch: Some("milestones"),
            doc: "The times of the changes, counted from the schedule's own start.",
        },
        Parameter {
            name: "gamma",
            kind: Kind::Number,
            default: Some("0.1"),
            keyword: Keyword::Times,
            range: Range::Positive,
            pytorch: Some("gamma"),
            doc: "The factor of each change.",
        },
    ],
    form: Form::Plain,
    flat: true,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(MultiStep { milestones: recipe.growing_steps("milestones"), gamma: recipe.number("gamma") })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let (milestones, gamma) = (recipe.growing_steps("milestones"), float_text(recipe.number("gamma")));
    let class = milestones
        .iter()
        .map(|&steps| recipe.ticks(steps))
        .collect::<Option<Vec<u64>>>()
        .map(|ticks| format!("MultiStepLR(optimizer, milestones={ticks:?}, gamma={gamma})"));
    TorchForm::single(format!("{gamma} ** sum({{t}} >= m for m in {milestones:?})"), class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_at_its_milestones() {
        let schedule = MultiStep { milestones: vec![2, 5], gamma: 0.5 };
        let rates: Vec<f64> = [0, 1, 2, 4, 5, 100].map(|t| schedule.value_at(t, 4.0)).to_vec();
        assert_eq!(rates, [4.0, 4.0, 2.0, 2.0, 1.0, 1.0]);
    }
}
