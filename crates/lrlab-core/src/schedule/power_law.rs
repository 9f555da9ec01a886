//! A fall with a power of time, without an end.
//!
//! `value(t) = base * (1 + t / timescale)^-power`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | timescale | time in which the rate falls to base * 2^-power; the time before this schedule when left out | steps |
//! | power | how fast it falls; 0.5 is `inverse-sqrt` | 1 |
//!
//! Shen et al. 2024, the Power scheduler `min(max rate, a * n^b)` with n the tokens seen: `hold 5% then
//! power-law power 0.51` is that curve in steps, flat until `a * n^b` is the group's own rate. Its
//! factor a, which carries the batch size, is not here: the rate and the timescale say the same.
//! PyTorch has none. A power of 1 is Keras's `InverseTimeDecay` with `decay_steps / decay_rate` as
//! timescale.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::{Fault, float_text},
};

/// `value(t) = base * (1 + t / timescale)^-power`.
#[derive(Clone, Copy, Debug)]
struct PowerLaw {
    timescale: u64,
    power: f64,
}

impl Schedule for PowerLaw {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        base * (1.0 + t as f64 / self.timescale as f64).powf(-self.power)
    }
}

/// The time in which such a fall begins to show.
pub(super) const TIMESCALE: Parameter = Parameter {
    name: "timescale",
    kind: Kind::Duration,
    default: Some(""),
    keyword: Keyword::Word("timescale"),
    range: Range::Positive,
    pytorch: None,
    doc: "How soon it falls; all the time before it when left out, so it must be given at the start of a training.",
};

/// The timescale in steps; the time before the schedule where it was left out.
pub(super) fn timescale(recipe: &mut Recipe<'_>, entry: &Entry) -> u64 {
    if let Some(steps) = recipe.steps("timescale") {
        return steps;
    }
    if recipe.start() == 0 {
        let (owner, example) = (entry.name.to_owned(), entry.example.to_owned());
        recipe.note("timescale", Fault::Missing { owner, parameter: "timescale".to_owned(), example });
    }
    recipe.start().max(1)
}

pub(super) static POWER_LAW: Entry = Entry {
    name: "power-law",
    pytorch: None,
    summary: "falls with a power of time, without an end",
    formula: "value = base * (1 + t / timescale)^-power",
    example: "power-law timescale 10% power 0.51",
    source: Source {
        citation: "Shen et al. 2024, Power Scheduler: A Batch Size and Token Number Agnostic Learning Rate Scheduler",
        link: "arXiv:2408.13359",
    },
    params: &[
        TIMESCALE,
        Parameter {
            name: "power",
            kind: Kind::Number,
            default: None,
            keyword: Keyword::Word("power"),
            range: Range::Positive,
            pytorch: None,
            doc: "How fast it falls.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> PowerLaw {
    PowerLaw { timescale: timescale(recipe, &POWER_LAW), power: recipe.number("power") }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let PowerLaw { timescale, power } = read(recipe);
    TorchForm::single(format!("(1 + {{t}} / {timescale}) ** {}", float_text(-power)), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_to_a_quarter_when_time_has_doubled_squared() {
        let schedule = PowerLaw { timescale: 5, power: 2.0 };
        assert_eq!([0, 5, 15].map(|t| schedule.value_at(t, 16.0)), [16.0, 4.0, 1.0]);
        assert_eq!(PowerLaw { timescale: 1, power: 1e300 }.value_at(u64::MAX, 16.0), 0.0);
    }
}
