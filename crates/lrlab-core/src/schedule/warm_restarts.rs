//! Half a cosine down to a target, again and again from the top.
//!
//! `value(t) = to + (base - to) * gamma^n * (1 + cos(pi * u / T)) / 2`, where n restarts came before, u steps
//! have passed since the last of them, and its cycle is T steps long
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | every | length of the first cycle, or of each of the first cycles; the last one goes on for ever | steps |
//! | growth | how many times longer each cycle after those is than the one before | 1 |
//! | gamma | factor of the height above `to` at each restart | 1 |
//! | to | value at the end of each cycle | share of base, or a rate |
//!
//! After the cycles that are given, with T the last of them, cycle k has `round(T * growth^k)` steps.
//!
//! Loshchilov and Hutter 2017, section 3 and equation 5. PyTorch: `CosineAnnealingWarmRestarts(T_0,
//! T_mult, eta_min)`. Differences: PyTorch has one first cycle and whole growth, no gamma; its
//! `eta_min` is a rate; entered with `step(epoch)` it finds the cycle with a logarithm, which is off by
//! one at some restarts, while here cycles begin at whole steps kept in a table. Keras's
//! `CosineDecayRestarts` has growth `t_mul` and gamma `m_mul`. timm's `cycle_decay` is a factor of the
//! highest rate, not of the height, so its peaks can fall below its `lr_min`; Hugging Face's
//! `get_cosine_with_hard_restarts_schedule_with_warmup` has cycles of one length.

use std::{f64::consts::PI, sync::Arc};

use super::{Entry, Form, Recipe, Schedule, TorchForm, fall::TO};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

/// Growth nearer to 1 than this would take more cycles than can be kept.
const LEAST_GROWTH: f64 = 1.01;

/// `value(t) = to + (base - to) * gamma^n * (1 + cos(pi * u / T)) / 2`.
#[derive(Clone, Debug)]
struct WarmRestarts {
    /// Every cycle with a start of its own; the last goes on for ever.
    cycles: Vec<Cycle>,
    gamma: f64,
    to: Level,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cycle {
    start: u64,
    length: u64,
    /// `gamma^n`, with the restarts before it.
    height: f64,
}

impl WarmRestarts {
    /// Where cycles grow, these are all that begin before time ends.
    fn new(lengths: &[u64], growth: f64, gamma: f64, to: Level) -> Self {
        let mut start = 0_u64;
        let mut cycles: Vec<Cycle> = Vec::new();
        let last = lengths.last().copied().unwrap_or(1);
        let growing = (1..).map(|k| grown(last, growth, k)).take_while(|_| growth >= LEAST_GROWTH);
        for length in lengths.iter().copied().chain(growing) {
            cycles.push(Cycle { start, length, height: gamma.powf(cycles.len() as f64) });
            match start.checked_add(length) {
                Some(next) => start = next,
                None => break,
            }
        }
        Self { cycles, gamma, to }
    }

    /// How many cycles have begun at t, at least 1. Growing cycles reach beyond all trainings, so most
    /// times lie in the first of them: the search doubles its way there before it halves.
    fn begun(&self, t: u64) -> usize {
        let (mut begun, mut beyond) = (1, 2);
        while self.cycles.get(beyond - 1).is_some_and(|cycle| cycle.start <= t) {
            (begun, beyond) = (beyond, beyond * 2);
        }
        let rest = &self.cycles[begun..beyond.min(self.cycles.len())];
        begun + rest.partition_point(|cycle| cycle.start <= t)
    }

    /// The factor of the height at t, the steps since the last restart, and the cycle's length.
    fn locate(&self, t: u64) -> (f64, u64, u64) {
        let index = self.begun(t) - 1;
        let Cycle { start, length, height } = self.cycles[index];
        let since = t - start;
        if since < length {
            return (height, since, length);
        }
        let repeated = if self.gamma == 1.0 { 1.0 } else { self.gamma.powf((since / length) as f64) };
        (height * repeated, since % length, length)
    }
}

/// `round(length * growth^k)`, exact where growth is whole, the longest time there is at most.
fn grown(length: u64, growth: f64, k: u32) -> u64 {
    let product = length as f64 * growth.powf(f64::from(k));
    if growth.fract() == 0.0 && product < u64::MAX as f64 {
        (growth as u64).checked_pow(k).and_then(|factor| length.checked_mul(factor)).unwrap_or(u64::MAX)
    } else {
        product.round() as u64
    }
}

impl Schedule for WarmRestarts {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let to = self.to.of(base);
        let (height, since, length) = self.locate(t);
        let wave = 1.0 + (PI * since as f64 / length as f64).cos();
        to + (base - to) * height * wave / 2.0
    }
}

pub(super) static WARM_RESTARTS: Entry = Entry {
    name: "warm-restarts",
    pytorch: Some("CosineAnnealingWarmRestarts"),
    summary: "falls along half a cosine again and again, each time from the top",
    formula: "value = to + (base - to) * gamma^n * (1 + cos(pi * u / T)) / 2, u steps after restart n, T steps before the next",
    example: "warm-restarts every 10 epochs growing 2 x0.8 to 1%",
    source: Source {
        citation: "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 3",
        link: "arXiv:1608.03983",
    },
    params: &[
        Parameter {
            name: "every",
            kind: Kind::Durations,
            default: None,
            keyword: Keyword::Bare(&["every"]),
            range: Range::Positive,
            pytorch: Some("T_0"),
            doc: "The length of the first cycle, or of several; the last of them is repeated.",
        },
        Parameter {
            name: "growth",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Word("growing"),
            range: Range::AtLeastOne,
            pytorch: Some("T_mult"),
            doc: "How many times longer each repeated cycle is than the one before: 1, or 1.01 and more.",
        },
        Parameter {
            name: "gamma",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Times,
            range: Range::UnitPositive,
            pytorch: None,
            doc: "The factor of the height above `to` at each restart.",
        },
        Parameter { pytorch: Some("eta_min"), doc: "The value at the end of each cycle.", ..TO },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> (WarmRestarts, f64) {
    let (lengths, growth) = (recipe.each_steps("every"), recipe.number("growth"));
    if growth > 1.0 && growth < LEAST_GROWTH {
        recipe.refuse(format!(
            "cycles that grow by {growth} hardly grow: give {LEAST_GROWTH} or more, or leave `growing` out"
        ));
    }
    let (gamma, to) = (recipe.number("gamma"), recipe.level("to").unwrap_or(Level::Fraction(0.0)));
    (WarmRestarts::new(&lengths, growth, gamma, to), growth)
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe).0)
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let given = recipe.each_steps("every").len();
    let (WarmRestarts { mut cycles, gamma, to }, growth) = read(recipe);
    let rate = float_text(to.of(recipe.base()));
    let fits = given == 1 && gamma == 1.0 && growth.fract() == 0.0 && growth < 1e15;
    let class = recipe.ticks(cycles[0].length).filter(|_| fits).map(|ticks| {
        format!("CosineAnnealingWarmRestarts(optimizer, T_0={ticks}, T_mult={growth}, eta_min={rate})")
    });
    // What begins after the end of training is left out of the table.
    cycles.retain(|cycle| cycle.start == 0 || cycle.start < recipe.left());
    let low = recipe.factor(to);
    let (height, low) = (float_text((1.0 - low) / 2.0), float_text(low));
    let gamma = float_text(gamma);
    let wave = |k: &str, u: &str, n: &str| {
        format!("{low} + {height} * {gamma} ** {k} * (1 + math.cos(math.pi * {u} / {n}))")
    };
    let factor = if let [Cycle { length, .. }] = cycles[..] {
        format!(
            "({})",
            wave(&format!("({{t}} // {length})"), &format!("({{t}} % {length})"), &length.to_string())
        )
    } else {
        let later_first = cycles.iter().enumerate().rev();
        let table: Vec<String> =
            later_first.map(|(k, cycle)| format!("({k}, {}, {})", cycle.start, cycle.length)).collect();
        let value = wave("(k + ({t} - s) // n)", "(({t} - s) % n)", "n");
        format!("next({value} for k, s, n in [{}] if {{t}} >= s)", table.join(", "))
    };
    TorchForm::single(factor, class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, ScheduleSpec};

    fn starts(lengths: &[u64], growth: f64) -> Vec<u64> {
        let schedule = WarmRestarts::new(lengths, growth, 1.0, Level::Fraction(0.0));
        schedule.cycles.iter().map(|cycle| cycle.start).collect()
    }

    #[test]
    fn cycles_begin_at_whole_steps() {
        assert_eq!(starts(&[10], 3.0)[..6], [0, 10, 40, 130, 400, 1210]);
        assert_eq!(starts(&[10, 20, 70], 1.0), [0, 10, 30]);
        assert_eq!(starts(&[10, 2], 1.5)[..6], [0, 10, 12, 15, 20, 27]);
        assert_eq!(starts(&[1], 2.0).last(), Some(&u64::MAX));
        assert_eq!(starts(&[u64::MAX], 2.0), [0, u64::MAX]);
        assert!(starts(&[1], 1.01).len() < 5000);
        // 2^53 and 1 more: exact, which no product of floats is.
        assert_eq!(grown((1 << 53) + 1, 3.0, 1), 3 * ((1 << 53) + 1));
    }

    #[test]
    fn every_cycle_is_found_from_its_first_step_to_its_last() {
        for count in 1..20 {
            let lengths: Vec<u64> = (1..=count).map(|k| 1 + k % 3).collect();
            let restarts = WarmRestarts::new(&lengths, 1.0, 1.0, Level::Fraction(0.0));
            for t in 0..80 {
                let begun = restarts.cycles.iter().filter(|cycle| cycle.start <= t).count();
                assert_eq!(restarts.begun(t), begun, "{lengths:?} at {t}");
            }
        }
    }

    #[test]
    fn each_cycle_falls_from_its_own_top() {
        let restarts = WarmRestarts::new(&[2, 4], 1.0, 0.5, Level::Absolute(1.0));
        let rates: Vec<f64> = [0, 1, 2, 4, 6, 10, 12].map(|t| restarts.value_at(t, 9.0)).to_vec();
        for (got, expected) in rates.into_iter().zip([9.0, 5.0, 5.0, 3.0, 3.0, 2.0, 1.5]) {
            assert!((got - expected).abs() < 1e-14, "{got} for {expected}");
        }
        assert_eq!(restarts.value_at(u64::MAX, 9.0), 1.0);
    }

    #[test]
    fn a_restart_is_a_restart_where_pytorchs_logarithm_misses_it() {
        let spec: ScheduleSpec = "warm-restarts every 10 steps growing x3".parse().unwrap();
        let schedule = spec.build(Horizon::new(5000, 10)).unwrap();
        assert_eq!([0, 10, 40, 130, 400, 1210, 3640].map(|t| schedule.value_at(t, 0.1)), [0.1; 7]);
        assert!(schedule.value_at(1209, 0.1) < 1e-6);
    }

    #[test]
    fn growth_too_small_to_keep_is_refused() {
        let spec: ScheduleSpec = "warm-restarts every step growing 1.001".parse().unwrap();
        assert!(spec.build(Horizon::new(100, 10)).unwrap_err().to_string().contains("1.01 or more"));
    }
}
