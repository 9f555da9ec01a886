//! Schedule-Free `RAdam`: Schedule-Free `AdamW` whose warmup follows from how well its root mean square is known.
//!
//! ```text
//! rho_inf = 2 / (1 - beta2) - 1
//! rho = rho_inf - 2 * k * beta2^k / (1 - beta2^k)       k = 1, 2, 3...
//! rect = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))      where rho > 4
//! lr = lr * rect, then Schedule-Free AdamW's update
//! ```
//!
//! While rho is 4 or less (four updates for beta2 = 0.999), the gradient is not divided by anything. With
//! `silent_sgd_phase` rect is 0 meanwhile, so that only v is gathered; without it rect is 1.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | rho | how many independent gradients v amounts to, about | 1 |
//! | rect | share of the rate that is trusted | 1 |
//!
//! The other symbols stand in [`schedule_free_adamw`], the update of y and z in
//! [`schedule_free`].
//!
//! Papers: Defazio et al. 2024, "The Road Less Scheduled" (arXiv 2405.15682); Liu et al. 2019, "On the Variance
//! of the Adaptive Learning Rate and Beyond", algorithm 2 (arXiv 1908.03265), whose rho must exceed 4 as here,
//! where `torch.optim.RAdam` asks for 5.
//!
//! PyTorch has none. The reference is `schedulefree.RAdamScheduleFree` 1.4.1. Difference: a beta2 of 0.6 or
//! less with `silent_sgd_phase` is refused, since rho would stay below 4 and nothing would ever move.

use super::{
    Elementwise, Moment, Number, Point, Value,
    adam::{BETA2, EPS, correction},
    radam::{self, longest_average},
    registry::{Built, LR, Module, OptimizerEntry, Settings, flag},
    schedule_free::{self, Averaging, R, Step, WEIGHT_LR_POWER},
    schedule_free_adamw::{self, Coefficients, DECAY_AT_Y, SCHEDULE_FREE_BETA1, SLOTS},
};
use crate::{
    Field, ParamGroup,
    registry::{Arguments, Parameter, Source},
    spec::Fault,
};

/// Schedule-Free `RAdam` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "schedule-free-radam",
    pytorch: "RAdamScheduleFree",
    module: Module::Lrlab,
    summary: "Schedule-Free AdamW that needs no warmup: its rate rises as its mean of squares fills",
    formula: "Schedule-Free AdamW with lr * rect, rect rising to 1 with the count of updates",
    source: Source {
        citation: "Defazio et al. 2024, The Road Less Scheduled; Liu et al. 2019, On the Variance of the Adaptive Learning Rate, algorithm 2",
        link: "arXiv:2405.15682",
    },
    params: &[
        Parameter { default: Some("0.0025"), ..LR },
        SCHEDULE_FREE_BETA1,
        BETA2,
        EPS,
        DECAY_AT_Y,
        R,
        WEIGHT_LR_POWER,
        Parameter {
            default: Some("true"),
            ..flag(
                "silent_sgd_phase",
                "Moves nothing while the mean of squares is not worth dividing by, instead of plain steps.",
            )
        },
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    schedule_free::check_beta(&settings, Field::Beta1)?;
    let silent_sgd_phase = settings.flag("silent_sgd_phase");
    let beta2 = settings.group.get(Field::Beta2);
    if silent_sgd_phase && longest_average(beta2) <= TRUSTED {
        return Err(vec![Fault::refused(format!(
            "with beta2={beta2} the mean of squares is never worth dividing by, and silent_sgd_phase would \
             move nothing; write beta2 above 0.6, or silent_sgd_phase=false"
        ))]);
    }
    let averaging = Averaging::read(&settings);
    Ok(settings.with(ScheduleFreeRAdam { silent_sgd_phase, averaging }))
}

/// rho above which the mean of squares is divided by.
const TRUSTED: f64 = 4.0;

/// rect of update number `k`, from 1, or `None` where the mean of squares is not divided by.
fn rectification(beta2: f64, k: u64) -> Option<f64> {
    radam::rectification(beta2, k, TRUSTED)
}

/// Schedule-Free `RAdam`. Rate, betas, eps and weight decay come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeRAdam {
    /// Whether nothing moves while the mean of squares is not worth dividing by.
    pub silent_sgd_phase: bool,
    /// How the mean weighs its members.
    pub averaging: Averaging,
}

impl Default for ScheduleFreeRAdam {
    fn default() -> Self {
        Self { silent_sgd_phase: true, averaging: Averaging::default() }
    }
}

impl ScheduleFreeRAdam {
    fn rate(&self, group: &ParamGroup, t: u64) -> f64 {
        let plain = if self.silent_sgd_phase { 0.0 } else { 1.0 };
        group.lr() * rectification(group.get(Field::Beta2), t + 1).unwrap_or(plain)
    }
}

impl Elementwise for ScheduleFreeRAdam {
    type Coefficients = Coefficients;

    const EVALUATES_ELSEWHERE: bool = true;

    fn slots(&self) -> &'static [&'static str] {
        SLOTS
    }

    fn numbers(&self) -> Vec<Number> {
        Averaging::numbers()
    }

    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        self.averaging.advance(self.rate(group, t), t, numbers);
    }

    fn coefficients(&self, at: Moment<'_>) -> Coefficients {
        let Moment { group, t, .. } = at;
        let beta2 = group.get(Field::Beta2);
        let divides = rectification(beta2, t + 1).is_some();
        Coefficients {
            beta2,
            eps: group.get(Field::Eps),
            root: divides.then(|| correction(beta2, t + 1).sqrt()),
            weight_decay: group.get(Field::WeightDecay),
            step: Step::new(at, Field::Beta1, self.rate(group, t)),
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
        schedule_free_adamw::update(c, param, grad, slots)
    }

    fn moved<V: Value, const SLOTS: usize>(
        c: &Coefficients,
        point: Point,
        param: V,
        slots: &[V; SLOTS],
    ) -> V {
        c.step.moved(point, param, slots[0])
    }

    /// The rate times rect.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        self.rate(at.group, at.t)
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr * rect, and lr or 0 while it does not divide"
    }

    /// That of Schedule-Free AdamW with the rate times rect; while the mean of squares is not divided by, it
    /// is on H itself. Infinite while nothing moves.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        c.step.stability_limit() - c.weight_decay
    }

    /// P = sqrt(v / (1 - beta2^t)) + eps: the denominator of the last update made, or P = 1 where that
    /// divided by nothing. Before the first update there is none yet, and `out` becomes NaN.
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let Some(last) = at.t.checked_sub(1) else {
            out.fill(f32::NAN);
            return true;
        };
        schedule_free_adamw::write_denominators(&self.coefficients(Moment { t: last, ..at }), slots, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_its_full_size() {
        assert_eq!(rectification(0.999, 4), None);
        let early = rectification(0.999, 6).unwrap();
        assert!(early > 0.0 && early < 0.05, "{early}");
        assert!((rectification(0.999, 20_000).unwrap() - 1.0).abs() < 1e-6);
        assert_eq!(rectification(0.6, 1_000_000), None);
    }
}
