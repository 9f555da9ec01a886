//! Half a cosine down to a target, which then holds.
//!
//! `value(t) = to + (from - to) * (1 + cos(pi * t / over)) / 2` for t < over, then `to`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//!
//! Loshchilov and Hutter 2017, equation 5, without restarts. PyTorch: `CosineAnnealingLR(T_max,
//! eta_min)`. Differences: PyTorch's rate rises again after `T_max`; its `eta_min` is always a rate
//! of its own, never a share; it works by a recursion, which drifts where `eta_min` is above 0.

use std::{f64::consts::PI, sync::Arc};

use super::{
    Entry, Form, Part, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, OVER, TO},
};
use crate::{
    registry::{Parameter, Source},
    spec::float_text,
};

/// `value(t) = to + (from - to) * (1 + cos(pi * t / over)) / 2`.
#[derive(Clone, Copy, Debug)]
struct Cosine {
    fall: Fall,
}

impl Schedule for Cosine {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let Fall { from, to, over } = self.fall;
        let (from, to) = (from.of(base), to.of(base));
        if t >= over {
            return to;
        }
        // In PyTorch's order, for PyTorch's bits.
        to + (from - to) * (1.0 + (PI * t as f64 / over as f64).cos()) / 2.0
    }

    fn length(&self) -> Option<u64> {
        Some(self.fall.over)
    }
}

pub(super) static COSINE: Entry = Entry {
    name: "cosine",
    pytorch: Some("CosineAnnealingLR"),
    summary: "falls along half a cosine, slowly at first and at last",
    formula: "value = to + (from - to) * (1 + cos(pi * min(t / over, 1))) / 2",
    example: "cosine to 1% over 80%",
    source: Source {
        citation: "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5",
        link: "arXiv:1608.03983",
    },
    params: &[
        FROM,
        Parameter { pytorch: Some("eta_min"), ..TO },
        Parameter { pytorch: Some("T_max"), ..OVER },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(Cosine { fall: Fall::read(recipe) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Fall { from, to, over } = Fall::read(recipe);
    let (rate, from, to) = (float_text(to.of(recipe.base())), recipe.factor(from), recipe.factor(to));
    // PyTorch's class starts from the group's own value.
    let class = recipe
        .ticks(over)
        .filter(|_| from == 1.0)
        .map(|ticks| format!("CosineAnnealingLR(optimizer, T_max={ticks}, eta_min={rate})"));
    let rises_again = class.is_some() && over < recipe.left();
    let (low, height) = (float_text(to), float_text((from - to) / 2.0));
    let wave = format!("{height} * (1 + math.cos(math.pi * min({{t}} / {over}, 1.0)))");
    let factor = if to == 0.0 { wave } else { format!("({low} + {wave})") };
    let mut form = TorchForm::single(factor, class);
    if rises_again {
        // The whole stays one expression: it holds its end already.
        form.parts.push(Part {
            from: over,
            class: None,
            factor: low,
            note: Some("CosineAnnealingLR alone would rise again after T_max".to_owned()),
        });
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Level;

    #[test]
    fn falls_to_its_target_and_holds_it() {
        let fall = Fall { from: Level::Fraction(1.0), to: Level::Absolute(0.25), over: 4 };
        let schedule = Cosine { fall };
        assert_eq!(schedule.value_at(0, 1.25), 1.25);
        assert!((schedule.value_at(2, 1.25) - 0.75).abs() < 1e-15);
        assert_eq!(schedule.value_at(4, 1.25), 0.25);
        assert_eq!(schedule.value_at(u64::MAX, 1.25), 0.25);
    }

    #[test]
    fn starts_where_it_is_told() {
        let fall = Fall { from: Level::Fraction(0.5), to: Level::Fraction(0.0), over: 3 };
        assert!((Cosine { fall }.value_at(1, 8.0) - 3.0).abs() < 1e-15);
    }
}
