//! Up from a small rate to the peak and down to almost nothing, once.
//!
//! `value(t) = a + (b - a) * w(x)` through its phases, with w(x) = (1 - cos(pi * x)) / 2 or x:
//! - `from` to `peak` until t = rising - 1, then `peak` to `to` until t = over - 1;
//! - or in three phases: `from` to `peak` until t = rising - 1, back to `from` until t = 2 rising - 2,
//!   then to `to` until t = over - 1.
//!
//! After that the last value holds.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | peak, from, to | highest, first and last value | share of base, or a rate |
//! | rising | length of the rise, not rounded to whole steps; 30 % of `over` when left out | steps |
//! | over | length; what is left of the training when left out | steps |
//! | x | part of a phase that has passed | 1 |
//!
//! Smith and Topin 2018. PyTorch: `OneCycleLR(max_lr, total_steps, pct_start, anneal_strategy,
//! div_factor, final_div_factor, three_phase)`, with these rates and this counting: the peak is at
//! `pct_start * total_steps - 1`. Differences: PyTorch's counts one step too many, on which the cosine
//! rises again and the line goes below 0; it moves momentum too unless `cycle_momentum=False`; it takes
//! phases of no length and then divides by 0. Its `pct_start` is a share of `total_steps`, and
//! so is ours, while `rising 30%` is, as every share, one of the whole training. Its `div_factor` 25 is `from 4%`.

use std::{f64::consts::PI, sync::Arc};

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    fall::{FROM, OVER, TO},
};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

const SHAPES: &[&str] = &["cos", "linear"];

/// A rise from `from` to `peak`, and one fall or two down to `to`.
#[derive(Clone, Copy, Debug)]
struct OneCycle {
    peak: Level,
    from: Level,
    to: Level,
    /// The time of the peak.
    top: f64,
    /// The time when the rate is back at `from`, in three phases.
    back: Option<f64>,
    /// The time of the last value.
    end: f64,
    cosine: bool,
    over: u64,
    rising: f64,
}

impl OneCycle {
    fn new(levels: [Level; 3], rising: f64, over: u64, cosine: bool, three_phase: bool) -> Self {
        let [peak, from, to] = levels;
        let back = three_phase.then_some(2.0 * rising - 2.0);
        Self { peak, from, to, top: rising - 1.0, back, end: over as f64 - 1.0, cosine, over, rising }
    }

    fn between(&self, start: f64, end: f64, passed: f64) -> f64 {
        if self.cosine {
            // The share is halved, not the height: half of the smallest numbers is rounded, and would leave the interval.
            end + (start - end) * f64::midpoint(1.0, (PI * passed).cos())
        } else {
            (end - start) * passed + start
        }
    }

    /// For PyTorch code: the same, of factors and an expression.
    fn between_text(&self, start: f64, end: f64, passed: &str) -> String {
        if self.cosine {
            let (height, end) = (float_text((start - end) / 2.0), float_text(end));
            format!("{end} + {height} * (math.cos(math.pi * {passed}) + 1)")
        } else {
            format!("{} * {passed} + {}", float_text(end - start), float_text(start))
        }
    }
}

impl Schedule for OneCycle {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let (peak, from, to) = (self.peak.of(base), self.from.of(base), self.to.of(base));
        let t = (t as f64).min(self.end);
        if t <= self.top {
            return self.between(from, peak, t / self.top);
        }
        match self.back {
            Some(back) if t <= back => self.between(peak, from, (t - self.top) / (back - self.top)),
            Some(back) => self.between(from, to, (t - back) / (self.end - back)),
            None => self.between(peak, to, (t - self.top) / (self.end - self.top)),
        }
    }

    fn length(&self) -> Option<u64> {
        Some(self.over)
    }
}

pub(super) static ONE_CYCLE: Entry = Entry {
    name: "one-cycle",
    pytorch: Some("OneCycleLR"),
    summary: "rises from a small rate to the peak, then falls to almost nothing, once",
    formula: "value = from .. peak until t = rising - 1, then peak .. to until t = over - 1, along half cosines or lines",
    example: "one-cycle rising 25% shape linear",
    source: Source {
        citation: "Smith and Topin 2018, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates",
        link: "arXiv:1708.07120",
    },
    params: &[
        Parameter {
            name: "peak",
            default: Some("100%"),
            keyword: Keyword::Word("peak"),
            pytorch: Some("max_lr"),
            doc: "The highest value.",
            ..TO
        },
        Parameter { default: Some("4%"), ..FROM },
        Parameter { default: Some("0.0004%"), ..TO },
        Parameter {
            name: "rising",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("rising"),
            range: Range::Positive,
            pytorch: Some("pct_start"),
            doc: "How long the rate rises; 30% of the cycle's length when left out.",
        },
        Parameter {
            name: "pct_start",
            kind: Kind::Number,
            default: Some(""),
            keyword: Keyword::Named,
            range: Range::UnitPositive,
            pytorch: Some("pct_start"),
            doc: "What part of the cycle the rate rises, instead of `rising`.",
        },
        Parameter {
            pytorch: Some("total_steps"),
            doc: "How long the cycle is; all that is left of the training when left out.",
            ..OVER
        },
        Parameter {
            name: "shape",
            kind: Kind::Choice(SHAPES),
            default: Some("cos"),
            keyword: Keyword::Word("shape"),
            range: Range::Any,
            pytorch: Some("anneal_strategy"),
            doc: "Whether it moves along half cosines or straight lines.",
        },
        Parameter {
            name: "three_phase",
            kind: Kind::Flag,
            default: Some("false"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: Some("three_phase"),
            doc: "Whether it falls back to `from` as fast as it rose, and only then to `to`.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> OneCycle {
    let levels = ["peak", "from", "to"].map(|name| recipe.level(name).unwrap_or(Level::Fraction(1.0)));
    let over = recipe.steps_or_left("over");
    let (rising, part) = (recipe.part_steps("rising"), recipe.number_if_given("pct_start"));
    if rising.is_some() && part.is_some() {
        recipe.refuse("`rising` and `pct_start` say the same: give one of them".to_owned());
    }
    let rising = rising.unwrap_or(part.unwrap_or(0.3) * over as f64);
    let cosine = recipe.word("shape") == SHAPES[0];
    let cycle = OneCycle::new(levels, rising, over, cosine, recipe.flag("three_phase"));
    if cycle.top <= 0.0 {
        recipe.refuse(format!(
            "one-cycle rises for {rising} of its {over} steps, and must for more than 1: give a longer \
             `rising`, or train for longer"
        ));
    } else if cycle.back.unwrap_or(cycle.top) >= cycle.end {
        recipe.refuse(format!(
            "one-cycle rises for {rising} of its {over} steps, which leaves none for its last fall"
        ));
    }
    cycle
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let cycle = read(recipe);
    let [peak, from, to] = [cycle.peak, cycle.from, cycle.to].map(|level| recipe.factor(level));
    let (top, end) = (float_text(cycle.top), float_text(cycle.end));
    let t = format!("min({{t}}, {end})");
    let rise = cycle.between_text(from, peak, &format!("({{t}} / {top})"));
    let fall = match cycle.back {
        None => {
            let length = float_text(cycle.end - cycle.top);
            cycle.between_text(peak, to, &format!("(({t} - {top}) / {length})"))
        }
        Some(back) => {
            let (first, last) = (float_text(back - cycle.top), float_text(cycle.end - back));
            let back = float_text(back);
            let down = cycle.between_text(peak, from, &format!("(({{t}} - {top}) / {first})"));
            let out = cycle.between_text(from, to, &format!("(({t} - {back}) / {last})"));
            format!("{down} if {{t}} <= {back} else {out}")
        }
    };
    let factor = format!("({rise} if {{t}} <= {top} else {fall})");
    // PyTorch's counts calls, and fails after its last step.
    let fits = recipe.tick() == 1 && recipe.left() <= cycle.over;
    let class =
        (fits && from > 0.0 && to > 0.0).then(|| class(&cycle, peak * recipe.base(), peak / from, from / to));
    TorchForm::single(factor, class)
}

fn class(cycle: &OneCycle, max_lr: f64, div_factor: f64, final_div_factor: f64) -> String {
    let pct_start = float_text(cycle.rising / cycle.over as f64);
    let mut class = format!(
        "OneCycleLR(optimizer, max_lr={}, total_steps={}, pct_start={pct_start}",
        float_text(max_lr),
        cycle.over
    );
    if !cycle.cosine {
        class.push_str(", anneal_strategy='linear'");
    }
    if cycle.back.is_some() {
        class.push_str(", three_phase=True");
    }
    let (div_factor, final_div_factor) = (float_text(div_factor), float_text(final_div_factor));
    format!("{class}, div_factor={div_factor}, final_div_factor={final_div_factor}, cycle_momentum=False)")
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates<const N: usize>(text: &str, total: u64, times: [u64; N]) -> [f64; N] {
        let schedule = text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(total, 1)).unwrap();
        times.map(|t| schedule.value_at(t, 8.0))
    }

    #[test]
    fn rises_to_its_peak_and_falls_in_straight_lines() {
        let text = "one-cycle from 25% to lr 0.5 rising 3 steps shape linear";
        let expected = [2.0, 5.0, 8.0, 5.5, 3.0, 0.5, 0.5, 0.5];
        assert_eq!(rates(text, 6, [0, 1, 2, 3, 4, 5, 6, u64::MAX]), expected);
    }

    #[test]
    fn falls_as_fast_as_it_rose_in_three_phases() {
        let text = "one-cycle from 25% to 0 rising 3 steps shape linear three_phase=true";
        assert_eq!(rates(text, 9, [0, 2, 3, 4, 5, 6, 8, 99]), [2.0, 8.0, 5.0, 2.0, 1.5, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_smallest_rates_do_not_fall_below_0() {
        // The last phase goes from 0 to three times the smallest number there is, so slowly that it stays at its start.
        let text = "one-cycle from lr 0 to lr 1.5e-323 rising 3 steps over 1000000000 steps three_phase=true";
        assert_eq!(rates(text, 1_000_000_000, [5, 6, 7]), [0.0; 3]);
    }

    #[test]
    fn is_half_way_up_at_half_the_rise() {
        let [middle, peak, last] = rates("one-cycle from 0 to 0 rising 50%", 10, [2, 4, 9]);
        assert!((middle - 4.0).abs() < 1e-14);
        assert_eq!([peak, last], [8.0, 0.0]);
    }

    #[test]
    fn phases_of_no_length_are_refused() {
        let refused = |text: &str, total| {
            text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(total, 1)).unwrap_err().to_string()
        };
        for (text, total) in [("one-cycle", 3), ("one-cycle rising 1 step", 50)] {
            assert!(refused(text, total).contains("must for more than 1"), "{text}");
        }
        for text in ["one-cycle rising 100%", "one-cycle rising 60% three_phase=true"] {
            assert!(refused(text, 50).contains("leaves none"), "{text}");
        }
    }
}
