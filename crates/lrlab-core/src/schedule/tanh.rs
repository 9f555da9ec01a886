//! A fall along a hyperbolic tangent: high for long, then down quickly, then gently to its end.
//!
//! `value(t) = to + (from - to) * (1 - tanh(lower * (1 - x) + upper * x)) / 2` with x = min(t / over, 1)
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values before and after the curve, nearly reached at its ends | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//! | lower, upper | where the curve is cut: -6 leaves out 0.0006 % of the height at the start, 3 leaves 0.25 % of it at the end | 1 |
//!
//! Hsueh, Li and Wu 2018 (HTD), with the bounds of their HTD(-6, 3). PyTorch has none. Differences from timm's
//! `TanhLRScheduler`: its `lb` is -7 when none is given; after its end it gives `lr_min`, while here
//! the last value of the curve holds, so nothing jumps.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, OVER, TO},
};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = to + (from - to) * (1 - tanh(lower * (1 - x) + upper * x)) / 2`.
#[derive(Clone, Copy, Debug)]
struct Tanh {
    fall: Fall,
    lower: f64,
    upper: f64,
}

impl Schedule for Tanh {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.fall.value_at(t, base, |passed| {
            let z = self.lower * (1.0 - passed) + self.upper * passed;
            // (1 - tanh z) / 2, without its loss of digits where z is large.
            1.0 / (1.0 + (2.0 * z).exp())
        })
    }

    fn length(&self) -> Option<u64> {
        Some(self.fall.over)
    }
}

pub(super) static TANH: Entry = Entry {
    name: "tanh",
    pytorch: None,
    summary: "keeps high rates for long, then falls along a hyperbolic tangent",
    formula: "value = to + (from - to) * (1 - tanh(lower * (1 - x) + upper * x)) / 2, x = min(t / over, 1)",
    example: "tanh to 0 over 80%",
    source: Source {
        citation: "Hsueh, Li and Wu 2018, Stochastic Gradient Descent with Hyperbolic-Tangent Decay on Classification",
        link: "arXiv:1806.01593",
    },
    params: &[
        FROM,
        Parameter { doc: "The value that it falls towards; the last one, close to it, then holds.", ..TO },
        OVER,
        Parameter {
            name: "lower",
            kind: Kind::Number,
            default: Some("-6"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: None,
            doc: "Where the curve is cut at the start.",
        },
        Parameter {
            name: "upper",
            kind: Kind::Number,
            default: Some("3"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: None,
            doc: "Where the curve is cut at the end.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Tanh {
    let (lower, upper) = (recipe.number("lower"), recipe.number("upper"));
    if lower >= upper {
        recipe.refuse(format!("tanh goes from lower={lower} to upper={upper}, and must go up"));
    }
    Tanh { fall: Fall::read(recipe), lower, upper }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Tanh { fall, lower, upper } = read(recipe);
    let (passed, lower, upper) = (fall.passed(), float_text(lower), float_text(upper));
    let share = format!("(1 - math.tanh({lower} * (1 - {passed}) + {upper} * {passed})) / 2");
    TorchForm::single(fall.factor(recipe, &share), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Level;

    #[test]
    fn is_half_way_down_where_the_tangent_is_0() {
        let fall = Fall { from: Level::Fraction(1.0), to: Level::Fraction(0.5), over: 9 };
        let schedule = Tanh { fall, lower: -6.0, upper: 3.0 };
        assert_eq!(schedule.value_at(6, 4.0), 3.0);
        assert!((schedule.value_at(0, 4.0) - 4.0).abs() < 2e-5);
        // tanh 3 = 0.995 054 753 686 730 5
        assert!((schedule.value_at(9, 4.0) - (2.0 + 1.0 - 0.995_054_753_686_730_5)).abs() < 1e-15);
        assert_eq!(schedule.value_at(u64::MAX, 4.0), schedule.value_at(9, 4.0));
    }
}
