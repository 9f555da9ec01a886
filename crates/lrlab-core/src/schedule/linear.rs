//! A straight line from one value to another.
//!
//! `value(t) = from + (to - from) * min(t / over, 1)`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//!
//! PyTorch: `LinearLR(start_factor, end_factor, total_iters)`. Differences: its defaults rise from a
//! third to the whole over 5 calls, and it takes factors from 0 to 1 only; it multiplies the
//! current rate instead of evaluating the line.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = from + (to - from) * min(t / over, 1)`.
#[derive(Clone, Copy, Debug)]
struct Linear {
    from: Level,
    to: Level,
    over: u64,
}

impl Schedule for Linear {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let (from, to) = (self.from.of(base), self.to.of(base));
        if t >= self.over { to } else { from + (to - from) * (t as f64 / self.over as f64) }
    }

    fn length(&self) -> Option<u64> {
        Some(self.over)
    }
}

pub(super) static LINEAR: Entry = Entry {
    name: "linear",
    pytorch: Some("LinearLR"),
    summary: "moves in a straight line from one rate to another",
    formula: "value = from + (to - from) * min(t / over, 1)",
    example: "linear from 100% to 10% over 300 steps",
    source: Source {
        citation: "torch.optim.lr_scheduler.LinearLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html",
    },
    params: &[
        Parameter {
            name: "from",
            kind: Kind::Level,
            default: Some("100%"),
            keyword: Keyword::Word("from"),
            range: Range::NotNegative,
            pytorch: Some("start_factor"),
            doc: "The value of the first step.",
        },
        Parameter {
            name: "to",
            kind: Kind::Level,
            default: Some("0"),
            keyword: Keyword::Word("to"),
            range: Range::NotNegative,
            pytorch: Some("end_factor"),
            doc: "The value at the end, which then holds.",
        },
        Parameter {
            name: "over",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("over"),
            range: Range::Positive,
            pytorch: Some("total_iters"),
            doc: "How long it moves; all that is left of the training when left out.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Linear {
    Linear {
        from: recipe.level("from").unwrap_or(Level::Fraction(1.0)),
        to: recipe.level("to").unwrap_or(Level::Fraction(0.0)),
        over: recipe.steps_or_left("over"),
    }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Linear { from, to, over } = read(recipe);
    let (from, to) = (recipe.factor(from), recipe.factor(to));
    let class = recipe.ticks(over).filter(|_| from > 0.0 && from <= 1.0 && to <= 1.0).map(|ticks| {
        let (from, to) = (float_text(from), float_text(to));
        format!("LinearLR(optimizer, start_factor={from}, end_factor={to}, total_iters={ticks})")
    });
    let (from, change) = (float_text(from), float_text(to - from));
    TorchForm::single(format!("({from} + {change} * min({{t}} / {over}, 1.0))"), class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_straight_and_stays() {
        let line = Linear { from: Level::Fraction(1.0), to: Level::Absolute(0.0), over: 4 };
        let rates: Vec<f64> = (0..6).map(|t| line.value_at(t, 8.0)).collect();
        assert_eq!(rates, [8.0, 6.0, 4.0, 2.0, 0.0, 0.0]);
    }
}
