//! Schedule-Free SGD: plain steps, and a mean of where they led in the place of a schedule.
//!
//! ```text
//! lr = lr * min(1, (k + 1) / warmup_steps)     k updates made
//! d = gradient at y, + weight_decay * y        then y and z as in schedule_free
//! ```
//!
//! The update of y and z, their symbols, the paper and the reference stand in
//! [`schedule_free`]; beta is `momentum` there.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | d | direction | loss / p |
//! | lr | learning rate | p² / loss |
//! | `warmup_steps` | updates over which the rate rises | 1 |
//! | `weight_decay` | curvature of a quadratic penalty on y | loss / p² |
//!
//! PyTorch has none. The reference is `schedulefree.SGDScheduleFree` 1.4.1.

use super::{
    Elementwise, Moment, Number, Point, Value,
    registry::{Built, LR, Module, OptimizerEntry, Settings, number},
    schedule_free::{self, Averaging, R, Step, WARMUP_STEPS, WEIGHT_LR_POWER},
};
use crate::{
    Field, ParamGroup,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// Schedule-Free SGD in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "schedule-free-sgd",
    pytorch: "SGDScheduleFree",
    module: Module::Lrlab,
    summary: "SGD whose running mean is evaluated, instead of a schedule that ends at 0",
    formula: "z = z - lr * g(y); x = mean of all z; y = (1 - momentum) * z + momentum * x",
    source: Source {
        citation: "Defazio et al. 2024, The Road Less Scheduled, algorithm 1",
        link: "arXiv:2405.15682",
    },
    params: &[
        Parameter { default: Some("1"), ..LR },
        number(
            "momentum",
            "0.9",
            Range::UnitOpen,
            "How near to the mean gradients are taken: 0 is at the last step, 1 at the mean.",
        ),
        number("weight_decay", "0", Range::NotNegative, "Share of the parameter added to its gradient."),
        WARMUP_STEPS,
        R,
        WEIGHT_LR_POWER,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    schedule_free::check_beta(&settings, Field::Momentum)?;
    let warmup_steps = settings.number(WARMUP_STEPS.name).unwrap_or_default() as u64;
    let averaging = Averaging::read(&settings);
    Ok(settings.with(ScheduleFreeSgd { warmup_steps, averaging }))
}

/// Schedule-Free SGD. Rate, momentum and weight decay come from the group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScheduleFreeSgd {
    /// Updates over which the rate rises.
    pub warmup_steps: u64,
    /// How the mean weighs its members.
    pub averaging: Averaging,
}

/// The numbers of one update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    weight_decay: f64,
    step: Step,
}

impl Elementwise for ScheduleFreeSgd {
    type Coefficients = Coefficients;

    const EVALUATES_ELSEWHERE: bool = true;

    fn slots(&self) -> &'static [&'static str] {
        &["z"]
    }

    fn numbers(&self) -> Vec<Number> {
        Averaging::numbers()
    }

    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        self.averaging.advance(schedule_free::warmed_up(group.lr(), t, self.warmup_steps), t, numbers);
    }

    fn coefficients(&self, at: Moment<'_>) -> Coefficients {
        let step = Step::new(at, Field::Momentum, Elementwise::effective_lr(self, at));
        Coefficients { weight_decay: at.group.get(Field::WeightDecay), step }
    }

    #[expect(clippy::inline_always, reason = "the formula must be compiled into each instruction set's loop")]
    #[inline(always)]
    fn update<V: Value, const SLOTS: usize>(
        c: &Coefficients,
        param: V,
        grad: V,
        slots: &mut [V; SLOTS],
    ) -> V {
        let grad = if c.weight_decay == 0.0 { grad } else { grad + param.scale(c.weight_decay) };
        c.step.take(param, grad, &mut slots[0])
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

    /// Of the Hessian at y, with the share c of the mean as it is: `2(2 - c) / ((1 - β)(2 - c) + cβ) / lr`
    /// with β = momentum, which is 2 / lr at first and goes to 2 / ((1 - β) lr). Weight decay adds itself
    /// to every eigenvalue, so it is taken off.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        c.step.stability_limit() - c.weight_decay
    }
}
