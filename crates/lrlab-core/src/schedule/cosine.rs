//! Half a cosine down to a target, which then holds.
//!
//! `value(t) = to + (base - to) * (1 + cos(pi * t / over)) / 2` for t < over, then `to`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | to | value at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//!
//! Loshchilov and Hutter 2017, equation 5, without restarts. PyTorch: `CosineAnnealingLR(T_max,
//! eta_min)`. Differences: PyTorch's rate rises again after `T_max`; its `eta_min` is always a rate
//! of its own, never a share; it works by a recursion, which drifts where `eta_min` is above 0.

use std::{f64::consts::PI, sync::Arc};

use super::{Entry, Form, Part, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = to + (base - to) * (1 + cos(pi * t / over)) / 2`.
#[derive(Clone, Copy, Debug)]
struct Cosine {
    to: Level,
    over: u64,
}

impl Schedule for Cosine {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let to = self.to.of(base);
        if t >= self.over {
            return to;
        }
        to + (base - to) * (1.0 + (PI * t as f64 / self.over as f64).cos()) / 2.0
    }

    fn length(&self) -> Option<u64> {
        Some(self.over)
    }
}

pub(super) static COSINE: Entry = Entry {
    name: "cosine",
    pytorch: Some("CosineAnnealingLR"),
    summary: "falls along half a cosine, slowly at first and at last",
    formula: "value = to + (base - to) * (1 + cos(pi * min(t / over, 1))) / 2",
    example: "cosine to 1% over 80%",
    source: Source {
        citation: "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5",
        link: "arXiv:1608.03983",
    },
    params: &[
        Parameter {
            name: "to",
            kind: Kind::Level,
            default: Some("0"),
            keyword: Keyword::Word("to"),
            range: Range::NotNegative,
            pytorch: Some("eta_min"),
            doc: "The value at the end, which then holds.",
        },
        Parameter {
            name: "over",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("over"),
            range: Range::Positive,
            pytorch: Some("T_max"),
            doc: "How long it falls; all that is left of the training when left out.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Cosine {
    Cosine { to: recipe.level("to").unwrap_or(Level::Fraction(0.0)), over: recipe.steps_or_left("over") }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Cosine { to, over } = read(recipe);
    let (rate, to) = (float_text(to.of(recipe.base())), recipe.factor(to));
    let class = recipe
        .ticks(over)
        .map(|ticks| format!("CosineAnnealingLR(optimizer, T_max={ticks}, eta_min={rate})"));
    let (low, height) = (float_text(to), float_text((1.0 - to) / 2.0));
    let wave = format!("{height} * (1 + math.cos(math.pi * min({{t}} / {over}, 1.0)))");
    let factor = if to == 0.0 { wave } else { format!("({low} + {wave})") };
    let mut form = TorchForm::single(factor, class);
    if over < recipe.left() {
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

    #[test]
    fn falls_to_its_target_and_holds_it() {
        let schedule = Cosine { to: Level::Absolute(0.25), over: 4 };
        assert_eq!(schedule.value_at(0, 1.25), 1.25);
        assert!((schedule.value_at(2, 1.25) - 0.75).abs() < 1e-15);
        assert_eq!(schedule.value_at(4, 1.25), 0.25);
        assert_eq!(schedule.value_at(u64::MAX, 1.25), 0.25);
    }
}
