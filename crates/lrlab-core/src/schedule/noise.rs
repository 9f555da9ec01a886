//! Another schedule with noise on it that can be replayed.
//!
//! `value(t) = of(t) * (1 + amount * u(seed, floor(t / each)))`; from the end of a schedule that has
//! a length of its own: `of(t)`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | amount | how far the noise reaches to both sides, at most | share of the value |
//! | seed | which noise | 1 |
//! | each | how long a draw is kept; one step when left out | steps |
//! | u | a draw between -1 and 1, never either | 1 |
//! | shape | uniform: all of the range alike; normal: a standard deviation of 1/3, redrawn until inside | |
//!
//! u is a function of the seed and of the number k of the stretch alone, so a value can be asked for
//! at any t and is the same on every resume. `SplitMix64` with the seed as its state gives as its
//! number k + 1 the state of another `SplitMix64`, which gives the draws of that stretch: its high 52
//! bits n are `(n + 1/2) / 2^52`, in (0, 1). Uniform: u is twice the first of them less 1. Normal: two
//! of them make a normal one by Box and Muller's transform, divided by 3; the next two where that is
//! not between -1 and 1. The mean of both shapes is 0.
//!
//! Steele, Lea and Flood 2014, figure 16 (`mix64variant13`) for the numbers. Noise on a schedule:
//! timm's `lr_noise`. PyTorch has none. Differences from timm: its draws come from PyTorch's generator,
//! and its normal ones are drawn again until they lie inside the amount as well; its noise can be
//! kept to a part of the training, which here is `cosine for 50% then (constant 20% noise 10%)`.

use std::{f64::consts::PI, sync::Arc};

use super::{Entry, Form, Recipe, Schedule, TorchForm, torch_form::at};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::{Fault, float_text},
};

#[derive(Clone, Debug)]
struct Noise {
    amount: f64,
    seed: u64,
    each: u64,
    normal: bool,
    of: Arc<dyn Schedule>,
}

/// The whole numbers up to here are all different as f64.
const LARGEST_SEED: f64 = 9_007_199_254_740_991.0;

/// `SplitMix64`: a counter, and a function that mixes its bits.
struct SplitMix(u64);

impl SplitMix {
    const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The generator after `count` numbers.
    fn after(self, count: u64) -> Self {
        Self(self.0.wrapping_add(count.wrapping_mul(Self::GAMMA)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::GAMMA);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in (0, 1), exactly representable.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }
}

/// The draw of a stretch, in (-1, 1).
fn draw(seed: u64, stretch: u64, normal: bool) -> f64 {
    let mut numbers = SplitMix(SplitMix(seed).after(stretch).next());
    if !normal {
        return 2.0 * numbers.unit() - 1.0;
    }
    loop {
        let radius = (-2.0 * numbers.unit().ln()).sqrt();
        let z = radius * (2.0 * PI * numbers.unit()).cos() / 3.0;
        if z.abs() < 1.0 {
            return z;
        }
    }
}

impl Schedule for Noise {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let value = self.of.value_at(t, base);
        if self.of.length().is_some_and(|length| t >= length) {
            return value;
        }
        value * (1.0 + self.amount * draw(self.seed, t / self.each, self.normal))
    }

    fn length(&self) -> Option<u64> {
        self.of.length()
    }
}

pub(super) static NOISE: Entry = Entry {
    name: "noise",
    pytorch: None,
    summary: "another schedule with noise on it, the same for the same seed",
    formula: "value = of(t) * (1 + amount * u(seed, floor(t / each))), u between -1 and 1",
    example: "linear from 90% to 0 noise 10% seed=1",
    source: Source {
        citation: "Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators, figure 16",
        link: "doi:10.1145/2660193.2660195",
    },
    params: &[
        Parameter {
            name: "amount",
            kind: Kind::Level,
            default: None,
            keyword: Keyword::Bare(&[""]),
            range: Range::UnitOpen,
            pytorch: None,
            doc: "How far the noise reaches to both sides, as a share of the schedule's value.",
        },
        Parameter {
            name: "each",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("each"),
            range: Range::Positive,
            pytorch: None,
            doc: "How long a draw is kept; one step when left out.",
        },
        Parameter {
            name: "seed",
            kind: Kind::Integer,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Which noise it is; the same seed gives the same noise.",
        },
        Parameter {
            name: "shape",
            kind: Kind::Choice(&["uniform", "normal"]),
            default: Some("uniform"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: None,
            doc: "Whether all of the range is alike, or most draws are small (a standard deviation of a third).",
        },
    ],
    form: Form::After("noise"),
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Noise {
    let amount = match recipe.level("amount") {
        Some(Level::Fraction(share)) => share,
        Some(rate) => {
            let allowed = "a share of the schedule's value, such as `10%`";
            recipe.note("amount", Fault::value("amount", rate.to_string(), allowed));
            0.0
        }
        None => 0.0,
    };
    let seed = recipe.number("seed");
    if seed > LARGEST_SEED {
        let allowed = format!("a whole number up to {LARGEST_SEED}");
        recipe.note("seed", Fault::value("seed", float_text(seed), allowed));
    }
    Noise {
        amount,
        seed: seed as u64,
        each: recipe.steps("each").unwrap_or(1),
        normal: recipe.word("shape") == "normal",
        of: recipe.inner(0),
    }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

/// What [`to_torch`] calls: the same draws in Python.
pub(crate) const PYTHON: &str = "
def noise(seed, stretch, normal):
    mask, gamma = 2**64 - 1, 0x9e3779b97f4a7c15
    def number(state):
        z = ((state ^ (state >> 30)) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & mask
        return z ^ (z >> 31)
    state = number((seed + (stretch + 1) * gamma) & mask)
    def unit():
        nonlocal state
        state = (state + gamma) & mask
        return ((number(state) >> 12) + 0.5) / 2**52
    if not normal:
        return 2.0 * unit() - 1.0
    while True:
        radius = math.sqrt(-2.0 * math.log(unit()))
        z = radius * math.cos(2.0 * math.pi * unit()) / 3.0
        if abs(z) < 1.0:
            return z
";

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Noise { amount, seed, each, normal, of } = read(recipe);
    let factor = recipe.inner_to_torch(0).factor;
    let stretch = if each == 1 { "{t}".to_owned() } else { format!("{{t}} // {each}") };
    let python = if normal { "True" } else { "False" };
    let draw = format!("noise({seed}, {stretch}, {python})");
    let noisy = format!("({factor}) * (1.0 + {} * {draw})", float_text(amount));
    let Some(length) = of.length() else { return TorchForm::single(noisy, None) };
    let end = at(&factor, &length.to_string());
    TorchForm::single(format!("({noisy} if {{t}} < {length} else {end})"), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, ScheduleSpec, schedule::constant::Constant};

    #[test]
    fn the_numbers_are_splitmix64s() {
        // The first numbers of the reference implementation for the seed 1234567.
        let mut numbers = SplitMix(1_234_567);
        let first = [(); 3].map(|()| numbers.next());
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        assert_eq!(SplitMix(1_234_567).after(2).next(), first[2]);
    }

    #[test]
    fn an_amount_that_is_no_share_and_a_seed_that_is_not_exact_are_refused() {
        for (text, told) in [
            ("constant noise lr 0.1", "amount: got `lr 0.1`, expected a share of the schedule's value"),
            (
                "constant noise 10% seed=1e16",
                "seed: got `1e16`, expected a whole number up to 9007199254740991",
            ),
        ] {
            let error = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(8, 4)));
            let Ok(Err(error)) = error else { panic!("{text}") };
            assert!(error.to_string().starts_with(told), "{error}");
        }
    }

    fn noise(normal: bool, each: u64) -> Noise {
        let of = Arc::new(Constant { level: Level::Fraction(1.0) });
        Noise { amount: 0.25, seed: 3, each, normal, of }
    }

    #[test]
    fn a_draw_is_kept_for_its_time() {
        let values: Vec<f64> = (0..9).map(|t| noise(false, 3).value_at(t, 1.0)).collect();
        for kept in values.chunks(3) {
            assert_eq!(kept, [kept[0]; 3]);
        }
        assert!(values[0] != values[3] && values[3] != values[6]);
    }

    #[test]
    fn draws_have_the_mean_and_spread_of_their_shape() {
        for (normal, deviation) in [(false, 1.0 / 3.0_f64.sqrt()), (true, 0.328_9)] {
            let draws: Vec<f64> = (0..100_000).map(|k| draw(7, k, normal)).collect();
            let mean = draws.iter().sum::<f64>() / 1e5;
            let spread = (draws.iter().map(|u| u * u).sum::<f64>() / 1e5).sqrt();
            assert!(draws.iter().all(|u| u.abs() < 1.0));
            assert!(mean.abs() < 0.006, "{mean}");
            assert!((spread - deviation).abs() < 0.003, "{spread}");
        }
    }
}
