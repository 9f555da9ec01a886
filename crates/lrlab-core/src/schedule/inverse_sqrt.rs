//! A fall with the inverse square root of time, without an end.
//!
//! `value(t) = base * sqrt(timescale / (t + timescale))`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | timescale | time from which on the rate is as if it had fallen from the start; the time before this schedule when left out | steps |
//!
//! Raffel et al. 2020 (T5), section 3.1.2; Zhai et al. 2022 with a timescale. PyTorch has none.
//! `warmup 10% then inverse-sqrt` has the rates of Hugging Face's `get_inverse_sqrt_schedule` after
//! its warmup, with and without a `timescale` of its own. Difference: without warmup Hugging Face
//! takes 10 000 steps when none are given; here they must be.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    power_law::{TIMESCALE, timescale},
};
use crate::registry::Source;

/// `value(t) = base * sqrt(timescale / (t + timescale))`.
#[derive(Clone, Copy, Debug)]
struct InverseSqrt {
    timescale: u64,
}

impl Schedule for InverseSqrt {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let timescale = self.timescale as f64;
        base * (timescale / (t as f64 + timescale)).sqrt()
    }
}

pub(super) static INVERSE_SQRT: Entry = Entry {
    name: "inverse-sqrt",
    pytorch: None,
    summary: "falls with the inverse square root of time, without an end",
    formula: "value = base * sqrt(timescale / (t + timescale))",
    example: "inverse-sqrt timescale 10%",
    source: Source {
        citation: "Raffel et al. 2020, Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer, section 3.1.2",
        link: "arXiv:1910.10683",
    },
    params: &[TIMESCALE],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(InverseSqrt { timescale: timescale(recipe, &INVERSE_SQRT) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let timescale = timescale(recipe, &INVERSE_SQRT);
    TorchForm::single(format!("math.sqrt({timescale} / ({{t}} + {timescale}))"), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, ScheduleSpec};

    #[test]
    fn halves_at_three_timescales() {
        let schedule = InverseSqrt { timescale: 4 };
        assert_eq!([0, 12, 60].map(|t| schedule.value_at(t, 8.0)), [8.0, 4.0, 2.0]);
        assert!(schedule.value_at(u64::MAX, 8.0) > 0.0);
    }

    #[test]
    fn goes_on_from_the_time_before_it() {
        let build = |text: &str| text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(100, 10));
        assert_eq!(build("hold 4 steps then inverse-sqrt").unwrap().value_at(16, 8.0), 4.0);
        let message = build("inverse-sqrt").unwrap_err().to_string();
        assert!(message.contains("inverse-sqrt needs timescale"), "{message}");
    }
}
