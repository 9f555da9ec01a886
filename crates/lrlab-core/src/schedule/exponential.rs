//! A factor in each stretch of time, spread smoothly over it.
//!
//! `value(t) = base * gamma^(t / every)`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | gamma | factor in each stretch | 1 |
//! | every | length of a stretch; no default, since a factor without its time says nothing | steps |
//!
//! PyTorch: `ExponentialLR(gamma)`. Difference: its factor belongs to one call of
//! `scheduler.step()`, so called once an epoch it is `exponential x0.9 every epoch stepped each
//! epoch`.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = base * gamma^(t / every)`.
#[derive(Clone, Copy, Debug)]
struct Exponential {
    gamma: f64,
    every: u64,
}

impl Schedule for Exponential {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        base * self.gamma.powf(t as f64 / self.every as f64)
    }
}

pub(super) static EXPONENTIAL: Entry = Entry {
    name: "exponential",
    pytorch: Some("ExponentialLR"),
    summary: "shrinks the rate smoothly by a factor in each stretch of time",
    formula: "value = base * gamma^(t / every)",
    example: "exponential x0.9 every epoch",
    source: Source {
        citation: "torch.optim.lr_scheduler.ExponentialLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html",
    },
    params: &[
        Parameter {
            name: "gamma",
            kind: Kind::Number,
            default: None,
            keyword: Keyword::Times,
            range: Range::Positive,
            pytorch: Some("gamma"),
            doc: "The factor in each stretch.",
        },
        Parameter {
            name: "every",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Bare(&["every"]),
            range: Range::Positive,
            pytorch: None,
            doc: "The length of a stretch.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(Exponential { gamma: recipe.number("gamma"), every: recipe.steps("every").unwrap_or(1) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let (gamma, every) = (float_text(recipe.number("gamma")), recipe.steps("every").unwrap_or(1));
    let per_call = match recipe.ticks(every) {
        Some(1) => gamma.clone(),
        Some(ticks) => format!("{gamma} ** (1 / {ticks})"),
        None => format!("{gamma} ** ({} / {every})", recipe.tick()),
    };
    let class = format!("ExponentialLR(optimizer, gamma={per_call})");
    TorchForm::single(format!("{gamma} ** ({{t}} / {every})"), Some(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_in_every_stretch() {
        let schedule = Exponential { gamma: 0.25, every: 2 };
        let rates: Vec<f64> = (0..5).map(|t| schedule.value_at(t, 16.0)).collect();
        assert_eq!(rates, [16.0, 8.0, 4.0, 2.0, 1.0]);
    }
}
