//! Stochastic gradient descent, with heavy-ball or Nesterov momentum.
//!
//! ```text
//! g = gradient                       (-gradient with maximize)
//! g = g + weight_decay * p           (where weight_decay is not 0)
//! b = g                              first update
//! b = momentum * b + (1 - dampening) * g      later ones
//! d = g, or b with momentum, or g + momentum * b with nesterov
//! p = p - lr * d
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | b | `momentum_buffer`, the slot | loss / p |
//! | lr | learning rate | p² / loss |
//! | momentum, dampening | shares of the old buffer kept, of the new gradient dropped | 1 |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Papers: B. Polyak 1964, "Some methods of speeding up the convergence of iteration methods";
//! Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".
//!
//! PyTorch: `torch.optim.SGD`, single-tensor path. Differences:
//! - the default rate is PyTorch's 0.001, and a rate below 0 or NaN is refused (PyTorch lets NaN by);
//! - a group whose momentum is 0 at first and raised later starts from a zero buffer, where PyTorch
//!   starts from the gradient; with no dampening the two are the same;
//! - f32 results may differ from PyTorch's in the last bits: its CPU kernels round `a + b * c` once.

use super::{
    Elementwise, Moment, Value,
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY, flag, number},
};
use crate::{
    Field,
    registry::{Arguments, Range, Source},
    spec::Fault,
};

/// SGD in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "sgd",
    pytorch: "SGD",
    module: Module::Torch,
    summary: "steps against the gradient, with momentum if wanted",
    formula: "b = momentum * b + (1 - dampening) * g; p = p - lr * b",
    source: Source {
        citation: "Polyak 1964; Sutskever et al. 2013, On the importance of initialization and momentum",
        link: "https://proceedings.mlr.press/v28/sutskever13.html",
    },
    params: &[
        LR,
        number(
            "momentum",
            "0",
            Range::NotNegative,
            "Share of the last direction kept. Written out, even as 0, it keeps a buffer, so that a plan can raise it.",
        ),
        number(
            "dampening",
            "0",
            Range::Any,
            "Share of each gradient after the first kept out of the buffer.",
        ),
        flag("nesterov", "Looks ahead along the buffer; needs momentum above 0 and dampening 0."),
        WEIGHT_DECAY,
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let nesterov = settings.flag("nesterov");
    let (momentum, dampening) = (settings.group.get(Field::Momentum), settings.group.get(Field::Dampening));
    if nesterov && (momentum <= 0.0 || dampening != 0.0) {
        return Err(vec![Fault::refused(format!(
            "nesterov needs momentum above 0 and dampening 0, got momentum={momentum} and dampening={dampening}"
        ))]);
    }
    let sgd = Sgd { buffer: args.contains_key("momentum"), nesterov, maximize: settings.flag("maximize") };
    Ok(settings.with(sgd))
}

/// Stochastic gradient descent. The numbers come from the group; these are the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sgd {
    /// Whether a momentum buffer is kept. Without one, the group's momentum must stay 0.
    pub buffer: bool,
    /// Whether the update looks ahead along the buffer.
    pub nesterov: bool,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one SGD update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    nesterov: bool,
    first: bool,
    momentum: f64,
    undamped: f64,
    lr: f64,
}

impl Elementwise for Sgd {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        if self.buffer { &["momentum_buffer"] } else { &[] }
    }

    /// # Panics
    ///
    /// When the group has momentum and there is no buffer to keep it in.
    fn coefficients(&self, Moment { group, t, .. }: Moment<'_>) -> Coefficients {
        let momentum = group.get(Field::Momentum);
        assert!(
            self.buffer || momentum == 0.0,
            "group `{}` has momentum {momentum}, but its SGD was built without a momentum buffer",
            group.name
        );
        Coefficients {
            decay: Decay::coupled(group, self.maximize),
            nesterov: self.nesterov,
            first: t == 0,
            momentum,
            undamped: 1.0 - group.get(Field::Dampening),
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
        let direction = match slots.first_mut() {
            Some(buffer) if c.momentum != 0.0 => {
                *buffer = if c.first { grad } else { buffer.scale(c.momentum) + grad.scale(c.undamped) };
                if c.nesterov { grad + buffer.scale(c.momentum) } else { *buffer }
            }
            _ => grad,
        };
        param - direction.scale(c.lr)
    }

    /// With β = momentum and d = dampening: 2(1 + β) / ((1 - d) lr), and with nesterov
    /// 2(1 + β) / ((1 + 2β) lr); 2 / lr without momentum. Coupled weight decay adds itself to every
    /// eigenvalue of the Hessian, so it is taken off. With maximize, the limit is on -H.
    fn stability_limit(&self, Moment { group, .. }: Moment<'_>) -> f64 {
        let momentum = group.get(Field::Momentum);
        let gain = if momentum == 0.0 {
            1.0
        } else if self.nesterov {
            1.0 + 2.0 * momentum
        } else {
            1.0 - group.get(Field::Dampening)
        };
        2.0 * (1.0 + momentum) / (gain * group.lr()) - group.get(Field::WeightDecay)
    }
}
