//! Rprop: every element has a step size of its own, and only the signs of gradients count.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! s = lr                                     first update
//! s = eta_plus * s                           where g * h > 0: the sign stayed
//! s = eta_minus * s, and g = 0               where g * h < 0: it turned
//! s = min(max(s, step_size_min), step_size_max)
//! h = g
//! p = p - sign(g) * s
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | h, s | slots `prev`, `step_size` | loss / p, p |
//! | lr | learning rate: every element's first step | p |
//! | `eta_minus`, `eta_plus` | factors of the step size after a turn and without one | 1 |
//! | `step_size_min`, `step_size_max` | bounds of the step size | p |
//!
//! Papers: Riedmiller and Braun 1993, "A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP
//! Algorithm"; in the form without going back after a turn of Igel and Hüsken 2000, "Improving the Rprop
//! Learning Algorithm" (iRprop-).
//!
//! It is made for full batches: on noisy gradients signs turn at random and all step sizes shrink.
//!
//! PyTorch: `torch.optim.Rprop`, single-tensor path. `etas` is spelled `eta_minus` and `eta_plus`, `step_sizes`
//! `step_size_min` and `step_size_max`. As there, the rate is only looked at in the first update: a schedule
//! changes nothing later. Differences:
//! - a gradient that is no number makes the parameter NaN, as does an infinite one after one of 0; PyTorch
//!   takes such signs for 0 and goes on;
//! - step sizes out of order are refused, where PyTorch's upper one wins.

use super::{
    Elementwise, Moment, Value,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, number},
};
use crate::{
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// Rprop in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "rprop",
    pytorch: "Rprop",
    module: Module::Torch,
    summary: "grows and shrinks a step size for each element by the signs of its gradients; for full batches",
    formula: "s = eta_plus * s while the sign of g stays, eta_minus * s and g = 0 when it turns; p = p - sign(g) * s",
    source: Source {
        citation: "Riedmiller and Braun 1993, The RPROP Algorithm; Igel and Hüsken 2000 (iRprop-)",
        link: "doi:10.1109/ICNN.1993.298623",
    },
    params: &[
        Parameter {
            default: Some("0.01"),
            doc: "First step size of every element. Later it is not looked at, so a schedule changes nothing.",
            ..LR
        },
        Parameter {
            pytorch: Some("etas[0]"),
            ..number("eta_minus", "0.5", Range::UnitOpen, "Factor of a step size after a turn; above 0.")
        },
        Parameter {
            pytorch: Some("etas[1]"),
            ..number("eta_plus", "1.2", Range::AtLeastOne, "Factor of a step size without a turn; above 1.")
        },
        Parameter {
            pytorch: Some("step_sizes[0]"),
            ..number("step_size_min", "1e-6", Range::NotNegative, "Smallest step size.")
        },
        Parameter {
            pytorch: Some("step_sizes[1]"),
            ..number("step_size_max", "50", Range::Positive, "Largest step size.")
        },
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let number = |name: &str| settings.number(name).unwrap_or(f64::NAN);
    let rprop = Rprop {
        eta_minus: number("eta_minus"),
        eta_plus: number("eta_plus"),
        step_size_min: number("step_size_min"),
        step_size_max: number("step_size_max"),
        maximize: settings.flag("maximize"),
    };
    let mut faults = Vec::new();
    if rprop.eta_minus == 0.0 {
        faults.push(Fault::value("eta_minus", "0", "a number above 0, below 1"));
    }
    if rprop.eta_plus == 1.0 {
        faults.push(Fault::value("eta_plus", "1", "a number above 1"));
    }
    if rprop.step_size_min > rprop.step_size_max {
        faults.push(Fault::refused(format!(
            "step_size_min must not be above step_size_max, got {} and {}",
            rprop.step_size_min, rprop.step_size_max
        )));
    }
    if faults.is_empty() { Ok(settings.with(rprop)) } else { Err(faults) }
}

/// Rprop. Only the first step size comes from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rprop {
    /// Factor of a step size after a turn, 0 < `eta_minus` < 1.
    pub eta_minus: f64,
    /// Factor of a step size without one, above 1.
    pub eta_plus: f64,
    /// Smallest step size, 0 or more.
    pub step_size_min: f64,
    /// Largest step size, no less than the smallest.
    pub step_size_max: f64,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one Rprop update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    rprop: Rprop,
    /// The step size to begin with, in the first update.
    initial: Option<f64>,
}

impl Elementwise for Rprop {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["prev", "step_size"]
    }

    fn coefficients(&self, Moment { group, t, .. }: Moment<'_>) -> Coefficients {
        Coefficients { rprop: *self, initial: (t == 0).then(|| group.lr()) }
    }

    #[expect(clippy::inline_always, reason = "the formula must be compiled into each instruction set's loop")]
    #[inline(always)]
    fn update<V: Value, const SLOTS: usize>(
        Coefficients { rprop, initial }: &Coefficients,
        param: V,
        grad: V,
        slots: &mut [V; SLOTS],
    ) -> V {
        let grad = if rprop.maximize { -grad } else { grad };
        let size = initial.map_or(slots[1], |lr| slots[1].replaced_by(lr));
        // Below 0 after a turn, above 0 without one.
        let agreement = grad * slots[0];
        let unturned = (-agreement).if_negative(size.scale(rprop.eta_plus), size);
        let size = agreement.if_negative(size.scale(rprop.eta_minus), unturned);
        slots[1] = size.at_least(rprop.step_size_min).at_most(rprop.step_size_max);
        slots[0] = agreement.if_negative(grad.replaced_by(0.0), grad);
        param - slots[0].sign() * slots[1]
    }

    /// The first step's size, lr within its bounds; then NaN, since each element has a rate of its own.
    fn effective_lr(&self, Moment { group, t, .. }: Moment<'_>) -> f64 {
        if t == 0 { group.lr().at_least(self.step_size_min).at_most(self.step_size_max) } else { f64::NAN }
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr within the step sizes in the first update; later each element has its own"
    }

    /// NaN: steps do not shrink with the gradient, but halve themselves when it turns.
    fn stability_limit(&self, _at: Moment<'_>) -> f64 {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, ParamGroup, optimizer::elementwise::update_slice};

    fn steps(grads: &[f64]) -> Vec<f64> {
        let group = ParamGroup::new("g").with(Field::Lr, 1.0);
        let rprop =
            Rprop { eta_minus: 0.5, eta_plus: 2.0, step_size_min: 0.25, step_size_max: 4.0, maximize: false };
        let (mut param, mut slots) = ([0.0], [vec![0.0], vec![0.0]]);
        let mut step = |(t, grad): (usize, &f64)| {
            let before = param[0];
            let at = Moment { group: &group, t: t as u64, numbers: &[] };
            update_slice(&rprop, at, &mut param, &[*grad], &mut slots);
            param[0] - before
        };
        grads.iter().enumerate().map(&mut step).collect()
    }

    #[test]
    fn sizes_follow_the_signs_within_their_bounds() {
        assert_eq!(steps(&[3.0, 0.1, 9.0, 1.0]), [-1.0, -2.0, -4.0, -4.0]);
        // After a turn it waits for one update, and then starts anew.
        assert_eq!(steps(&[3.0, -1.0, -1.0, -1.0, 1.0]), [-1.0, 0.0, 0.5, 1.0, 0.0]);
    }

    #[test]
    fn training_that_blew_up_stays_visible() {
        assert!(steps(&[1.0, f64::NAN])[1].is_nan());
    }
}
