//! A factor at regular times.
//!
//! `value(t) = base * gamma^floor(t / every)`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | every | time between two changes | steps |
//! | gamma | factor of each change | 1 |
//!
//! PyTorch: `StepLR(step_size, gamma)`. Differences: it accepts a step size of 0 or less and fails
//! later, and resuming it at a change applies the factor twice.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = base * gamma^floor(t / every)`.
#[derive(Clone, Copy, Debug)]
struct Step {
    every: u64,
    gamma: f64,
}

impl Schedule for Step {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        base * self.gamma.powf((t / self.every) as f64)
    }
}

pub(super) static STEP: Entry = Entry {
    name: "step",
    pytorch: Some("StepLR"),
    summary: "multiplies the rate by a factor at regular times",
    formula: "value = base * gamma^floor(t / every)",
    example: "step every 5 epochs x0.5",
    source: Source {
        citation: "torch.optim.lr_scheduler.StepLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html",
    },
    params: &[
        Parameter {
            name: "every",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Bare(&["every"]),
            range: Range::Positive,
            pytorch: Some("step_size"),
            doc: "The time between two changes.",
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
    Arc::new(Step { every: recipe.steps("every").unwrap_or(1), gamma: recipe.number("gamma") })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let (every, gamma) = (recipe.steps("every").unwrap_or(1), float_text(recipe.number("gamma")));
    let class =
        recipe.ticks(every).map(|ticks| format!("StepLR(optimizer, step_size={ticks}, gamma={gamma})"));
    TorchForm::single(format!("{gamma} ** ({{t}} // {every})"), class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_at_every_fifth_step() {
        let step = Step { every: 5, gamma: 0.5 };
        let rates: Vec<f64> = [0, 4, 5, 9, 10].map(|t| step.value_at(t, 0.1)).to_vec();
        assert_eq!(rates, [0.1, 0.1, 0.05, 0.05, 0.025]);
    }
}
