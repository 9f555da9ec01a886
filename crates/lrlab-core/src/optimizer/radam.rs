//! `RAdam`: Adam that does not divide by its root mean square before that is known well enough.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   coupled decay
//! p = (1 - lr * weight_decay) * p            instead with decoupled_weight_decay
//! m = m + (1 - beta1) * (g - m)
//! v = beta2 * v + (1 - beta2) * g * g
//! R = 2 / (1 - beta2) - 1
//! r = R - 2 * k * beta2^k / (1 - beta2^k)                                   k = 1, 2, 3...
//! p = p - lr * m / (1 - beta1^k)                                            while r <= 5
//! p = p - lr * rect * m / (1 - beta1^k) * sqrt(1 - beta2^k) / (sqrt(v) + eps)      from then on
//! rect = sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r))
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | m, v | slots `exp_avg`, `exp_avg_sq` | loss / p, its square |
//! | r, R | length of the mean of squares as a simple mean, now and in the end | updates |
//! | rect | share of the rate that a variance this uncertain allows | 1 |
//! | lr | learning rate: p² / loss while r <= 5, then p | |
//! | beta1, beta2 | decay rates of the two means | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `weight_decay` | coupled: loss / p², decoupled: 1 / p | |
//!
//! Paper: Liu et al. 2019, "On the Variance of the Adaptive Learning Rate and Beyond", algorithm 2
//! (arXiv 1908.03265), with 5 for the paper's 4.
//!
//! PyTorch: `torch.optim.RAdam`, single-tensor path. Differences: those of [`adam`](super::adam).

use super::{
    Elementwise, Moment, Value,
    adam::{BETA1, BETA2, DECOUPLED, EPS, correction},
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY},
};
use crate::{
    Field,
    registry::{Arguments, Source},
    spec::Fault,
};

/// `RAdam` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "radam",
    pytorch: "RAdam",
    module: Module::Torch,
    summary: "Adam with a warmup of its own, as long as its mean of squares is uncertain",
    formula: "m, v as adam; p = p - lr * m at first, then p = p - lr * rect * m / (sqrt(v) + eps); rect grows to 1",
    source: Source {
        citation: "Liu et al. 2019, On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2",
        link: "arXiv:1908.03265",
    },
    params: &[LR, BETA1, BETA2, EPS, WEIGHT_DECAY, DECOUPLED, MAXIMIZE],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let (decoupled, maximize) = (settings.flag("decoupled_weight_decay"), settings.flag("maximize"));
    Ok(settings.with(RAdam { decoupled, maximize }))
}

/// `RAdam`. The numbers come from the group; these are the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RAdam {
    /// Whether weight decay shrinks the parameter itself instead of joining the gradient.
    pub decoupled: bool,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one `RAdam` update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    beta1: f64,
    beta2: f64,
    eps: f64,
    lr: f64,
    correction1: f64,
    correction2_sqrt: f64,
    /// `None` while the update does not divide.
    rectification: Option<f64>,
}

/// rho of updates without end: how many gradients the mean of squares remembers at most.
pub(super) fn longest_average(beta2: f64) -> f64 {
    2.0 / (1.0 - beta2) - 1.0
}

/// rect: the share of the rate in update `k`, from 1; `None` where rho is not above `trusted`, and the
/// update does not divide by the root mean square.
pub(super) fn rectification(beta2: f64, k: u64, trusted: f64) -> Option<f64> {
    let k = k as f64;
    let power = beta2.powf(k);
    let last = longest_average(beta2);
    let now = last - 2.0 * k * power / (1.0 - power);
    let share = || ((now - 4.0) * (now - 2.0) * last / ((last - 4.0) * (last - 2.0) * now)).sqrt();
    (now > trusted).then(share)
}

/// rho above which the mean of squares is divided by.
const TRUSTED: f64 = 5.0;

impl Elementwise for RAdam {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn coefficients(&self, Moment { group, t, .. }: Moment<'_>) -> Coefficients {
        let lr = group.lr();
        let (beta1, beta2) = (group.get(Field::Beta1), group.get(Field::Beta2));
        Coefficients {
            decay: if self.decoupled {
                Decay::decoupled(group, self.maximize)
            } else {
                Decay::coupled(group, self.maximize)
            },
            beta1,
            beta2,
            eps: group.get(Field::Eps),
            lr,
            correction1: correction(beta1, t + 1),
            correction2_sqrt: correction(beta2, t + 1).sqrt(),
            rectification: rectification(beta2, t + 1, TRUSTED),
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
        let (param, grad) = c.decay.apply(param, grad);
        slots[0] = slots[0].lerp(grad, 1.0 - c.beta1);
        slots[1] = slots[1].scale(c.beta2) + grad.scale(1.0 - c.beta2) * grad;
        let step = slots[0].divide(c.correction1).scale(c.lr);
        match c.rectification {
            Some(share) => {
                // PyTorch multiplies by the reciprocal.
                let inverse = slots[1].replaced_by(1.0) / slots[1].sqrt().offset(c.eps);
                param - (step * inverse.scale(c.correction2_sqrt)).scale(share)
            }
            None => param - step,
        }
    }

    /// lr * rect, and lr itself while the update does not divide.
    fn effective_lr(&self, Moment { group, t, .. }: Moment<'_>) -> f64 {
        group.lr() * rectification(group.get(Field::Beta2), t + 1, TRUSTED).unwrap_or(1.0)
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr * rect, and lr while it does not divide"
    }

    /// As for [`Adam`](super::Adam), with lr * rect for lr: for P^-1 H with P from
    /// [`preconditioner`](Elementwise::preconditioner), which is 1 while the update does not divide.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        let step = c.lr * c.rectification.unwrap_or(1.0) / c.correction1;
        (1.0 + c.decay.shrink) * (1.0 + c.beta1) / ((1.0 - c.beta1) * step)
    }

    /// P = (sqrt(v) + eps) / sqrt(1 - beta2^t) of the last update made, where the coming one divides by
    /// such a P; else P = 1.
    fn preconditioner(
        &self,
        Moment { group, t, .. }: Moment<'_>,
        slots: &[Vec<f32>],
        out: &mut [f32],
    ) -> bool {
        let beta2 = group.get(Field::Beta2);
        if rectification(beta2, t + 1, TRUSTED).is_none() {
            return false;
        }
        let correction2_sqrt = correction(beta2, t).sqrt();
        let eps = group.get(Field::Eps);
        for (out, &mean_square) in out.iter_mut().zip(&slots[1]) {
            *out = mean_square.sqrt().offset(eps).divide(correction2_sqrt);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_divides_from_the_sixth_update_on_and_trusts_it_more_and_more() {
        let shares: Vec<_> = (1..=7).map(|k| rectification(0.999, k, TRUSTED)).collect();
        assert!(shares[..5].iter().all(Option::is_none), "{shares:?}");
        assert!(shares[5] < shares[6] && shares[6] < Some(0.1), "{shares:?}");
        assert!(rectification(0.999, 100_000, TRUSTED).is_some_and(|share| share > 0.999));
        // So short a mean never says enough.
        assert_eq!(rectification(0.6, 100_000, TRUSTED), None);
    }
}
