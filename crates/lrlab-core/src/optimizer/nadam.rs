//! `NAdam`: Adam that looks ahead, with a momentum that grows while it trains.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   coupled decay
//! p = (1 - lr * weight_decay) * p            instead with decoupled_weight_decay
//! m = m + (1 - beta1) * (g - m)
//! v = beta2 * v + (1 - beta2) * g * g
//! mu(k) = beta1 * (1 - 0.96^(k * momentum_decay) / 2)                       k = 1, 2, 3...
//! M = mu(1) * ... * mu(k)
//! P = sqrt(v / (1 - beta2^k)) + eps
//! p = p - lr * (1 - mu(k)) / (1 - M) * g / P
//! p = p - lr * mu(k + 1) / (1 - M * mu(k + 1)) * m / P
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | m, v | slots `exp_avg`, `exp_avg_sq` | loss / p, its square |
//! | M | `mu_product`, the group's number, 1 at first | 1 |
//! | lr | learning rate, about the largest step of an element | p |
//! | beta1, beta2 | decay rates of the two means | 1 |
//! | `momentum_decay` | how fast mu goes from beta1 / 2 to beta1: half of the way in 17 / `momentum_decay` updates | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `weight_decay` | coupled: loss / p², decoupled: 1 / p | |
//!
//! Paper: Dozat 2016, "Incorporating Nesterov Momentum into Adam", algorithm 2; mu is Sutskever's with
//! the paper's 0.96 and 1/250 as `momentum_decay`.
//!
//! PyTorch: `torch.optim.NAdam`, single-tensor path. M is rounded to f32 after each update, as PyTorch keeps it
//! unless its default type is f64. Differences: those of [`adam`](super::adam); M belongs to the group, where
//! PyTorch keeps one for each parameter, which differ only for parameters that had no gradient at times.

use super::{
    Elementwise, Moment, Number, Value,
    adam::{BETA1, BETA2, DECOUPLED, EPS, correction},
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY, number},
};
use crate::{
    Field, ParamGroup,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// `NAdam` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "nadam",
    pytorch: "NAdam",
    module: Module::Torch,
    summary: "Adam that looks ahead along its mean gradient",
    formula: "as adam, with p = p - lr * ((1 - mu) * g + mu' * m) / (sqrt(v) + eps); mu grows from beta1 / 2 to beta1",
    source: Source {
        citation: "Dozat 2016, Incorporating Nesterov Momentum into Adam, algorithm 2",
        link: "https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ",
    },
    params: &[
        Parameter { default: Some("0.002"), ..LR },
        BETA1,
        BETA2,
        EPS,
        WEIGHT_DECAY,
        number(
            "momentum_decay",
            "0.004",
            Range::NotNegative,
            "How fast the momentum grows to beta1: half of the way in 17 / momentum_decay updates.",
        ),
        DECOUPLED,
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let momentum_decay = settings.number("momentum_decay").unwrap_or(f64::NAN);
    let (decoupled, maximize) = (settings.flag("decoupled_weight_decay"), settings.flag("maximize"));
    Ok(settings.with(NAdam { momentum_decay, decoupled, maximize }))
}

/// `NAdam`. The other numbers come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// How fast the momentum grows; 0 keeps it at half of beta1.
    pub momentum_decay: f64,
    /// Whether weight decay shrinks the parameter itself instead of joining the gradient.
    pub decoupled: bool,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one `NAdam` update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    beta1: f64,
    beta2: f64,
    eps: f64,
    correction2: f64,
    gradient_step: f64,
    mean_step: f64,
}

impl NAdam {
    /// mu of update `k`, from 1.
    fn momentum(&self, group: &ParamGroup, k: u64) -> f64 {
        group.get(Field::Beta1) * (1.0 - 0.5 * 0.96_f64.powf(k as f64 * self.momentum_decay))
    }
}

/// The denominator P of an update.
#[expect(clippy::inline_always, reason = "part of the formula")]
#[inline(always)]
fn denominator<V: Value>(mean_square: V, correction2: f64, eps: f64) -> V {
    mean_square.divide(correction2).sqrt().offset(eps)
}

impl Elementwise for NAdam {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn numbers(&self) -> Vec<Number> {
        vec![Number { name: "mu_product", initial: 1.0 }]
    }

    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        numbers[0] = f64::from(numbers[0] as f32 * self.momentum(group, t + 1) as f32);
    }

    fn coefficients(&self, Moment { group, t, numbers }: Moment<'_>) -> Coefficients {
        let lr = group.lr();
        let (mu, next) = (self.momentum(group, t + 1), self.momentum(group, t + 2));
        let beta2 = group.get(Field::Beta2);
        Coefficients {
            decay: if self.decoupled {
                Decay::decoupled(group, self.maximize)
            } else {
                Decay::coupled(group, self.maximize)
            },
            beta1: group.get(Field::Beta1),
            beta2,
            eps: group.get(Field::Eps),
            correction2: correction(beta2, t + 1),
            gradient_step: lr * (1.0 - mu) / (1.0 - numbers[0]),
            mean_step: lr * next / (1.0 - numbers[0] * next),
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
        let denominator = denominator(slots[1], c.correction2, c.eps);
        let param = param - grad.scale(c.gradient_step) / denominator;
        param - slots[0].scale(c.mean_step) / denominator
    }

    /// lr * (1 - mu(k) + mu(k + 1)): the shares of gradient and mean in the direction, a little above 1 together.
    fn effective_lr(&self, Moment { group, t, .. }: Moment<'_>) -> f64 {
        group.lr() * (1.0 - self.momentum(group, t + 1) + self.momentum(group, t + 2))
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr * (1 - mu + mu'), a little above lr"
    }

    /// For P^-1 H with P from [`preconditioner`](Elementwise::preconditioner): with a and b the steps by
    /// gradient and mean, 2(1 + beta1) / (a (1 + beta1) + b (1 - beta1)), from the characteristic
    /// polynomial of a quadratic whose coefficients stayed as they are at `t`.
    ///
    /// Weight decay counts as for [`Adam`](super::Adam). With maximize the limit is on -H.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        let gain = c.gradient_step * (1.0 + c.beta1) + c.mean_step * (1.0 - c.beta1);
        (1.0 + c.decay.shrink) * (1.0 + c.beta1) / gain
    }

    /// P of the last update made. Before the first there is none yet, and `out` becomes NaN.
    fn preconditioner(
        &self,
        Moment { group, t, .. }: Moment<'_>,
        slots: &[Vec<f32>],
        out: &mut [f32],
    ) -> bool {
        if t == 0 {
            out.fill(f32::NAN);
            return true;
        }
        let correction2 = correction(group.get(Field::Beta2), t);
        let eps = group.get(Field::Eps);
        for (out, &mean_square) in out.iter_mut().zip(&slots[1]) {
            *out = denominator(mean_square, correction2, eps);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_kept_in_f32_as_in_pytorch() {
        let group = ParamGroup::new("g").with(Field::Beta1, 0.9);
        let nadam = NAdam { momentum_decay: 0.004, decoupled: false, maximize: false };
        let mut numbers = [1.0];
        for t in 0..3 {
            Elementwise::advance(&nadam, &group, t, &mut numbers);
            assert_eq!(numbers[0].to_bits(), f64::from(numbers[0] as f32).to_bits());
        }
        assert!((numbers[0] - 0.45_f64.powi(3)).abs() < 1e-3, "{}", numbers[0]);
    }

    #[test]
    fn momentum_grows_from_half_of_beta1_to_beta1() {
        let group = ParamGroup::new("g").with(Field::Beta1, 0.9);
        let nadam = NAdam { momentum_decay: 0.004, decoupled: false, maximize: false };
        assert!((nadam.momentum(&group, 17 * 250) - 0.9 * 0.75).abs() < 1e-3);
        assert!((nadam.momentum(&group, 1_000_000) - 0.9).abs() < 1e-12);
    }
}
