//! What the schedules that move from one value to another have in common.
//!
//! `value(t) = to + (from - to) * share(min(t / over, 1))`, each with a `share` of its own.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | values at the start and at the end | share of base, or a rate |
//! | over | length; what is left of the training when left out | steps |
//! | share | how much of the height is left, from 1 to 0 | 1 |

use super::Recipe;
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range},
    spec::float_text,
};

/// Where it starts: the end of the stage before, where one is to go on from it.
pub(super) const FROM: Parameter = Parameter {
    name: "from",
    kind: Kind::Level,
    default: Some("100%"),
    keyword: Keyword::Word("from"),
    range: Range::NotNegative,
    pytorch: None,
    doc: "The value of the first step.",
};

/// Where it ends.
pub(super) const TO: Parameter = Parameter {
    name: "to",
    kind: Kind::Level,
    default: Some("0"),
    keyword: Keyword::Word("to"),
    range: Range::NotNegative,
    pytorch: None,
    doc: "The value at the end, which then holds.",
};

/// How long it takes.
pub(super) const OVER: Parameter = Parameter {
    name: "over",
    kind: Kind::Duration,
    default: Some(""),
    keyword: Keyword::Word("over"),
    range: Range::Positive,
    pytorch: None,
    doc: "How long it falls; all that is left of the training when left out.",
};

/// `value(t) = to + (from - to) * share(min(t / over, 1))`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fall {
    pub(super) from: Level,
    pub(super) to: Level,
    pub(super) over: u64,
}

impl Fall {
    pub(super) fn read(recipe: &mut Recipe<'_>) -> Self {
        Self {
            from: recipe.level("from").unwrap_or(Level::Fraction(1.0)),
            to: recipe.level("to").unwrap_or(Level::Fraction(0.0)),
            over: recipe.steps_or_left("over"),
        }
    }

    /// The value where `share` of the height is left at the given part of the length, from 0 to 1.
    pub(super) fn value_at(&self, t: u64, base: f64, share: impl FnOnce(f64) -> f64) -> f64 {
        let (from, to) = (self.from.of(base), self.to.of(base));
        to + (from - to) * share((t as f64 / self.over as f64).min(1.0))
    }

    /// For PyTorch code: the part of the length that has passed, from 0 to 1.
    pub(super) fn passed(&self) -> String {
        format!("min({{t}} / {}, 1.0)", self.over)
    }

    /// For PyTorch code: the value as a factor, where `share` of the height is left.
    pub(super) fn factor(&self, recipe: &Recipe<'_>, share: &str) -> String {
        let (from, to) = (recipe.factor(self.from), recipe.factor(self.to));
        format!("({} + {} * {share})", float_text(to), float_text(from - to))
    }
}
