//! Adamax: Adam with the largest recent gradient in the place of the root mean square.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   (where weight_decay is not 0)
//! m = m + (1 - beta1) * (g - m)
//! u = max(beta2 * u, |g| + eps)
//! p = p - lr / (1 - beta1^k) * m / u         k = 1, 2, 3...
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | m, u | slots `exp_avg`, `exp_inf` | loss / p |
//! | lr | learning rate, about the largest step of an element | p |
//! | beta1, beta2 | decay rates of the mean and of the largest size | 1 |
//! | eps | keeps u from 0 | loss / p |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Paper: Kingma and Ba 2014, "Adam: A Method for Stochastic Optimization", algorithm 2
//! (arXiv 1412.6980), which has no eps.
//!
//! PyTorch: `torch.optim.Adamax`, single-tensor path. Differences: those of [`adam`](super::adam).

use super::{
    Elementwise, Moment, Value,
    adam::{BETA1, BETA2, EPS, correction},
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY},
};
use crate::{
    Field,
    registry::{Arguments, Parameter, Source},
    spec::Fault,
};

/// Adamax in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "adamax",
    pytorch: "Adamax",
    module: Module::Torch,
    summary: "Adam with the largest recent gradient in the place of the root mean square",
    formula: "m = mean of g with beta1; u = max(beta2 * u, |g| + eps); p = p - lr * m / u, the mean corrected",
    source: Source {
        citation: "Kingma and Ba 2014, Adam: A Method for Stochastic Optimization, algorithm 2",
        link: "arXiv:1412.6980",
    },
    params: &[
        Parameter { default: Some("0.002"), ..LR },
        BETA1,
        Parameter { doc: "Decay rate of the largest gradient so far.", ..BETA2 },
        Parameter { doc: "Added to each gradient's size to keep the denominator from 0.", ..EPS },
        WEIGHT_DECAY,
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let maximize = settings.flag("maximize");
    Ok(settings.with(Adamax { maximize }))
}

/// Adamax. The numbers come from the group; this is the flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adamax {
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one Adamax update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    beta1: f64,
    beta2: f64,
    eps: f64,
    step_size: f64,
}

impl Elementwise for Adamax {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_inf"]
    }

    fn coefficients(&self, Moment { group, t, .. }: Moment<'_>) -> Coefficients {
        let beta1 = group.get(Field::Beta1);
        Coefficients {
            decay: Decay::coupled(group, self.maximize),
            beta1,
            beta2: group.get(Field::Beta2),
            eps: group.get(Field::Eps),
            step_size: group.lr() / correction(beta1, t + 1),
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
        slots[1] = slots[1].scale(c.beta2).max(grad.abs().offset(c.eps));
        param - slots[0].scale(c.step_size) / slots[1]
    }

    /// As for [`Adam`](super::Adam): 2(1 + beta1) / ((1 - beta1) lr'), lr' = lr / (1 - beta1^(t + 1)), for
    /// P^-1 (H + decay) with P from [`preconditioner`](Elementwise::preconditioner).
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let c = self.coefficients(at);
        2.0 * (1.0 + c.beta1) / ((1.0 - c.beta1) * c.step_size)
    }

    /// P = u, what the last update divided by. Before the first there is none, and `out` becomes NaN.
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        if at.t == 0 {
            out.fill(f32::NAN);
        } else {
            out.copy_from_slice(&slots[1]);
        }
        true
    }
}
