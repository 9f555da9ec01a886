//! A fall with the square root of time: steep at once, then gentle; the decay that ends a long
//! constant stage.
//!
//! `value(t) = to + (from - to) * (1 - sqrt(t / over))` for t < over, then `to`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//!
//! Hägele et al. 2024 ("1-sqrt" cooldown). PyTorch has none; Hugging Face has it as
//! `decay_type="1-sqrt"` of `get_wsd_schedule`, with an end that is a share of the rate.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, OVER, TO},
};
use crate::registry::Source;

/// `value(t) = to + (from - to) * (1 - sqrt(t / over))`.
#[derive(Clone, Copy, Debug)]
struct OneMinusSqrt {
    fall: Fall,
}

impl Schedule for OneMinusSqrt {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.fall.value_at(t, base, |passed| 1.0 - passed.sqrt())
    }

    fn length(&self) -> Option<u64> {
        Some(self.fall.over)
    }
}

pub(super) static ONE_MINUS_SQRT: Entry = Entry {
    name: "one-minus-sqrt",
    pytorch: None,
    summary: "falls steeply at once, then gently; ends a long constant stage",
    formula: "value = to + (from - to) * (1 - sqrt(min(t / over, 1)))",
    example: "one-minus-sqrt to 0 over 20%",
    source: Source {
        citation: "Hägele et al. 2024, Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations",
        link: "arXiv:2405.18392",
    },
    params: &[FROM, TO, OVER],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(OneMinusSqrt { fall: Fall::read(recipe) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let fall = Fall::read(recipe);
    let share = format!("(1 - math.sqrt({}))", fall.passed());
    TorchForm::single(fall.factor(recipe, &share), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Level;

    #[test]
    fn half_is_gone_after_a_quarter() {
        let fall = Fall { from: Level::Fraction(0.5), to: Level::Absolute(1.0), over: 16 };
        let rates: Vec<f64> = [0, 4, 9, 16, 99].map(|t| OneMinusSqrt { fall }.value_at(t, 10.0)).to_vec();
        assert_eq!(rates, [5.0, 3.0, 2.0, 1.0, 1.0]);
    }
}
