//! A straight rise, then a fall with the inverse square root of time, scaled by the model's width.
//!
//! `value(t) = base * model^-0.5 * min((t + 1)^-0.5, (t + 1) * warmup^-1.5)`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | model | width of the model, `d_model` | 1 |
//! | warmup | length of the rise | steps |
//!
//! The group's own rate is a factor here, 1 in the paper: the highest rate is
//! `base / sqrt(model * warmup)`, at the last step of the rise.
//!
//! Vaswani et al. 2017, equation 3; its step number counts from 1, t from 0. PyTorch has none.
//! Paddle's `NoamDecay` and Burn's `NoamLrScheduler` have the same formula.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = base * model^-0.5 * min((t + 1)^-0.5, (t + 1) * warmup^-1.5)`.
#[derive(Clone, Copy, Debug)]
struct Noam {
    /// `model^-0.5`.
    scale: f64,
    /// `warmup^-1.5`.
    slope: f64,
}

impl Noam {
    fn new(model: f64, warmup: u64) -> Self {
        Self { scale: model.powf(-0.5), slope: (warmup as f64).powf(-1.5) }
    }
}

impl Schedule for Noam {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let step = t as f64 + 1.0;
        base * self.scale * (1.0 / step.sqrt()).min(step * self.slope)
    }
}

pub(super) static NOAM: Entry = Entry {
    name: "noam",
    pytorch: None,
    summary: "rises straight, then falls with the inverse square root of time, scaled by the model's width",
    formula: "value = base * model^-0.5 * min((t + 1)^-0.5, (t + 1) * warmup^-1.5)",
    example: "noam model 512 warmup 5%",
    source: Source {
        citation: "Vaswani et al. 2017, Attention Is All You Need, equation 3",
        link: "arXiv:1706.03762",
    },
    params: &[
        Parameter {
            name: "model",
            kind: Kind::Integer,
            default: None,
            keyword: Keyword::Word("model"),
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "The width of the model, d_model.",
        },
        Parameter {
            name: "warmup",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Word("warmup"),
            range: Range::Positive,
            pytorch: None,
            doc: "How long the rate rises.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Noam {
    Noam::new(recipe.number("model"), recipe.steps("warmup").unwrap_or(1))
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Noam { scale, slope } = read(recipe);
    let (scale, slope) = (float_text(scale), float_text(slope));
    TorchForm::single(format!("{scale} * min(({{t}} + 1) ** -0.5, ({{t}} + 1) * {slope})"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_to_the_end_of_its_warmup_and_falls() {
        let schedule = Noam::new(64.0, 4);
        let rates: Vec<f64> = [0, 1, 3, 15, 99].map(|t| schedule.value_at(t, 8.0)).to_vec();
        assert_eq!(rates, [0.125, 0.25, 0.5, 0.25, 0.1]);
    }
}
