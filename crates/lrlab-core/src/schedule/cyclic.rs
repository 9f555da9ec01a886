//! Up and down in straight lines between two values, for ever.
//!
//! `value(t) = from + (to - from) * height(t) * scale(t)`, where height rises from 0 to 1 in `up` steps
//! and falls back to 0 in `down` steps, again and again, and scale is 1 (`triangular`),
//! 2^-(cycles passed) (`triangular2`) or gamma^t (`exp_range`)
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | from, to | lowest and highest value | share of base, or a rate |
//! | up, down | lengths of a rise and of a fall; `down` is `up` when left out | steps |
//! | gamma | factor of the height in each step of `exp_range` | 1 |
//!
//! Smith 2017, section 3. PyTorch: `CyclicLR(base_lr, max_lr, step_size_up, step_size_down, mode, gamma)`.
//! Differences: PyTorch's sets the group's own rate to `base_lr`, its rates are the same for any rate
//! of the group, and it moves momentum too unless `cycle_momentum=False`; it takes a gamma that its
//! mode ignores, and scale functions of one's own.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, TO},
};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

const MODES: &[&str] = &["triangular", "triangular2", "exp_range"];

/// How the height of a cycle changes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Triangular,
    Triangular2,
    ExpRange { gamma: f64 },
}

/// `value(t) = from + (to - from) * height(t) * scale(t)`.
#[derive(Clone, Copy, Debug)]
struct Cyclic {
    from: Level,
    to: Level,
    up: u64,
    down: u64,
    mode: Mode,
}

impl Cyclic {
    fn length_of_a_cycle(&self) -> u64 {
        self.up.saturating_add(self.down)
    }
}

impl Schedule for Cyclic {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let (from, to) = (self.from.of(base), self.to.of(base));
        let cycle = self.length_of_a_cycle();
        let (passed, at) = (t / cycle, t % cycle);
        let height =
            if at <= self.up { at as f64 / self.up as f64 } else { (cycle - at) as f64 / self.down as f64 };
        let scale = match self.mode {
            Mode::Triangular => 1.0,
            Mode::Triangular2 => (-(passed as f64)).exp2(),
            Mode::ExpRange { gamma } => gamma.powf(t as f64),
        };
        from + (to - from) * (height * scale)
    }
}

pub(super) static CYCLIC: Entry = Entry {
    name: "cyclic",
    pytorch: Some("CyclicLR"),
    summary: "goes up and down in straight lines between two rates, for ever",
    formula: "value = from + (to - from) * height(t) * scale(t)",
    example: "cyclic from 10% to 100% up 8 epochs mode triangular2",
    source: Source {
        citation: "Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3",
        link: "arXiv:1506.01186",
    },
    params: &[
        Parameter { default: None, pytorch: Some("base_lr"), doc: "The lowest value.", ..FROM },
        Parameter { default: Some("100%"), pytorch: Some("max_lr"), doc: "The highest value.", ..TO },
        Parameter {
            name: "up",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Word("up"),
            range: Range::Positive,
            pytorch: Some("step_size_up"),
            doc: "How long the rate rises in each cycle.",
        },
        Parameter {
            name: "down",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("down"),
            range: Range::Positive,
            pytorch: Some("step_size_down"),
            doc: "How long it falls in each cycle; as long as it rises when left out.",
        },
        Parameter {
            name: "mode",
            kind: Kind::Choice(MODES),
            default: Some("triangular"),
            keyword: Keyword::Word("mode"),
            range: Range::Any,
            pytorch: Some("mode"),
            doc: "Whether the height stays, halves with each cycle, or shrinks by gamma in each step.",
        },
        Parameter {
            name: "gamma",
            kind: Kind::Number,
            default: Some(""),
            keyword: Keyword::Named,
            range: Range::UnitPositive,
            pytorch: Some("gamma"),
            doc: "The factor of the height in each step of mode exp_range, which needs it.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Cyclic {
    let from = recipe.level("from").unwrap_or(Level::Fraction(1.0));
    let to = recipe.level("to").unwrap_or(Level::Fraction(1.0));
    let up = recipe.steps("up").unwrap_or(1);
    let down = recipe.steps("down").unwrap_or(up);
    Cyclic { from, to, up, down, mode: read_mode(recipe) }
}

fn read_mode(recipe: &mut Recipe<'_>) -> Mode {
    let gamma = recipe.number_if_given("gamma");
    match (recipe.word("mode"), gamma) {
        ("exp_range", Some(gamma)) => Mode::ExpRange { gamma },
        ("exp_range", None) => {
            recipe.refuse("mode exp_range needs gamma: `mode exp_range gamma=0.9999`".to_owned());
            Mode::Triangular
        }
        (mode, Some(_)) => {
            recipe.refuse(format!("gamma belongs to mode exp_range, and mode {mode} has no use for it"));
            Mode::Triangular
        }
        ("triangular2", None) => Mode::Triangular2,
        _ => Mode::Triangular,
    }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let cyclic = read(recipe);
    let Cyclic { from, to, up, down, mode } = cyclic;
    let cycle = cyclic.length_of_a_cycle();
    let (scale, arguments) = match mode {
        Mode::Triangular => (String::new(), String::new()),
        Mode::Triangular2 => (format!(" * 0.5 ** ({{t}} // {cycle})"), ", mode='triangular2'".to_owned()),
        Mode::ExpRange { gamma } => {
            let gamma = float_text(gamma);
            (format!(" * {gamma} ** {{t}}"), format!(", mode='exp_range', gamma={gamma}"))
        }
    };
    // PyTorch's gamma counts calls.
    let fits = recipe.tick() == 1 || !matches!(mode, Mode::ExpRange { .. });
    let class = recipe.ticks(up).zip(recipe.ticks(down)).filter(|_| fits).map(|(up, down)| {
        let (low, high) = (float_text(from.of(recipe.base())), float_text(to.of(recipe.base())));
        format!(
            "CyclicLR(optimizer, base_lr={low}, max_lr={high}, step_size_up={up}, step_size_down={down}\
             {arguments}, cycle_momentum=False)"
        )
    });
    let (low, height) = (recipe.factor(from), recipe.factor(to) - recipe.factor(from));
    let triangle = format!("min({{t}} % {cycle} / {up}, ({cycle} - {{t}} % {cycle}) / {down})");
    let factor = format!("({} + {} * {triangle}{scale})", float_text(low), float_text(height));
    TorchForm::single(factor, class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, ScheduleSpec};

    fn rates(mode: Mode) -> Vec<f64> {
        let (from, to) = (Level::Absolute(1.0), Level::Fraction(1.0));
        let schedule = Cyclic { from, to, up: 2, down: 4, mode };
        [0, 1, 2, 3, 5, 6, 8, 14].map(|t| schedule.value_at(t, 9.0)).to_vec()
    }

    #[test]
    fn goes_up_and_down_as_its_mode_says() {
        assert_eq!(rates(Mode::Triangular), [1.0, 5.0, 9.0, 7.0, 3.0, 1.0, 9.0, 9.0]);
        assert_eq!(rates(Mode::Triangular2), [1.0, 5.0, 9.0, 7.0, 3.0, 1.0, 5.0, 3.0]);
        let shrinking = rates(Mode::ExpRange { gamma: 0.5 });
        assert_eq!(shrinking[..4], [1.0, 3.0, 3.0, 1.75]);
    }

    #[test]
    fn gamma_goes_with_its_mode() {
        let built = |text: &str| text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(100, 10));
        assert!(built("cyclic from 1% up 5 steps mode exp_range gamma=0.99").is_ok());
        for text in ["cyclic from 1% up 5 steps mode exp_range", "cyclic from 1% up 5 steps gamma=0.99"] {
            assert!(built(text).unwrap_err().to_string().contains("gamma"), "{text}");
        }
    }
}
