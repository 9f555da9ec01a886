//! Schedule-Free AdamW: steps over their root mean square, and a mean of where they led in the place of a
//! schedule.
//!
//! ```text
//! lr = lr * min(1, (k + 1) / warmup_steps)     k updates made
//! v = beta2 * v + (1 - beta2) * g * g          g the gradient at y
//! d = g / (sqrt(v / (1 - beta2^(k + 1))) + eps)
//! d = d + weight_decay * y                     then y and z as in schedule_free
//! ```
//!
//! The update of y and z, their symbols, the paper and the reference stand in
//! [`schedule_free`]; beta is `beta1` there. There is no mean of gradients: y takes
//! its part.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | d | direction | 1 |
//! | v | `exp_avg_sq`, a slot | (loss / p)² |
//! | lr | learning rate, about the largest step of an element of z | p |
//! | beta2 | decay rate of the mean of squares | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `warmup_steps` | updates over which the rate rises | 1 |
//! | `weight_decay` | decay of y, times lr | 1 / p |
//!
//! PyTorch has none. The reference is `schedulefree.AdamWScheduleFree` 1.4.1.

use super::{
    Elementwise, Moment, Number, Point, Value,
    adam::{BETA1, BETA2, EPS, correction},
    registry::{Built, LR, Module, OptimizerEntry, Settings, number},
    schedule_free::{self, Averaging, R, Step, WARMUP_STEPS, WEIGHT_LR_POWER},
};
use crate::{
    Field, ParamGroup,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// Schedule-Free `AdamW` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "schedule-free-adamw",
    pytorch: "AdamWScheduleFree",
    module: Module::Lrlab,
    summary: "AdamW whose running mean is evaluated, instead of a schedule that ends at 0",
    formula: "z = z - lr * (g(y) / (sqrt(v) + eps) + weight_decay * y); x = mean of all z; y = (1 - beta1) * z + beta1 * x",
    source: Source {
        citation: "Defazio et al. 2024, The Road Less Scheduled, algorithm 1",
        link: "arXiv:2405.15682",
    },
    params: &[
        Parameter { default: Some("0.0025"), ..LR },
        SCHEDULE_FREE_BETA1,
        BETA2,
        EPS,
        DECAY_AT_Y,
        WARMUP_STEPS,
        R,
        WEIGHT_LR_POWER,
    ],
    build,
};

pub(super) const SCHEDULE_FREE_BETA1: Parameter = Parameter {
    doc: "How near to the mean gradients are taken: 0 is at the last step, 1 at the mean.",
    ..BETA1
};

pub(super) const DECAY_AT_Y: Parameter = number(
    "weight_decay",
    "0",
    Range::NotNegative,
    "Share of the parameter, where gradients are taken, added to its direction.",
);

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    schedule_free::check_beta(&settings, Field::Beta1)?;
    let warmup_steps = settings.number(WARMUP_STEPS.name).unwrap_or_default() as u64;
    let averaging = Averaging::read(&settings);
    Ok(settings.with(ScheduleFreeAdamW { warmup_steps, averaging }))
}

/// Schedule-Free `AdamW`. Rate, betas, eps and weight decay come from the group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScheduleFreeAdamW {
    /// Updates over which the rate rises.
    pub warmup_steps: u64,
    /// How the mean weighs its members.
    pub averaging: Averaging,
}

/// The numbers of one update: of [`ScheduleFreeAdamW`] and of `ScheduleFreeRAdam`.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    pub(super) beta2: f64,
    pub(super) eps: f64,
    /// `sqrt(1 - beta2^k)`, or `None` where the gradient is not divided by its root mean square.
    pub(super) root: Option<f64>,
    pub(super) weight_decay: f64,
    pub(super) step: Step,
}

/// The formula of the file, with a plain gradient where `c` says so.
#[expect(clippy::inline_always, reason = "the formula must be compiled into each instruction set's loop")]
#[inline(always)]
pub(super) fn update<V: Value>(c: &Coefficients, param: V, grad: V, slots: &mut [V]) -> V {
    slots[1] = slots[1].scale(c.beta2) + grad.scale(1.0 - c.beta2) * grad;
    let direction = match c.root {
        // One division of each element less than g / (sqrt(v / root^2) + eps).
        Some(root) => grad.scale(root) / slots[1].sqrt().offset(c.eps * root),
        None => grad,
    };
    let direction = if c.weight_decay == 0.0 { direction } else { direction + param.scale(c.weight_decay) };
    c.step.take(param, direction, &mut slots[0])
}

pub(super) const SLOTS: &[&str] = &["z", "exp_avg_sq"];

impl Elementwise for ScheduleFreeAdamW {
    type Coefficients = Coefficients;

    const EVALUATES_ELSEWHERE: bool = true;

    fn slots(&self) -> &'static [&'static str] {
        SLOTS
    }

    fn numbers(&self) -> Vec<Number> {
        Averaging::numbers()
    }

    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        self.averaging.advance(schedule_free::warmed_up(group.lr(), t, self.warmup_steps), t, numbers);
    }

    fn coefficients(&self, at: Moment<'_>) -> Coefficients {
        let Moment { group, t, .. } = at;
        let beta2 = group.get(Field::Beta2);
        Coefficients {
            beta2,
            eps: group.get(Field::Eps),
            root: Some(correction(beta2, t + 1).sqrt()),
            weight_decay: group.get(Field::WeightDecay),
            step: Step::new(at, Field::Beta1, Elementwise::effective_lr(self, at)),
        }
    }

    #[expect(clippy::inline_always, reason = "the formula must be compiled into each instruction set's loop")]
    #[inline(always)]
    fn update<V: Value, const SLOTS: usize>(
        c: &Coefficients,
        param: V,
        grad: V,
        slots: &mut [V; SLOTS],
    ) -> V {
        update(c, param, grad, slots)
    }

    fn moved<V: Value, const SLOTS: usize>(
        c: &Coefficients,
        point: Point,
        param: V,
        slots: &[V; SLOTS],
    ) -> V {
        c.step.moved(point, param, slots[0])
    }

    /// The rate with its warmup.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        schedule_free::warmed_up(at.group.lr(), at.t, self.warmup_steps)
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr, and lr * (t + 1) / warmup_steps while t < warmup_steps"
    }

    /// For P^-1 H at y, with P from [`preconditioner`](Elementwise::preconditioner) and the share c of the
    /// mean as they are: `2(2 - c) / ((1 - β)(2 - c) + cβ) / lr` with β = beta1, which is 2 / lr at first
    /// and goes to 2 / ((1 - β) lr). Weight decay adds itself to every eigenvalue of P^-1 H, so it is taken
    /// off.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        c.step.stability_limit() - c.weight_decay
    }

    /// P = sqrt(v / (1 - beta2^t)) + eps: the denominator of the last update made. Before the first update
    /// there is none yet, and `out` becomes NaN.
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let Some(last) = at.t.checked_sub(1) else {
            out.fill(f32::NAN);
            return true;
        };
        write_denominators(&self.coefficients(Moment { t: last, ..at }), slots, out)
    }
}

/// What the update of `c` divided by; whether it did.
pub(super) fn write_denominators(c: &Coefficients, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
    let Some(root) = c.root else {
        return false;
    };
    for (out, &mean_square) in out.iter_mut().zip(&slots[1]) {
        *out = mean_square.sqrt().divide(root).offset(c.eps);
    }
    true
}
