//! What the three Schedule-Free optimizers share: two sequences, and a point between them that is trained.
//!
//! ```text
//! w = (k + 1)^r * lr_max^weight_lr_power      k updates made, lr_max the largest rate so far
//! c = w / (sum of all w)                      0 while that sum is 0
//! y = y + c * (z - y) + lr * (beta * (1 - c) - 1) * d      d the direction at y
//! z = z - lr * d
//! x = y + (1 - 1 / beta) * (z - y)            what is evaluated
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | z | the slot `z`: where plain steps lead; the parameter itself before the first update | p |
//! | x | the mean of all z, weighted by w | p |
//! | y | `(1 - beta) * z + beta * x`: the parameter, where gradients are taken | p |
//! | beta | `momentum` or `beta1`: how near to the mean gradients are taken | 1 |
//! | c | the number `ckp1`: the share of the newest z in the mean | 1 |
//! | w, its sum | weight of a z, the number `weight_sum` | p^`weight_lr_power` |
//! | r | power of the count of updates in w; above 0 favours late z | 1 |
//! | `weight_lr_power` | power of the rate in w, so that a warmup counts for little | 1 |
//!
//! Paper: Defazio et al. 2024, "The Road Less Scheduled", section 2 and algorithm 1 (arXiv 2405.15682).
//!
//! Reference: `schedulefree` 1.4.1, one parameter at a time (`foreach=False`). Differences:
//! - a new parameter's x is y, so both points are one until its first update;
//! - w and c are of the group; corrections of means and the first z are of the parameter;
//! - x is found again from y and z with the present beta, there as here. So beta must stay what it was since
//!   the last update, and 0 is refused: nothing of x would be left in y.

use super::{Moment, Number, Point, Value, registry::Settings};
use crate::{
    Field,
    registry::{Kind, Parameter, Range},
    spec::Fault,
};

/// Power of the count of updates in the weights of the mean.
pub(super) const R: Parameter = super::registry::number(
    "r",
    "0",
    Range::NotNegative,
    "Power of the number of the update in the weights of the mean; above 0 favours late updates.",
);

/// Power of the rate in the weights of the mean.
pub(super) const WEIGHT_LR_POWER: Parameter = super::registry::number(
    "weight_lr_power",
    "2",
    Range::NotNegative,
    "Power of the largest rate so far in the weights of the mean, so that a warmup counts for little.",
);

/// Length of the linear warmup.
pub(super) const WARMUP_STEPS: Parameter = Parameter {
    kind: Kind::Integer,
    ..super::registry::number(
        "warmup_steps",
        "0",
        Range::NotNegative,
        "Updates over which the rate rises in equal steps to lr.",
    )
};

/// What is kept for the group: named as in the reference's groups, `ckp1` as in its code.
const NUMBERS: [Number; 3] = [
    Number { name: "weight_sum", initial: 0.0 },
    Number { name: "lr_max", initial: -1.0 },
    Number { name: "ckp1", initial: 0.0 },
];

/// How the mean weighs its members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averaging {
    /// Power of the number of the update.
    pub r: f64,
    /// Power of the largest rate so far.
    pub weight_lr_power: f64,
}

impl Default for Averaging {
    fn default() -> Self {
        Self { r: 0.0, weight_lr_power: 2.0 }
    }
}

impl Averaging {
    pub(super) fn read(settings: &Settings) -> Self {
        let default = Self::default();
        Self {
            r: settings.number(R.name).unwrap_or(default.r),
            weight_lr_power: settings.number(WEIGHT_LR_POWER.name).unwrap_or(default.weight_lr_power),
        }
    }

    pub(super) fn numbers() -> Vec<Number> {
        NUMBERS.to_vec()
    }

    /// Weighs the update that follows on `t` others, at the rate `lr`.
    pub(super) fn advance(self, lr: f64, t: u64, numbers: &mut [f64]) {
        let [weight_sum, lr_max, share] = numbers else { return };
        *lr_max = lr_max.max(lr);
        let weight = ((t + 1) as f64).powf(self.r) * lr_max.powf(self.weight_lr_power);
        *weight_sum += weight;
        *share = if *weight_sum == 0.0 { 0.0 } else { weight / *weight_sum };
    }
}

/// Refuses a beta of 0, from which the mean could not be found again.
pub(super) fn check_beta(settings: &Settings, beta: Field) -> Result<(), Vec<Fault>> {
    let value = settings.group.get(beta);
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(vec![Fault::value(beta.name(), value.to_string(), "a number between 0 and 1, both excluded")])
}

/// The rate after `t` updates of a warmup over `warmup_steps`.
pub(super) fn warmed_up(lr: f64, t: u64, warmup_steps: u64) -> f64 {
    if t < warmup_steps { lr * ((t + 1) as f64 / warmup_steps as f64) } else { lr }
}

/// One update of y and z.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    first: bool,
    /// c of the formula.
    share: f64,
    beta: f64,
    lr: f64,
}

impl Step {
    /// The update that follows on `at`, whose numbers were advanced, at the rate `lr`.
    pub(super) fn new(at: Moment<'_>, beta: Field, lr: f64) -> Self {
        let share = at.numbers.get(2).copied().unwrap_or_default();
        Self { first: at.t == 0, share, beta: at.group.get(beta), lr }
    }

    /// z as it is before this update, given its slot.
    #[expect(clippy::inline_always, reason = "part of formulas")]
    #[inline(always)]
    pub(super) fn take<V: Value>(&self, y: V, direction: V, z: &mut V) -> V {
        let old = if self.first { y } else { *z };
        *z = old - direction.scale(self.lr);
        y.lerp(old, self.share) + direction.scale(self.lr * (self.beta * (1.0 - self.share) - 1.0))
    }

    /// y where `param` is x, and x where it is y.
    #[expect(clippy::inline_always, reason = "part of formulas")]
    #[inline(always)]
    pub(super) fn moved<V: Value>(&self, point: Point, param: V, z: V) -> V {
        match point {
            Point::Evaluate => param.lerp(z, 1.0 - 1.0 / self.beta),
            Point::Train => param.lerp(z, 1.0 - self.beta),
        }
    }

    /// The curvature a at which y and z begin to grow where d = a * y, with c as it is: the update is
    /// then a matrix over (x, z), and one of its eigenvalues is -1 where
    ///
    /// ```text
    /// lr * a = 2 * (2 - c) / ((1 - beta) * (2 - c) + c * beta)
    /// ```
    ///
    /// 2 in the first update, and 2 / (1 - beta) once c has become small.
    pub(super) fn stability_limit(&self) -> f64 {
        let rest = 2.0 - self.share;
        2.0 * rest / ((1.0 - self.beta) * rest + self.share * self.beta) / self.lr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_that_of_all_z_by_their_weights() {
        let averaging = Averaging { r: 1.0, weight_lr_power: 2.0 };
        let mut numbers: Vec<f64> = NUMBERS.iter().map(|number| number.initial).collect();
        let (mut y, mut z, mut weights, mut sum) = (1.0_f64, 0.0, 0.0, 0.0);
        for (t, (lr, direction)) in [(0.1, 2.0), (0.3, -1.0), (0.2, 0.5), (0.2, 3.0)].into_iter().enumerate()
        {
            averaging.advance(lr, t as u64, &mut numbers);
            let step = Step { first: t == 0, share: numbers[2], beta: 0.75, lr };
            y = step.take(y, direction, &mut z);
            let weight = (t + 1) as f64 * numbers[1] * numbers[1];
            (weights, sum) = (weights + weight, sum + weight * z);
            let x = step.moved(Point::Evaluate, y, z);
            assert!((x - sum / weights).abs() < 1e-14, "{x} {}", sum / weights);
            assert!((step.moved(Point::Train, x, z) - y).abs() < 1e-15);
        }
    }

    #[test]
    fn nothing_is_divided_by_a_sum_of_zero() {
        let mut numbers: Vec<f64> = NUMBERS.iter().map(|number| number.initial).collect();
        Averaging::default().advance(0.0, 0, &mut numbers);
        assert_eq!(numbers, [0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_warmup_rises_in_equal_steps() {
        let rates: Vec<f64> = (0..5).map(|t| warmed_up(2.0, t, 4)).collect();
        assert_eq!(rates, [0.5, 1.0, 1.5, 2.0, 2.0]);
        assert_eq!(warmed_up(2.0, 0, 0), 2.0);
    }

    #[test]
    fn steps_grow_above_the_stability_limit_and_shrink_below_it() {
        for (share, beta) in [(1.0, 0.9), (0.5, 0.9), (0.1, 0.9), (0.001, 0.9), (0.01, 0.3), (0.0, 0.5)] {
            let step = Step { first: false, share, beta, lr: 0.1 };
            let reach = |curvature: f64| {
                let (mut y, mut z) = (1.0_f64, 1.0);
                let mut reach = |updates| {
                    (0..updates).fold(0.0_f64, |reach, _| {
                        y = step.take(y, y * curvature, &mut z);
                        reach.max(y.abs())
                    })
                };
                (reach(400), reach(400))
            };
            let limit = step.stability_limit();
            let (early, late) = reach(1.02 * limit);
            assert!(late > early, "c {share}, beta {beta}: above {limit}");
            let (early, late) = reach(0.98 * limit);
            assert!(late < early || share == 0.0, "c {share}, beta {beta}: below {limit}");
        }
    }
}
