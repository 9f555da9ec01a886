//! ASGD: gradient descent with a decay of its own, and the average of its parameters beside them.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   (where weight_decay is not 0)
//! p = (1 - lambd * eta) * p - eta * g
//! a = p                                      while mu = 1
//! a = a + mu * (p - a)                       from then on
//! eta = lr / (1 + lambd * lr * k)^alpha      of the next update; lr at first         k = 1, 2, 3...
//! mu = 1 / max(1, k - t0)                    of the next update; 1 at first
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | a | slot `ax`, the mean of p after the first `t0` updates | p |
//! | eta | the group's number: the rate that acts | p² / loss |
//! | mu | weight of the newest p in the mean | 1 |
//! | lr | learning rate that eta starts from | p² / loss |
//! | lambd | decay of p, and how fast eta falls | loss / p² |
//! | alpha | power of eta's fall | 1 |
//! | t0 | updates before averaging starts | updates |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Papers: Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"; eta and mu as in
//! Xu 2011, "Towards Optimal One Pass Large Scale Learning with Averaged Stochastic Gradient Descent"
//! (arXiv 1107.2490), section 4.
//!
//! PyTorch: `torch.optim.ASGD`, single-tensor path. As there, eta is worked out at the end of an update for the
//! next one, so that a schedule acts one update late; eta and mu are rounded to f32, as PyTorch keeps them
//! unless its default type is f64; and what is trained and evaluated is p, the mean is kept beside it.
//! Differences:
//! - eta belongs to the group, where PyTorch keeps one for each parameter, which differ only for parameters that
//!   had no gradient at times;
//! - `acting_eta` holds the eta of the last update made, so that a log can tell it;
//! - a negative t0 is refused; the others are those of [`adam`](super::adam).

use super::{
    Elementwise, Moment, Number, Value,
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY, number},
};
use crate::{
    Field, ParamGroup,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// ASGD in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "asgd",
    pytorch: "ASGD",
    module: Module::Torch,
    summary: "gradient descent at a rate that falls by itself, with the mean of its parameters kept beside them",
    formula: "p = (1 - lambd * eta) * p - eta * g; eta = lr / (1 + lambd * lr * t)^alpha; ax = mean of p after t0 updates",
    source: Source {
        citation: "Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging; Xu 2011, section 4",
        link: "doi:10.1137/0330046",
    },
    params: &[
        Parameter { default: Some("0.01"), ..LR },
        number("lambd", "1e-4", Range::NotNegative, "Decay of the parameters, and how fast the rate falls."),
        number("alpha", "0.75", Range::NotNegative, "Power of the rate's fall."),
        number("t0", "1e6", Range::NotNegative, "Updates before the mean of the parameters is taken."),
        WEIGHT_DECAY,
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let number = |name: &str| settings.number(name).unwrap_or(f64::NAN);
    let asgd = Asgd { lambd: number("lambd"), t0: number("t0"), maximize: settings.flag("maximize") };
    Ok(settings.with(asgd))
}

/// ASGD. The other numbers come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asgd {
    /// Decay of the parameters, and how fast the rate falls, loss / p².
    pub lambd: f64,
    /// Updates before the mean of the parameters is taken.
    pub t0: f64,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// Where the group keeps the rate of the next update, and that of the last one made.
const NEXT: usize = 0;
const ACTING: usize = 1;

/// The numbers of one ASGD update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    /// What the parameter is multiplied with.
    shrink: f64,
    eta: f64,
    mu: f64,
}

/// What PyTorch keeps of a number.
fn rounded(value: f64) -> f64 {
    f64::from(value as f32)
}

impl Elementwise for Asgd {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["ax"]
    }

    fn numbers(&self) -> Vec<Number> {
        vec![Number { name: "eta", initial: 0.0 }, Number { name: "acting_eta", initial: 0.0 }]
    }

    fn advance(&self, group: &ParamGroup, t: u64, numbers: &mut [f64]) {
        let lr = group.lr();
        numbers[ACTING] = if t == 0 { rounded(lr) } else { numbers[NEXT] };
        let fall = 1.0 + self.lambd * lr * (t + 1) as f64;
        numbers[NEXT] = rounded(lr / fall.powf(group.get(Field::Alpha)));
    }

    fn coefficients(&self, Moment { group, t, numbers }: Moment<'_>) -> Coefficients {
        let eta = numbers[ACTING];
        Coefficients {
            decay: Decay::coupled(group, self.maximize),
            shrink: 1.0 - self.lambd * eta,
            eta,
            mu: rounded(1.0 / (t as f64 - self.t0).max(1.0)),
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
        let param = param.scale(c.shrink) - grad.scale(c.eta);
        slots[0] = if c.mu == 1.0 { param } else { slots[0] + (param - slots[0]).scale(c.mu) };
        param
    }

    /// eta of the update: the group's rate of the update before, after its fall.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        at.numbers[ACTING]
    }

    fn effective_lr_formula(&self) -> &'static str {
        "eta, worked out from the rate of the update before"
    }

    /// 2 / eta; lambd and coupled decay add themselves to every eigenvalue of the Hessian, so they are
    /// taken off. With maximize, the limit is on -H.
    fn stability_limit(&self, Moment { group, numbers, .. }: Moment<'_>) -> f64 {
        2.0 / numbers[ACTING] - self.lambd - group.get(Field::WeightDecay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_acts_one_update_late() {
        let asgd = Asgd { lambd: 0.5, t0: 1e6, maximize: false };
        let mut numbers = [0.0; 2];
        let group = |lr: f64| ParamGroup::new("g").with(Field::Lr, lr).with(Field::Alpha, 1.0);
        let mut acting = |lr, t| {
            Elementwise::advance(&asgd, &group(lr), t, &mut numbers);
            numbers[ACTING]
        };
        assert_eq!(acting(1.0, 0), 1.0);
        assert_eq!(acting(2.0, 1), rounded(1.0 / 1.5));
        assert_eq!(acting(2.0, 2), rounded(2.0 / 3.0));
    }
}
