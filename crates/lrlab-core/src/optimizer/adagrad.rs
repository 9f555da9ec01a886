//! Adagrad: each element divided by the root of the sum of all its squared gradients.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   (where weight_decay is not 0)
//! s = s + g * g                              s = initial_accumulator_value at first
//! p = p - lr / (1 + t * lr_decay) * g / (sqrt(s) + eps)                     t = 0, 1, 2...
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | s | slot `sum` | (loss / p)² |
//! | lr | learning rate, the first step of an element | p |
//! | `lr_decay` | share of the rate lost by the second update | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Paper: Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods for Online Learning and
//! Stochastic Optimization", figure 1 with a diagonal matrix.
//!
//! PyTorch: `torch.optim.Adagrad`, single-tensor path. Differences:
//! - each group has its own `initial_accumulator_value`, where PyTorch gives that of the constructor to all;
//! - the slot is 0 until the first update puts the initial value there, where PyTorch does so at construction;
//! - gradients are dense; the others are those of [`adam`](super::adam).

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

/// Adagrad in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "adagrad",
    pytorch: "Adagrad",
    module: Module::Torch,
    summary: "divides each element's step by the root of the sum of its squared gradients",
    formula: "s = s + g^2; p = p - lr / (1 + t * lr_decay) * g / (sqrt(s) + eps)",
    source: Source {
        citation: "Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods for Online Learning, figure 1",
        link: "https://jmlr.org/papers/v12/duchi11a.html",
    },
    params: &[
        Parameter { default: Some("0.01"), ..LR },
        number(
            "lr_decay",
            "0",
            Range::NotNegative,
            "Divides the rate by 1 + t * lr_decay, beside what a schedule does.",
        ),
        WEIGHT_DECAY,
        number(
            "initial_accumulator_value",
            "0",
            Range::NotNegative,
            "The sum of squares before the first gradient.",
        ),
        Parameter { default: Some("1e-10"), ..EPS },
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let number = |name: &str| settings.number(name).unwrap_or(f64::NAN);
    let (lr_decay, initial) = (number("lr_decay"), number("initial_accumulator_value"));
    let maximize = settings.flag("maximize");
    Ok(settings.with(Adagrad { lr_decay, initial, maximize }))
}

/// Adagrad. The other numbers come from the group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Adagrad {
    /// Divides the rate by `1 + t * lr_decay`.
    pub lr_decay: f64,
    /// The sum of squares before the first gradient, (loss / p)².
    pub initial: f64,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one Adagrad update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    /// What the sum begins with, in the first update.
    initial: Option<f64>,
    eps: f64,
    lr: f64,
}

impl Elementwise for Adagrad {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn coefficients(&self, at: Moment<'_>) -> Coefficients {
        Coefficients {
            decay: Decay::coupled(at.group, self.maximize),
            initial: (at.t == 0 && self.initial != 0.0).then_some(self.initial),
            eps: at.group.get(Field::Eps),
            lr: Elementwise::effective_lr(self, at),
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
        let sum = c.initial.map_or(slots[0], |initial| slots[0].replaced_by(initial));
        slots[0] = sum + grad * grad;
        param - grad.scale(c.lr) / slots[0].sqrt().offset(c.eps)
    }

    /// lr / (1 + t * `lr_decay`). That s grows belongs to the direction.
    fn effective_lr(&self, Moment { group, t, .. }: Moment<'_>) -> f64 {
        group.lr() / (1.0 + t as f64 * self.lr_decay)
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr / (1 + t * lr_decay)"
    }

    /// For P^-1 (H + decay) with P from [`preconditioner`](Elementwise::preconditioner): 2 / lr', lr' the rate
    /// after its decay. With maximize it is on -H.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        2.0 / Elementwise::effective_lr(self, at)
    }

    /// P = sqrt(s) + eps, what the last update divided by. Before the first there is none, and `out`
    /// becomes NaN.
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
        let eps = group.get(Field::Eps);
        for (out, sum) in out.iter_mut().zip(&slots[0]) {
            *out = sum.sqrt().offset(eps);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ParamGroup, optimizer::elementwise::update_slice};

    #[test]
    fn steps_shrink_as_squares_add_up() {
        let group = ParamGroup::new("g").with(Field::Lr, 1.0);
        let adagrad = Adagrad { initial: 16.0, ..Adagrad::default() };
        let (mut param, mut slots) = ([10.0_f64], [vec![0.0]]);
        let at = |t| Moment { group: &group, t, numbers: &[] };
        update_slice(&adagrad, at(0), &mut param, &[3.0], &mut slots);
        assert_eq!((param, slots[0][0]), ([10.0 - 3.0 / 5.0], 25.0));
        update_slice(&adagrad, at(1), &mut param, &[12.0], &mut slots);
        assert_eq!((param, slots[0][0]), ([10.0 - 3.0 / 5.0 - 12.0 / 13.0], 169.0));
    }
}
