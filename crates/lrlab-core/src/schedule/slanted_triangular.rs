//! A short straight rise, then a long straight fall.
//!
//! `value(t) = base * (1 + p * (ratio - 1)) / ratio`, where p rises from 0 to 1 in `rising` steps and
//! falls back to 0 in the rest of `over`; then `base / ratio`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | rising | length of the rise; a tenth of `over`, in whole steps, when left out | steps |
//! | over | length; what is left of the training when left out | steps |
//! | ratio | how many times smaller than the highest rate the lowest is | 1 |
//!
//! Howard and Ruder 2018 (`ULMFiT`), equation 3, with the paper's cut at a tenth and ratio of 32.
//! PyTorch has none. Difference: the paper divides the fall by `cut * (1 / cut_frac - 1)`, which with a
//! rounded cut is not the steps that are left, so that its rate can drop below the lowest one, even
//! below 0; here the fall takes just the steps that are left.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm, fall::OVER};
use crate::{
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = base * (1 + p * (ratio - 1)) / ratio`.
#[derive(Clone, Copy, Debug)]
struct SlantedTriangular {
    rising: u64,
    over: u64,
    ratio: f64,
}

impl Schedule for SlantedTriangular {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let p = if t < self.rising {
            t as f64 / self.rising as f64
        } else if t < self.over {
            (self.over - t) as f64 / (self.over - self.rising) as f64
        } else {
            0.0
        };
        base * ((1.0 + p * (self.ratio - 1.0)) / self.ratio)
    }

    fn length(&self) -> Option<u64> {
        Some(self.over)
    }
}

pub(super) static SLANTED_TRIANGULAR: Entry = Entry {
    name: "slanted-triangular",
    pytorch: None,
    summary: "rises straight for a short time, then falls straight for the rest",
    formula: "value = base * (1 + p * (ratio - 1)) / ratio, p = t / rising, then (over - t) / (over - rising)",
    example: "slanted-triangular rising 10% ratio 32",
    source: Source {
        citation: "Howard and Ruder 2018, Universal Language Model Fine-tuning for Text Classification, equation 3",
        link: "arXiv:1801.06146",
    },
    params: &[
        Parameter {
            name: "rising",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("rising"),
            range: Range::Positive,
            pytorch: None,
            doc: "How long the rate rises; a tenth of the length, at least one step, when left out.",
        },
        Parameter {
            doc: "How long it rises and falls; all that is left of the training when left out.",
            ..OVER
        },
        Parameter {
            name: "ratio",
            kind: Kind::Number,
            default: Some("32"),
            keyword: Keyword::Word("ratio"),
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "How many times smaller than the highest rate the lowest is.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> SlantedTriangular {
    let over = recipe.steps_or_left("over");
    let rising = recipe.steps("rising").unwrap_or((over / 10).max(1));
    if rising >= over {
        recipe.refuse(format!(
            "slanted-triangular rises for {rising} of its {over} steps, which leaves none to fall"
        ));
    }
    SlantedTriangular { rising, over, ratio: recipe.number("ratio") }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let SlantedTriangular { rising, over, ratio } = read(recipe);
    let falling = over.saturating_sub(rising);
    let p = format!("max(min({{t}} / {rising}, ({over} - {{t}}) / {falling}), 0.0)");
    let (more, ratio) = (float_text(ratio - 1.0), float_text(ratio));
    TorchForm::single(format!("(1 + {p} * {more}) / {ratio}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, ScheduleSpec};

    #[test]
    fn rises_quickly_and_falls_slowly() {
        let schedule = SlantedTriangular { rising: 2, over: 6, ratio: 4.0 };
        let rates: Vec<f64> = [0, 1, 2, 4, 6, u64::MAX].map(|t| schedule.value_at(t, 4.0)).to_vec();
        assert_eq!(rates, [1.0, 2.5, 4.0, 2.5, 1.0, 1.0]);
    }

    #[test]
    fn a_rise_must_leave_something_to_fall() {
        let built =
            |text: &str, total| text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(total, 1)).is_ok();
        assert!(built("slanted-triangular", 2) && built("slanted-triangular rising 90%", 10));
        assert!(!built("slanted-triangular", 1) && !built("slanted-triangular rising 100%", 10));
    }
}
