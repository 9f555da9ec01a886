//! A straight rise to another schedule's first value, then that schedule.
//!
//! With `top` the first value of the schedule that follows, for t < for:
//! - without `from`: `value(t) = top * (t + 1) / (for + 1)`, so that the first step already moves
//!   (the convention of torchtitan);
//! - with `from`: `value(t) = from + (top - from) * t / for` (Hugging Face starts from 0%, `LinearLR`
//!   from its `start_factor`).
//!
//! From t = for on: the schedule that follows, at its own time `t - for`. Where its length is left
//! out it is what the warmup leaves, so `warmup 5% then cosine to 0` ends at 0 with the training.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | for | length of the rise | steps |
//! | from | value of the first step | share of base, or a rate |
//!
//! Goyal et al. 2017, section 2.2. PyTorch has no class of its own for it: `SequentialLR` of
//! `LinearLR` and the other scheduler.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

#[derive(Clone, Debug)]
struct Warmup {
    rise: u64,
    from: Option<Level>,
    then: Arc<dyn Schedule>,
}

impl Schedule for Warmup {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if t >= self.rise {
            return self.then.value_at(t - self.rise, base);
        }
        let top = self.then.value_at(0, base);
        match self.from {
            None => top * (t as f64 + 1.0) / (self.rise as f64 + 1.0),
            Some(from) => {
                let from = from.of(base);
                from + (top - from) * (t as f64 / self.rise as f64)
            }
        }
    }

    fn length(&self) -> Option<u64> {
        self.then.length().map(|length| length.saturating_add(self.rise))
    }
}

pub(super) static WARMUP: Entry = Entry {
    name: "warmup",
    pytorch: Some("SequentialLR"),
    summary: "rises in a straight line, then another schedule follows",
    formula: "value = then(0) * (t + 1) / (for + 1) for t < for, or from + (then(0) - from) * t / for; then then(t - for)",
    example: "warmup 5% then cosine to 0",
    source: Source {
        citation: "Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, section 2.2",
        link: "arXiv:1706.02677",
    },
    params: &[
        Parameter {
            name: "for",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Bare(&["", "for"]),
            range: Range::Positive,
            pytorch: Some("total_iters"),
            doc: "How long the rate rises.",
        },
        Parameter {
            name: "from",
            kind: Kind::Level,
            default: Some(""),
            keyword: Keyword::Word("from"),
            range: Range::NotNegative,
            pytorch: Some("start_factor"),
            doc: "The rate of the first step; one part in (steps + 1) when left out.",
        },
    ],
    form: Form::Before,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Warmup {
    let rise = recipe.steps_before_inner("for");
    Warmup { rise, from: recipe.level("from"), then: recipe.inner(rise) }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Warmup { rise, from, then } = read(recipe);
    let top = then.value_at(0, recipe.base()) / recipe.base();
    let parts = rise.saturating_add(1);
    let (low, low_text) = match from {
        None if top == 1.0 => (1.0 / parts as f64, format!("1 / {parts}")),
        None => (top / parts as f64, float_text(top / parts as f64)),
        Some(from) => (recipe.factor(from), float_text(recipe.factor(from))),
    };
    let class = recipe.ticks(rise).filter(|_| low > 0.0 && low <= 1.0 && top <= 1.0).map(|ticks| {
        let top = if top == 1.0 { String::new() } else { format!(", end_factor={}", float_text(top)) };
        format!("LinearLR(optimizer, start_factor={low_text}{top}, total_iters={ticks})")
    });
    let factor = match from {
        None if top == 1.0 => format!("({{t}} + 1) / {parts}"),
        None => format!("{} * ({{t}} + 1) / {parts}", float_text(top)),
        Some(_) => format!("({low_text} + {} * {{t}} / {rise})", float_text(top - low)),
    };
    TorchForm::single(factor, class).then(rise, recipe.inner_to_torch(rise))
}

#[cfg(test)]
mod tests {
    use super::{super::constant::Constant, *};

    fn rates(from: Option<Level>) -> Vec<f64> {
        let then = Arc::new(Constant { level: Level::Fraction(1.0) });
        let warmup = Warmup { rise: 4, from, then };
        (0..6).map(|t| warmup.value_at(t, 10.0)).collect()
    }

    #[test]
    fn the_first_step_moves() {
        assert_eq!(rates(None), [2.0, 4.0, 6.0, 8.0, 10.0, 10.0]);
    }

    #[test]
    fn starts_where_it_is_told() {
        assert_eq!(rates(Some(Level::Fraction(0.0))), [0.0, 2.5, 5.0, 7.5, 10.0, 10.0]);
        assert_eq!(rates(Some(Level::Absolute(6.0))), [6.0, 7.0, 8.0, 9.0, 10.0, 10.0]);
    }
}
