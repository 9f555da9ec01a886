//! Adam: each element's step is the mean of its gradients over their root mean square.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   coupled decay
//! p = (1 - lr * weight_decay) * p            instead with decoupled_weight_decay, as AdamW
//! m = m + (1 - beta1) * (g - m)
//! v = beta2 * v + (1 - beta2) * g * g
//! u = v, or max(u, v) with amsgrad
//! p = p - lr / (1 - beta1^k) * m / (sqrt(u) / sqrt(1 - beta2^k) + eps)      k = 1, 2, 3...
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | m, v, u | slots `exp_avg`, `exp_avg_sq`, `max_exp_avg_sq` | loss / p, its square, its square |
//! | lr | learning rate, about the largest step of an element | p |
//! | beta1, beta2 | decay rates of the two means; 1 / (1 - beta) updates are remembered | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `weight_decay` | coupled: loss / p², decoupled: 1 / p | |
//!
//! Papers: Kingma and Ba 2014, "Adam: A Method for Stochastic Optimization", algorithm 1
//! (arXiv 1412.6980); amsgrad: Reddi et al. 2018, "On the Convergence of Adam and Beyond".
//!
//! PyTorch: `torch.optim.Adam`, single-tensor path: eps outside the root and after the correction,
//! amsgrad's maximum over v before the correction. Differences:
//! - a rate, eps or weight decay of NaN is refused; `betas` is spelled `beta1` and `beta2`;
//! - updates are counted in u64, where PyTorch counts in f32 and stops at 16,777,216;
//! - f32 results may differ from PyTorch's in the last bits: its CPU kernels round `a + b * c` once, and here
//!   the numerator is multiplied with sqrt(1 - beta2^k) where there sqrt(u) is divided by it.

use super::{
    Elementwise, Moment, Value,
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY, flag, number},
};
use crate::{
    Field,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// Adam in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "adam",
    pytorch: "Adam",
    module: Module::Torch,
    summary: "steps along the mean gradient, each element divided by its own root mean square",
    formula: "m, v = means of g and g^2 with beta1, beta2; p = p - lr * m / (sqrt(v) + eps), both means corrected",
    source: Source {
        citation: "Kingma and Ba 2014, Adam: A Method for Stochastic Optimization, algorithm 1",
        link: "arXiv:1412.6980",
    },
    params: &[LR, BETA1, BETA2, EPS, WEIGHT_DECAY, DECOUPLED, AMSGRAD, MAXIMIZE],
    build,
};

pub(super) const BETA1: Parameter = Parameter {
    pytorch: Some("betas[0]"),
    ..number("beta1", "0.9", Range::UnitOpen, "Decay rate of the mean of gradients.")
};

pub(super) const BETA2: Parameter = Parameter {
    pytorch: Some("betas[1]"),
    ..number("beta2", "0.999", Range::UnitOpen, "Decay rate of the mean of squared gradients.")
};

pub(super) const EPS: Parameter =
    number("eps", "1e-8", Range::NotNegative, "Added to the denominator to keep it from 0.");

pub(super) const AMSGRAD: Parameter =
    flag("amsgrad", "Divides by the largest root mean square so far instead of the current one.");

pub(super) const DECOUPLED: Parameter = flag(
    "decoupled_weight_decay",
    "Takes lr * weight_decay of the parameter off it, apart from the gradient.",
);

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let decoupled = settings.flag("decoupled_weight_decay");
    let (amsgrad, maximize) = (settings.flag("amsgrad"), settings.flag("maximize"));
    Ok(settings.with(Adam { decoupled, amsgrad, maximize }))
}

/// Adam and `AdamW`. The numbers come from the group; these are the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adam {
    /// Whether weight decay shrinks the parameter itself (`AdamW`) instead of joining the gradient.
    pub decoupled: bool,
    /// Whether the denominator uses the largest mean square so far.
    pub amsgrad: bool,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one Adam update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    beta1: f64,
    beta2: f64,
    /// `lr * root / (1 - beta1^k)` with `root = sqrt(1 - beta2^k)`.
    step_size: f64,
    /// `eps * root`.
    eps: f64,
}

const SLOTS: &[&str] = &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

/// `1 - beta^k`: the share of a mean that starts at 0 which has been filled after `k` updates.
pub(super) fn correction(beta: f64, k: u64) -> f64 {
    1.0 - beta.powf(k as f64)
}

impl Elementwise for Adam {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        if self.amsgrad { SLOTS } else { &SLOTS[..2] }
    }

    fn coefficients(&self, Moment { group, t, .. }: Moment<'_>) -> Coefficients {
        let lr = group.lr();
        let (beta1, beta2) = (group.get(Field::Beta1), group.get(Field::Beta2));
        // m / (sqrt(u) / root + eps) is m * root / (sqrt(u) + eps * root): one division of each element less,
        // and the division is what an update takes longest over.
        let root = correction(beta2, t + 1).sqrt();
        Coefficients {
            decay: if self.decoupled {
                Decay::decoupled(group, self.maximize)
            } else {
                Decay::coupled(group, self.maximize)
            },
            beta1,
            beta2,
            step_size: lr * root / correction(beta1, t + 1),
            eps: group.get(Field::Eps) * root,
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
        if SLOTS == 3 {
            slots[2] = slots[2].max(slots[1]);
        }
        param - slots[0].scale(c.step_size) / slots[SLOTS - 1].sqrt().offset(c.eps)
    }

    /// For P^-1 H with P from [`preconditioner`](Elementwise::preconditioner):
    /// 2(1 + beta1) / ((1 - beta1) lr'), where lr' = lr / (1 - beta1^(t + 1)) holds the correction
    /// of the first mean: the limit starts low and reaches 2(1 + beta1) / ((1 - beta1) lr) once some
    /// 1 / (1 - beta1) updates have been made. It is the limit of a quadratic whose coefficients
    /// stayed as they are at `t`.
    ///
    /// Decoupled decay pulls every step back by lr times decay: 2 becomes 2 - lr * decay. Coupled
    /// decay adds decay / P to the preconditioned Hessian, which is not one number for all
    /// directions, so it is left out: the limit is on P^-1 (H + decay). With maximize it is on -H.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        let corrected = at.group.lr() / correction(c.beta1, at.t + 1);
        (1.0 + c.decay.shrink) * (1.0 + c.beta1) / ((1.0 - c.beta1) * corrected)
    }

    /// P = sqrt(v) / sqrt(1 - beta2^t) + eps, with amsgrad from the maximum: the denominator of the
    /// last update made. Before the first update there is none yet, and `out` becomes NaN.
    fn preconditioner(
        &self,
        Moment { group, t, .. }: Moment<'_>,
        slots: &[Vec<f32>],
        out: &mut [f32],
    ) -> bool {
        let mean_square = &slots[Elementwise::slots(self).len() - 1];
        if t == 0 {
            out.fill(f32::NAN);
            return true;
        }
        let correction2_sqrt = correction(group.get(Field::Beta2), t).sqrt();
        let eps = group.get(Field::Eps);
        for (out, &mean_square) in out.iter_mut().zip(mean_square) {
            *out = mean_square.sqrt().divide(correction2_sqrt).offset(eps);
        }
        true
    }
}
