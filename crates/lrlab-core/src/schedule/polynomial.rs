//! A power of the time that is left, down to a target, which then holds.
//!
//! `value(t) = to + (from - to) * (1 - t / over)^power` for t < over, then `to`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//! | power | 1 is a straight line; above 1 falls fast at first | 1 |
//!
//! Chen et al. 2017, section 4.1 ("poly"). PyTorch: `PolynomialLR(total_iters, power)`. Differences:
//! PyTorch's always ends at 0, and works by a recursion on the present rate. Hugging Face's
//! `get_polynomial_decay_schedule_with_warmup` has `lr_end`, a rate, and Keras's `PolynomialDecay`
//! `end_learning_rate`; Keras's `cycle=True`, which stretches the curve again and again, is not here.
//! timm's `PolyLRScheduler` has a power of 0.5 when none is given, and 1 is ours.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, OVER, TO},
};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = to + (from - to) * (1 - t / over)^power`.
#[derive(Clone, Copy, Debug)]
struct Polynomial {
    fall: Fall,
    power: f64,
}

impl Schedule for Polynomial {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.fall.value_at(t, base, |passed| (1.0 - passed).powf(self.power))
    }

    fn length(&self) -> Option<u64> {
        Some(self.fall.over)
    }
}

pub(super) static POLYNOMIAL: Entry = Entry {
    name: "polynomial",
    pytorch: Some("PolynomialLR"),
    summary: "falls as a power of the time that is left",
    formula: "value = to + (from - to) * (1 - min(t / over, 1))^power",
    example: "polynomial to 0 over 80% power 2",
    source: Source {
        citation: "Chen et al. 2017, DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, section 4.1",
        link: "arXiv:1606.00915",
    },
    params: &[
        FROM,
        TO,
        Parameter { pytorch: Some("total_iters"), ..OVER },
        Parameter {
            name: "power",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Word("power"),
            range: Range::Positive,
            pytorch: Some("power"),
            doc: "The power; 1 is a straight line, above 1 falls fast at first.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Polynomial {
    Polynomial { fall: Fall::read(recipe), power: recipe.number("power") }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Polynomial { fall, power } = read(recipe);
    let power = float_text(power);
    // PyTorch's class goes from the group's own value to 0.
    let whole = recipe.factor(fall.from) == 1.0 && recipe.factor(fall.to) == 0.0;
    let class = recipe
        .ticks(fall.over)
        .filter(|_| whole)
        .map(|ticks| format!("PolynomialLR(optimizer, total_iters={ticks}, power={power})"));
    TorchForm::single(fall.factor(recipe, &format!("(1 - {}) ** {power}", fall.passed())), class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Level;

    #[test]
    fn falls_as_a_square_and_holds_its_end() {
        let fall = Fall { from: Level::Fraction(1.0), to: Level::Absolute(0.5), over: 4 };
        let schedule = Polynomial { fall, power: 2.0 };
        let rates: Vec<f64> = [0, 1, 2, 4, u64::MAX].map(|t| schedule.value_at(t, 4.5)).to_vec();
        assert_eq!(rates, [4.5, 2.75, 1.5, 0.5, 0.5]);
    }

    #[test]
    fn a_power_below_1_falls_late() {
        let fall = Fall { from: Level::Fraction(0.5), to: Level::Fraction(0.0), over: 4 };
        assert_eq!(Polynomial { fall, power: 0.5 }.value_at(3, 8.0), 2.0);
    }
}
