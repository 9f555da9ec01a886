//! A straight rise, a long constant stage, and a fall at the end of training.
//!
//! - t < warmup: `base * (t + 1) / (warmup + 1)`, or `from + (base - from) * t / warmup` with `from`;
//! - then base, until `decay` steps before the end;
//! - then `to + (base - to) * share(x)`, x the part of the decay that has passed: 1 - x (`linear`),
//!   (1 + cos(pi * x)) / 2 (`cosine`), 1 - sqrt(x) (`1-sqrt`) or 1 - x^2 (`1-square`);
//! - after the end of training `to`.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | warmup | length of the rise; none when left out | steps |
//! | decay | length of the fall | steps |
//! | from, to | values of the first step, and at the end | share of base, or a rate |
//!
//! Hu et al. 2024 (`MiniCPM`), section 4, whose fall is exponential; `1-sqrt` and the 20 % of the decay
//! from Hägele et al. 2024. PyTorch has none. Hugging Face's `get_wsd_schedule(num_warmup_steps,
//! num_decay_steps, warmup_type, decay_type, min_lr_ratio)` is this with `from` as its `min_lr_ratio`.
//! Differences: its fall is `cosine` when none is given; its rise can be curved too; its rate at the
//! start and at the end are one and the same; it counts the stages and not the training.
//!
//! The same from its parts: `warmup 5% then hold 75% then one-minus-sqrt to 0`.

use std::{f64::consts::PI, sync::Arc};

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, Fall, TO},
};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

const SHAPES: &[&str] = &["linear", "cosine", "1-sqrt", "1-square"];

#[derive(Clone, Copy, Debug)]
enum Shape {
    Linear,
    Cosine,
    OneMinusSqrt,
    OneMinusSquare,
}

impl Shape {
    fn share(self, passed: f64) -> f64 {
        match self {
            Self::Linear => 1.0 - passed,
            Self::Cosine => f64::midpoint(1.0, (PI * passed).cos()),
            Self::OneMinusSqrt => 1.0 - passed.sqrt(),
            Self::OneMinusSquare => 1.0 - passed * passed,
        }
    }

    /// For PyTorch code: the share that is left of the height.
    fn text(self, passed: &str) -> String {
        match self {
            Self::Linear => format!("(1 - {passed})"),
            Self::Cosine => format!("(1 + math.cos(math.pi * {passed})) / 2"),
            Self::OneMinusSqrt => format!("(1 - math.sqrt({passed}))"),
            Self::OneMinusSquare => format!("(1 - {passed} ** 2)"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct WarmupStableDecay {
    warmup: u64,
    from: Option<Level>,
    /// When the decay begins.
    falling: u64,
    fall: Fall,
    shape: Shape,
}

impl Schedule for WarmupStableDecay {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if t < self.warmup {
            return match self.from {
                None => base * (t as f64 + 1.0) / (self.warmup as f64 + 1.0),
                Some(from) => {
                    let from = from.of(base);
                    from + (base - from) * (t as f64 / self.warmup as f64)
                }
            };
        }
        if t < self.falling {
            return base;
        }
        self.fall.value_at(t - self.falling, base, |passed| self.shape.share(passed))
    }

    fn length(&self) -> Option<u64> {
        Some(self.falling.saturating_add(self.fall.over))
    }
}

pub(super) static WARMUP_STABLE_DECAY: Entry = Entry {
    name: "warmup-stable-decay",
    pytorch: None,
    summary: "rises, keeps the group's own rate for long, and falls at the end of training",
    formula: "value = base * (t + 1) / (warmup + 1), then base, then to + (base - to) * share(passed part of the decay)",
    example: "warmup-stable-decay warmup 5% decay 20% shape 1-sqrt to 0",
    source: Source {
        citation: "Hu et al. 2024, MiniCPM: Unveiling the Potential of Small Language Models, section 4",
        link: "arXiv:2404.06395",
    },
    params: &[
        Parameter {
            name: "warmup",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("warmup"),
            range: Range::Positive,
            pytorch: None,
            doc: "How long the rate rises; not at all when left out.",
        },
        Parameter {
            default: Some(""),
            doc: "The rate of the first step; one part in (steps + 1) when left out.",
            ..FROM
        },
        Parameter {
            name: "decay",
            kind: Kind::Duration,
            default: Some("20%"),
            keyword: Keyword::Word("decay"),
            range: Range::Positive,
            pytorch: None,
            doc: "How long the rate falls before the end of training.",
        },
        Parameter {
            name: "shape",
            kind: Kind::Choice(SHAPES),
            default: Some("1-sqrt"),
            keyword: Keyword::Word("shape"),
            range: Range::Any,
            pytorch: None,
            doc: "The curve of the fall.",
        },
        TO,
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> WarmupStableDecay {
    let (warmup, from, left) = (recipe.steps("warmup"), recipe.level("from"), recipe.left());
    if warmup.is_none() && from.is_some() {
        recipe.refuse("`from` is where a warmup starts, and there is none: give `warmup 5%` too".to_owned());
    }
    let (warmup, over) = (warmup.unwrap_or(0), recipe.steps("decay").unwrap_or(1));
    if warmup.saturating_add(over) > left && left > 0 {
        recipe.refuse(format!(
            "a warmup of {warmup} and a decay of {over} steps do not fit into the {left} that are left of the training"
        ));
    }
    let shape = match recipe.word("shape") {
        "linear" => Shape::Linear,
        "cosine" => Shape::Cosine,
        "1-square" => Shape::OneMinusSquare,
        _ => Shape::OneMinusSqrt,
    };
    let to = recipe.level("to").unwrap_or(Level::Fraction(0.0));
    let fall = Fall { from: Level::Fraction(1.0), to, over };
    WarmupStableDecay { warmup, from, falling: left.saturating_sub(over), fall, shape }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let WarmupStableDecay { warmup, from, falling, fall, shape } = read(recipe);
    let decay = TorchForm::single(fall.factor(recipe, &shape.text(&fall.passed())), None);
    let rise = match from {
        None => format!("({{t}} + 1) / {}", warmup.saturating_add(1)),
        Some(from) => {
            let from = recipe.factor(from);
            format!("({} + {} * {{t}} / {warmup})", float_text(from), float_text(1.0 - from))
        }
    };
    let stable = TorchForm::single("1.0".to_owned(), None);
    let late = if falling > warmup { stable.then(falling - warmup, decay) } else { decay };
    if warmup == 0 { late } else { TorchForm::single(rise, None).then(warmup, late) }
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates<const N: usize>(text: &str, times: [u64; N]) -> [f64; N] {
        let schedule = text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(20, 5)).unwrap();
        times.map(|t| schedule.value_at(t, 8.0))
    }

    #[test]
    fn rises_stays_and_falls() {
        let text = "warmup-stable-decay warmup 3 steps decay 4 steps to 50%";
        assert_eq!(rates(text, [0, 2, 3, 16, 17, 20, 99]), [2.0, 6.0, 8.0, 8.0, 6.0, 4.0, 4.0]);
        let text = "warmup-stable-decay warmup 4 steps from 0 decay 80% shape linear";
        assert_eq!(rates(text, [0, 1, 4, 12, 20]), [0.0, 2.0, 8.0, 4.0, 0.0]);
    }

    #[test]
    fn falls_in_the_shape_asked_for() {
        let at = |shape: &str, t| rates(&format!("warmup-stable-decay decay 4 steps shape {shape}"), [t])[0];
        assert_eq!(["linear", "1-sqrt", "1-square"].map(|shape| at(shape, 17)), [6.0, 4.0, 7.5]);
        assert!((at("cosine", 18) - 4.0).abs() < 1e-14);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (text, why) in [
            ("warmup-stable-decay warmup 50% decay 60%", "do not fit"),
            ("warmup-stable-decay from 1%", "there is none"),
        ] {
            let error = text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(20, 5)).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
