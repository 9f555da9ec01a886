//! Lion: every element takes a step of the same length, towards the sign of a mean gradient.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! p = (1 - lr * weight_decay) * p            decoupled decay
//! p = p - lr * sign(m + (1 - beta1) * (g - m))
//! m = m + (1 - beta2) * (g - m)
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | m | `exp_avg`, the slot | loss / p |
//! | lr | learning rate, the step of every element whose mean gradient is not 0 | p |
//! | beta1 | share of the old mean in the direction; the rest is the new gradient | 1 |
//! | beta2 | decay rate of the mean; 1 / (1 - beta2) updates are remembered | 1 |
//! | `weight_decay` | decoupled decay | 1 / p |
//!
//! Paper: Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2 (arXiv 2302.06675).
//!
//! PyTorch has none. The reference is `Lion` of `pytorch_optimizer` 4.1.0, one parameter at a time
//! (`foreach=False`). Differences:
//! - the paper's Lion alone: none of that class's further options (`fixed_decay`, coupled decay, `cautious`,
//!   `use_gc`, `adanorm`);
//! - the sign of NaN is NaN, where `torch.sign` makes 0 of it and the parameter would stay as if all were well;
//! - f32 results may differ in the last bits: PyTorch's CPU kernels round `a + b * c` once. Where the mean
//!   that is looked at nearly cancels, its sign may then differ, and the parameter by 2 lr.

use super::{
    Elementwise, Moment, Value,
    adam::{BETA1, BETA2},
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, number},
};
use crate::{
    Field,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// Lion in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "lion",
    pytorch: "Lion",
    module: Module::Lrlab,
    summary: "steps of one length for every element, towards the sign of a mean gradient",
    formula: "p = (1 - lr * weight_decay) * p - lr * sign(beta1 * m + (1 - beta1) * g); m = mean of g with beta2",
    source: Source {
        citation: "Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, algorithm 2",
        link: "arXiv:2302.06675",
    },
    params: &[
        Parameter { default: Some("0.0001"), ..LR },
        Parameter { doc: "Share of the mean of gradients in the direction.", ..BETA1 },
        Parameter { default: Some("0.99"), doc: "Decay rate of the mean of gradients.", ..BETA2 },
        number(
            "weight_decay",
            "0",
            Range::NotNegative,
            "Share of the parameter, times lr, taken off at each update.",
        ),
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let maximize = settings.flag("maximize");
    Ok(settings.with(Lion { maximize }))
}

/// Lion. The numbers come from the group; this is the flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lion {
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one Lion update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    beta1: f64,
    beta2: f64,
    lr: f64,
}

impl Elementwise for Lion {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        &["exp_avg"]
    }

    fn coefficients(&self, Moment { group, .. }: Moment<'_>) -> Coefficients {
        Coefficients {
            decay: Decay::decoupled(group, self.maximize),
            beta1: group.get(Field::Beta1),
            beta2: group.get(Field::Beta2),
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
        let direction = slots[0].lerp(grad, 1.0 - c.beta1).sign();
        slots[0] = slots[0].lerp(grad, 1.0 - c.beta2);
        param - direction.scale(c.lr)
    }

    /// NaN: steps do not shrink with the gradient, so around a minimum they neither grow nor die out.
    fn stability_limit(&self, _at: Moment<'_>) -> f64 {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ParamGroup, optimizer::elementwise::update_slice};

    #[test]
    fn a_gradient_of_any_size_moves_by_the_rate() {
        let group =
            ParamGroup::new("g").with(Field::Lr, 0.25).with(Field::Beta1, 0.9).with(Field::Beta2, 0.5);
        let mut slots = [vec![0.0_f64; 3]];
        let (mut param, at) = ([1.0, 1.0, 1.0], Moment { group: &group, t: 0, numbers: &[] });
        update_slice(&Lion::default(), at, &mut param, &[1e-30, -1e30, 0.0], &mut slots);
        assert_eq!((param, &slots[0][..]), ([0.75, 1.25, 1.0], &[5e-31, -5e29, 0.0][..]));
    }

    #[test]
    fn training_that_blew_up_stays_visible() {
        let group = ParamGroup::new("g").with(Field::Lr, 0.25);
        let (mut param, at) = ([1.0_f32], Moment { group: &group, t: 0, numbers: &[] });
        update_slice(&Lion::default(), at, &mut param, &[f32::NAN], &mut [vec![0.0]]);
        assert!(param[0].is_nan());
    }
}
