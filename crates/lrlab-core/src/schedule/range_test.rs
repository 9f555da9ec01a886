//! A sweep over rates from tiny to huge, to see which of them train: the learning rate range test.
//!
//! `value(t) = from * (to / from)^x` (exponential) or `from + (to - from) * x` (linear) with
//! x = min(t / over, 1)
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//!
//! Smith 2017, section 3.3, which sweeps linearly; exponential sweeps are fastai's `lr_find`, whose
//! bounds, `lr 1e-7` and `lr 10`, are taken when none are given; like here it reaches `to` only after its last step, at
//! t = over. PyTorch has none.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, OVER, TO},
};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

const SWEEPS: &[&str] = &["exponential", "linear"];

/// `value(t) = from * (to / from)^x`, or `from + (to - from) * x`.
#[derive(Clone, Copy, Debug)]
struct RangeTest {
    line: Fall,
    exponential: bool,
    /// `to / from`, where it is the same for every base and a number that powers can be taken of.
    ratio: Option<f64>,
}

impl RangeTest {
    fn new(line: Fall, exponential: bool) -> Self {
        let ratio = match (line.from, line.to) {
            (Level::Fraction(from), Level::Fraction(to)) | (Level::Absolute(from), Level::Absolute(to)) => {
                Some(to / from)
            }
            _ => None,
        };
        Self { line, exponential, ratio: ratio.filter(|ratio| ratio.is_normal()) }
    }
}

impl Schedule for RangeTest {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if !self.exponential {
            return self.line.value_at(t, base, |passed| 1.0 - passed);
        }
        let (from, to) = (self.line.from.of(base), self.line.to.of(base));
        if t >= self.line.over {
            return to;
        }
        let passed = t as f64 / self.line.over as f64;
        let ratio = self.ratio.unwrap_or_else(|| to / from);
        if ratio.is_normal() {
            return from * ratio.powf(passed);
        }
        // The quotient overflows, or is 0 / 0 for a base of 0; this product does not.
        from.powf(1.0 - passed) * to.powf(passed)
    }

    fn length(&self) -> Option<u64> {
        Some(self.line.over)
    }
}

pub(super) static RANGE_TEST: Entry = Entry {
    name: "range-test",
    pytorch: None,
    summary: "sweeps from tiny to huge rates, to see which of them train",
    formula: "value = from * (to / from)^x, or from + (to - from) * x if linear, x = min(t / over, 1)",
    example: "range-test from 0.01% to 100% sweep exponential",
    source: Source {
        citation: "Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.3",
        link: "arXiv:1506.01186",
    },
    params: &[
        Parameter { default: Some("lr 1e-7"), ..FROM },
        Parameter { default: Some("lr 10"), ..TO },
        Parameter { doc: "How long it sweeps; all that is left of the training when left out.", ..OVER },
        Parameter {
            name: "sweep",
            kind: Kind::Choice(SWEEPS),
            default: Some("exponential"),
            keyword: Keyword::Word("sweep"),
            range: Range::Any,
            pytorch: None,
            doc: "Whether each step multiplies the rate by the same factor, or adds the same.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> RangeTest {
    let (line, exponential) = (Fall::read(recipe), recipe.word("sweep") == SWEEPS[0]);
    let is_zero = |level: Level| level.of(1.0) == 0.0;
    if exponential && (is_zero(line.from) || is_zero(line.to)) {
        recipe.refuse(
            "an exponential sweep cannot start or end at 0: give rates above 0, or `sweep linear`".to_owned(),
        );
    }
    RangeTest::new(line, exponential)
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let RangeTest { line, exponential, .. } = read(recipe);
    let passed = line.passed();
    if !exponential {
        return TorchForm::single(line.factor(recipe, &format!("(1 - {passed})")), None);
    }
    let (from, to) = (float_text(recipe.factor(line.from)), float_text(recipe.factor(line.to)));
    TorchForm::single(format!("{from} ** (1 - {passed}) * {to} ** {passed}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_by_factors_or_by_summands() {
        let line = Fall { from: Level::Absolute(1.0), to: Level::Fraction(4.0), over: 4 };
        let rates = |exponential| {
            [0, 2, 3, 4, 9].map(|t| RangeTest::new(line, exponential).value_at(t, 4.0)).to_vec()
        };
        assert_eq!(rates(true), [1.0, 4.0, 8.0, 16.0, 16.0]);
        assert_eq!(rates(false), [1.0, 8.5, 12.25, 16.0, 16.0]);
    }

    #[test]
    fn a_base_of_0_and_huge_ratios_stay_numbers() {
        let line = Fall { from: Level::Absolute(1e-300), to: Level::Absolute(1e300), over: 2 };
        assert!((RangeTest::new(line, true).value_at(1, 0.0) - 1.0).abs() < 1e-12);
        let line = Fall { from: Level::Fraction(0.5), to: Level::Fraction(1.0), over: 2 };
        assert_eq!([0, 1, 2].map(|t| RangeTest::new(line, true).value_at(t, 0.0)), [0.0; 3]);
    }
}
