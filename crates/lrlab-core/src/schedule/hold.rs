//! One value for some time, then another schedule.
//!
//! `value(t) = at` for t < for, then the schedule that follows, at its own time `t - for`. Where
//! its length is left out it is what is left: `warmup 5% then hold 75% then linear to 0` is warmup,
//! stable, decay.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | for | how long the value is kept | steps |
//! | at | the value | share of base, or a rate |
//!
//! Hu et al. 2024 (`MiniCPM`), section 4, for warmup, stable, decay. PyTorch: `ConstantLR(factor,
//! total_iters)` is `hold 5 epochs at 33% then constant`; it accepts a factor of 0 and fails later.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

#[derive(Clone, Debug)]
struct Hold {
    keep: u64,
    at: Level,
    then: Arc<dyn Schedule>,
}

impl Schedule for Hold {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if t < self.keep { self.at.of(base) } else { self.then.value_at(t - self.keep, base) }
    }

    fn length(&self) -> Option<u64> {
        self.then.length().map(|length| length.saturating_add(self.keep))
    }
}

pub(super) static HOLD: Entry = Entry {
    name: "hold",
    pytorch: Some("ConstantLR"),
    summary: "keeps one rate for some time, then another schedule follows",
    formula: "value = at for t < for; then then(t - for)",
    example: "hold 80% then linear to 0",
    source: Source {
        citation: "Hu et al. 2024, MiniCPM: Unveiling the Potential of Small Language Models, section 4",
        link: "arXiv:2404.06395",
    },
    params: &[
        Parameter {
            name: "for",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Bare(&["", "for"]),
            range: Range::Positive,
            pytorch: Some("total_iters"),
            doc: "How long the value is kept.",
        },
        Parameter {
            name: "at",
            kind: Kind::Level,
            default: Some("100%"),
            keyword: Keyword::Word("at"),
            range: Range::NotNegative,
            pytorch: Some("factor"),
            doc: "The value that is kept.",
        },
    ],
    form: Form::Before,
    flat: true,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    let keep = recipe.steps_before_inner("for");
    let at = recipe.level("at").unwrap_or(Level::Fraction(1.0));
    Arc::new(Hold { keep, at, then: recipe.inner(keep) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let keep = recipe.steps_before_inner("for");
    let at = recipe.level("at").unwrap_or(Level::Fraction(1.0));
    let at = recipe.factor(at);
    let class = recipe
        .ticks(keep)
        .filter(|_| at > 0.0 && at <= 1.0)
        .map(|ticks| format!("ConstantLR(optimizer, factor={}, total_iters={ticks})", float_text(at)));
    TorchForm::single(float_text(at), class).then(keep, recipe.inner_to_torch(keep))
}

#[cfg(test)]
mod tests {
    use super::{super::constant::Constant, *};

    #[test]
    fn keeps_then_follows() {
        let then = Arc::new(Constant { level: Level::Fraction(0.5) });
        let hold = Hold { keep: 2, at: Level::Absolute(3.0), then };
        assert_eq!([0, 1, 2, 9].map(|t| hold.value_at(t, 1.0)), [3.0, 3.0, 0.5, 0.5]);
    }
}
