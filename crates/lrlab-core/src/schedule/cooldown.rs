//! Another schedule, led down to a value from some time on, whatever it was at.
//!
//! With `v = of(at)` the value when the cooldown begins and `p = (t - at) / over`:
//! - t <= at: `value(t) = of(t)`;
//! - then: `value(t) = to + (v - to) * g(p)`, and `to` from t = at + over on.
//!
//! | shape | g(p) | called elsewhere |
//! |---|---|---|
//! | linear | `1 - p` | linear |
//! | cosine | `(1 + cos(pi p)) / 2` | cosine |
//! | 1-sqrt | `1 - sqrt(p)`: fast at first | `1-sqrt` (paper, Hugging Face), `sqrt` (its code) |
//! | 1-square | `1 - p^2`: slow at first | `1-square` (`pytorch_optimizer`), `square` (the paper's code) |
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | over | length of the cooldown | steps |
//! | at | when it begins; so that it ends with the training when left out | steps |
//! | to | value at the end, which then holds | share of base, or a rate |
//!
//! The schedule underneath is built over the whole stretch, so before `at` nothing changes and it is
//! as if one had decided at `at` to come to an end. `hold 80% then linear to 0` on the other hand
//! gives what follows a time of its own.
//!
//! Hu et al. 2024 (`MiniCPM`), section 4, for stable then decay; Hägele et al. 2024, section 3, for the
//! shapes, 1-sqrt the best of them there. PyTorch: `SequentialLR` with a `LinearLR` from the rate at
//! that time. Differences: there the rate at that time must be worked out by hand.

use std::{f64::consts::PI, sync::Arc};

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::{Fault, float_text},
};

/// How a cooldown goes down: its `g(p)`, from 1 to 0 while p goes from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CooldownShape {
    /// `1 - p`.
    #[default]
    Linear,
    /// `(1 + cos(pi p)) / 2`: slow at first and at last.
    Cosine,
    /// `1 - sqrt(p)`: fast at first.
    OneMinusSqrt,
    /// `1 - p^2`: slow at first.
    OneMinusSquare,
}

impl CooldownShape {
    const ALL: [Self; 4] = [Self::Linear, Self::Cosine, Self::OneMinusSqrt, Self::OneMinusSquare];

    /// Its word in specs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cosine => "cosine",
            Self::OneMinusSqrt => "1-sqrt",
            Self::OneMinusSquare => "1-square",
        }
    }

    fn named(word: &str) -> Self {
        Self::ALL.into_iter().find(|shape| shape.word() == word).unwrap_or_default()
    }

    fn left(self, p: f64) -> f64 {
        match self {
            Self::Linear => 1.0 - p,
            Self::Cosine => 0.5 * (1.0 + (PI * p).cos()),
            Self::OneMinusSqrt => 1.0 - p.sqrt(),
            Self::OneMinusSquare => 1.0 - p * p,
        }
    }

    /// The same in Python, of `p`, an expression in brackets.
    fn python(self, p: &str) -> String {
        match self {
            Self::Linear => format!("(1.0 - {p})"),
            Self::Cosine => format!("(1.0 + math.cos(math.pi * {p})) / 2.0"),
            Self::OneMinusSqrt => format!("(1.0 - math.sqrt({p}))"),
            Self::OneMinusSquare => format!("(1.0 - {p} ** 2)"),
        }
    }
}

#[derive(Clone, Debug)]
struct Cooldown {
    of: Arc<dyn Schedule>,
    at: u64,
    over: u64,
    to: Level,
    shape: CooldownShape,
}

impl Schedule for Cooldown {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if t <= self.at {
            return self.of.value_at(t, base);
        }
        let (since, to) = (t - self.at, self.to.of(base));
        if since >= self.over {
            return to;
        }
        let from = self.of.value_at(self.at, base);
        to + (from - to) * self.shape.left(since as f64 / self.over as f64)
    }

    fn length(&self) -> Option<u64> {
        Some(self.at.saturating_add(self.over))
    }
}

pub(super) static COOLDOWN: Entry = Entry {
    name: "cooldown",
    pytorch: None,
    summary: "another schedule, led down to a rate at the end or from some time on",
    formula: "value = of(t) for t <= at, then to + (of(at) - to) * g(min((t - at) / over, 1))",
    example: "constant cooldown 20% to 0 by 1-sqrt",
    source: Source {
        citation: "Hägele et al. 2024, Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations, section 3",
        link: "arXiv:2405.18392",
    },
    params: &[
        Parameter {
            name: "over",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Bare(&["", "over"]),
            range: Range::Positive,
            pytorch: Some("total_iters"),
            doc: "How long it goes down.",
        },
        Parameter {
            name: "at",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("at"),
            range: Range::NotNegative,
            pytorch: Some("milestones"),
            doc: "When it begins; so that it ends with the training when left out.",
        },
        Parameter {
            name: "to",
            kind: Kind::Level,
            default: Some("0"),
            keyword: Keyword::Word("to"),
            range: Range::NotNegative,
            pytorch: Some("end_factor"),
            doc: "The value at the end, which then holds.",
        },
        Parameter {
            name: "shape",
            kind: Kind::Choice(&["linear", "cosine", "1-sqrt", "1-square"]),
            default: Some("linear"),
            keyword: Keyword::Word("by"),
            range: Range::Any,
            pytorch: None,
            doc: "The curve that it goes down along; 1-sqrt falls fast at first, 1-square slowly.",
        },
    ],
    form: Form::After("cooldown"),
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Cooldown {
    let (over, given, left) = (recipe.steps("over"), recipe.time("at"), recipe.left());
    let over = over.unwrap_or(1);
    if given.is_none() && over > left && left > 0 {
        let allowed = format!("no more than the {left} steps that are left of the training");
        recipe.note("over", Fault::value("over", format!("{over} steps"), allowed));
    }
    Cooldown {
        of: recipe.inner(0),
        at: given.unwrap_or(left.saturating_sub(over)),
        over,
        to: recipe.level("to").unwrap_or(Level::Fraction(0.0)),
        shape: CooldownShape::named(recipe.word("shape")),
    }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Cooldown { of, at, over, to, shape } = read(recipe);
    let from = of.value_at(at, recipe.base()) / recipe.base();
    let to = recipe.factor(to);
    let class = recipe
        .ticks(over)
        .filter(|_| shape == CooldownShape::Linear && from > 0.0 && from <= 1.0 && to <= 1.0)
        .map(|ticks| {
            let (from, to) = (float_text(from), float_text(to));
            format!("LinearLR(optimizer, start_factor={from}, end_factor={to}, total_iters={ticks})")
        });
    let left = shape.python(&format!("min({{t}} / {over}, 1.0)"));
    let (low, height) = (float_text(to), float_text(from - to));
    let down = TorchForm::single(format!("({low} + {height} * {left})"), class);
    recipe.inner_to_torch(0).then(at, down)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates(text: &str) -> Vec<f64> {
        let built = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(8, 4)));
        let Ok(Ok(schedule)) = built else { panic!("{text}: {built:?}") };
        (0..10).map(|t| schedule.value_at(t, 16.0)).collect()
    }

    #[test]
    fn ends_with_the_training_or_begins_when_told() {
        let expected = [16.0, 16.0, 16.0, 16.0, 16.0, 12.0, 8.0, 4.0, 0.0, 0.0];
        assert_eq!(rates("constant cooldown over 4 steps"), expected);
        assert_eq!(rates("constant cooldown 50%"), expected);
        let line = [16.0, 14.0, 12.0, 10.0, 7.0, 4.0, 4.0, 4.0, 4.0, 4.0];
        let text = "linear to 0 cooldown over 2 steps at 3 steps to 25%";
        assert_eq!(rates(text)[..4], line[..4]);
        assert_eq!(rates(text), line);
    }

    #[test]
    fn each_shape_has_its_own_half() {
        let half = |shape: &str| rates(&format!("constant cooldown over 4 steps by {shape}"))[6] / 16.0;
        assert_eq!(half("linear"), 0.5);
        assert!((half("cosine") - 0.5).abs() < 1e-15);
        assert!((half("1-sqrt") - (1.0 - 0.5_f64.sqrt())).abs() < 1e-15);
        assert_eq!(half("1-square"), 0.75);
    }

    #[test]
    fn it_may_begin_with_the_first_step_and_needs_no_more_than_there_is() {
        assert_eq!(rates("constant cooldown over 2 steps at 0 steps")[..4], [16.0, 8.0, 0.0, 0.0]);
        let error = "constant cooldown over 9 steps".parse::<ScheduleSpec>();
        let Ok(Err(error)) = error.map(|spec| spec.build(Horizon::new(8, 4))) else { panic!() };
        assert_eq!(
            error.to_string(),
            "over: got `9 steps`, expected no more than the 8 steps that are left of the training"
        );
    }
}
