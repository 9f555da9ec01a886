//! The same value throughout.
//!
//! `value(t) = base`, or the target value `at`.
//!
//! PyTorch has no scheduler for it: its `ConstantLR` is a factor that is taken back after some
//! steps, which here is `hold 5 epochs at 33% then constant`.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

/// `value(t) = level`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constant {
    pub(super) level: Level,
}

impl Schedule for Constant {
    fn value_at(&self, _t: u64, base: f64) -> f64 {
        self.level.of(base)
    }
}

pub(super) static CONSTANT: Entry = Entry {
    name: "constant",
    pytorch: None,
    summary: "keeps the group's own rate",
    formula: "value = base",
    example: "constant",
    source: Source { citation: "", link: "" },
    params: &[Parameter {
        name: "at",
        kind: Kind::Level,
        default: Some("100%"),
        keyword: Keyword::Bare(&["at", ""]),
        range: Range::NotNegative,
        pytorch: None,
        doc: "The value that is kept.",
    }],
    form: Form::Plain,
    flat: true,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(Constant { level: recipe.level("at").unwrap_or(Level::Fraction(1.0)) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let level = recipe.level("at").unwrap_or(Level::Fraction(1.0));
    TorchForm::single(float_text(recipe.factor(level)), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_level() {
        assert_eq!(Constant { level: Level::Fraction(0.5) }.value_at(7, 0.1), 0.05);
        assert_eq!(Constant { level: Level::Absolute(0.5) }.value_at(u64::MAX, 0.1), 0.5);
    }
}
