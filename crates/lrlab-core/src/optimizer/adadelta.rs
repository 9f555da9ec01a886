//! Adadelta: steps in the parameter's own unit, from the sizes of the steps made so far.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   (where weight_decay is not 0)
//! v = rho * v + (1 - rho) * g * g
//! d = sqrt(a + eps) / sqrt(v + eps) * g
//! a = rho * a + (1 - rho) * d * d
//! p = p - lr * d
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | v, a | slots `square_avg`, `acc_delta` | (loss / p)², p² |
//! | d | the step before the rate | p |
//! | lr | learning rate; the paper has none, which is 1 | 1 |
//! | rho | decay rate of both means of squares | 1 |
//! | eps | keeps the denominator from 0, and starts a | (loss / p)² and p² |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Paper: Zeiler 2012, "ADADELTA: An Adaptive Learning Rate Method", algorithm 1 (arXiv 1212.5701).
//!
//! PyTorch: `torch.optim.Adadelta`, single-tensor path. Differences: those of [`adam`](super::adam).

use super::{
    Elementwise, Moment, Value,
    adam::EPS,
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY, number},
};
use crate::{
    Field,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// Adadelta in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "adadelta",
    pytorch: "Adadelta",
    module: Module::Torch,
    summary: "takes the size of its steps from those of the steps made so far",
    formula: "v, a = means of g^2 and d^2 with rho; d = sqrt(a + eps) / sqrt(v + eps) * g; p = p - lr * d",
    source: Source {
        citation: "Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method, algorithm 1",
        link: "arXiv:1212.5701",
    },
    params: &[
        Parameter { default: Some("1"), ..LR },
        number("rho", "0.9", Range::Unit, "Decay rate of the means of squared gradients and steps."),
        Parameter {
            default: Some("1e-6"),
            doc: "Added to both means of squares; the first steps are about its root.",
            ..EPS
        },
        WEIGHT_DECAY,
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let maximize = settings.flag("maximize");
    Ok(settings.with(Adadelta { maximize }))
}

/// Adadelta. The numbers come from the group; this is the flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adadelta {
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one Adadelta update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    rho: f64,
    eps: f64,
    lr: f64,
}

impl Elementwise for Adadelta {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["square_avg", "acc_delta"]
    }

    fn coefficients(&self, Moment { group, .. }: Moment<'_>) -> Coefficients {
        Coefficients {
            decay: Decay::coupled(group, self.maximize),
            rho: group.get(Field::Rho),
            eps: group.get(Field::Eps),
            lr: group.lr(),
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
        slots[0] = slots[0].scale(c.rho) + grad.scale(1.0 - c.rho) * grad;
        let step = slots[1].offset(c.eps).sqrt() / slots[0].offset(c.eps).sqrt() * grad;
        slots[1] = slots[1].scale(c.rho) + step.scale(1.0 - c.rho) * step;
        param - step.scale(c.lr)
    }

    /// NaN: sqrt(a) follows the steps, so what would be too long a step changes the next one's length.
    /// There is no theory of a fixed limit, nor a P that steps could be held against.
    fn stability_limit(&self, _at: Moment<'_>) -> f64 {
        f64::NAN
    }
}
