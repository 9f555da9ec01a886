//! Slow at first, then faster and faster: a fall that keeps high rates for long.
//!
//! `value(t) = to + (from - to) * (1 - x) / (1/2 + (1 - x) / 2)` with x = min(t / over, 1)
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//!
//! Chen, Wolfe and Kyrillidis 2021 (the REX profile). PyTorch has none. Difference from
//! the paper: it always ends at 0. `pytorch_optimizer`'s `REXScheduler` has `max_lr` and `min_lr` for
//! all groups together, where `from` and `to` are shares of each group's own rate.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, OVER, TO},
};
use crate::registry::Source;

/// `value(t) = to + (from - to) * (1 - x) / (1/2 + (1 - x) / 2)`.
#[derive(Clone, Copy, Debug)]
struct Rex {
    fall: Fall,
}

impl Schedule for Rex {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.fall.value_at(t, base, |passed| (1.0 - passed) / (1.0 - passed / 2.0))
    }

    fn length(&self) -> Option<u64> {
        Some(self.fall.over)
    }
}

pub(super) static REX: Entry = Entry {
    name: "rex",
    pytorch: None,
    summary: "keeps high rates for long, then falls faster and faster",
    formula: "value = to + (from - to) * (1 - x) / (1/2 + (1 - x) / 2), x = min(t / over, 1)",
    example: "rex to 0",
    source: Source {
        citation: "Chen, Wolfe and Kyrillidis 2021, REX: Revisiting Budgeted Training with an Improved Schedule",
        link: "arXiv:2107.04197",
    },
    params: &[FROM, TO, OVER],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(Rex { fall: Fall::read(recipe) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let fall = Fall::read(recipe);
    let passed = fall.passed();
    let share = format!("(1 - {passed}) / (1 - {passed} / 2)");
    TorchForm::single(fall.factor(recipe, &share), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Level;

    #[test]
    fn two_thirds_are_left_half_way() {
        let fall = Fall { from: Level::Fraction(1.0), to: Level::Fraction(0.0), over: 4 };
        let at = |t| Rex { fall }.value_at(t, 1.5);
        assert_eq!([0, 2, 4, 9].map(at), [1.5, 1.0, 0.0, 0.0]);
        assert!((at(3) - 0.6).abs() < 1e-15);
    }
}
