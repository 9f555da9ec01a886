//! `RMSprop`: each element divided by the root mean square of its recent gradients.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! g = g + weight_decay * p                   (where weight_decay is not 0)
//! v = alpha * v + (1 - alpha) * g * g
//! m = m + (1 - alpha) * (g - m)              centered
//! P = sqrt(v) + eps, or sqrt(v - m * m) + eps centered
//! b = momentum * b + g / P                   (where momentum is not 0)
//! p = p - lr * g / P, or p - lr * b with momentum
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter | |
//! | g | gradient of the loss | loss / p |
//! | v, b, m | slots `square_avg`, `momentum_buffer`, `grad_avg` | (loss / p)², 1, loss / p |
//! | lr | learning rate, about the step of an element | p |
//! | alpha | decay rate of the means; 1 / (1 - alpha) updates are remembered | 1 |
//! | momentum | share of the last direction kept | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Sources: Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5; centered: Graves
//! 2013, "Generating Sequences With Recurrent Neural Networks", equations 38 to 45 (arXiv 1308.0850), with
//! eps inside the root there.
//!
//! PyTorch: `torch.optim.RMSprop`, single-tensor path: eps outside the root, no correction of the means
//! that start at 0. Differences:
//! - alpha above 1, with which v grows, is refused;
//! - momentum that is written out, even as 0, keeps a buffer, so that a plan can raise it; PyTorch fails then;
//! - the others are those of [`adam`](super::adam).
//!
//! Centered, v - m * m may come out below 0 by rounding once gradients stay the same; the parameter is then
//! NaN, here as in PyTorch.

use super::{
    Elementwise, Moment, Value,
    adam::EPS,
    decay::Decay,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, WEIGHT_DECAY, flag, number},
};
use crate::{
    Field,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
};

/// `RMSprop` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "rmsprop",
    pytorch: "RMSprop",
    module: Module::Torch,
    summary: "divides each element's step by the root mean square of its recent gradients",
    formula: "v = mean of g^2 with alpha; b = momentum * b + g / (sqrt(v) + eps); p = p - lr * b",
    source: Source {
        citation: "Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5",
        link: "https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf",
    },
    params: &[
        Parameter { default: Some("0.01"), ..LR },
        number("alpha", "0.99", Range::Unit, "Decay rate of the mean of squared gradients."),
        EPS,
        WEIGHT_DECAY,
        number(
            "momentum",
            "0",
            Range::NotNegative,
            "Share of the last direction kept. Written out, even as 0, it keeps a buffer, so that a plan can raise it.",
        ),
        flag("centered", "Divides by the standard deviation instead of the root mean square."),
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let buffer = args.contains_key("momentum");
    let (centered, maximize) = (settings.flag("centered"), settings.flag("maximize"));
    Ok(settings.with(RmsProp { buffer, centered, maximize }))
}

/// `RMSprop`. The numbers come from the group; these are the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RmsProp {
    /// Whether a momentum buffer is kept. Without one, the group's momentum must stay 0.
    pub buffer: bool,
    /// Whether the mean is taken off before dividing.
    pub centered: bool,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

/// The numbers of one `RMSprop` update.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    decay: Decay,
    centered: bool,
    alpha: f64,
    eps: f64,
    momentum: f64,
    lr: f64,
}

/// The denominator P from the mean of squares and, centered, the mean.
#[expect(clippy::inline_always, reason = "part of the formula")]
#[inline(always)]
fn denominator<V: Value>(mean_square: V, mean: Option<V>, eps: f64) -> V {
    mean.map_or(mean_square, |mean| mean_square - mean * mean).sqrt().offset(eps)
}

impl Elementwise for RmsProp {
    type Coefficients = Coefficients;

    fn slots(&self) -> &'static [&'static str] {
        match (self.buffer, self.centered) {
            (false, false) => &["square_avg"],
            (true, false) => &["square_avg", "momentum_buffer"],
            (false, true) => &["square_avg", "grad_avg"],
            (true, true) => &["square_avg", "momentum_buffer", "grad_avg"],
        }
    }

    /// # Panics
    ///
    /// When the group has momentum and there is no buffer to keep it in.
    fn coefficients(&self, Moment { group, .. }: Moment<'_>) -> Coefficients {
        let momentum = group.get(Field::Momentum);
        assert!(
            self.buffer || momentum == 0.0,
            "group `{}` has momentum {momentum}, but its RMSprop was built without a momentum buffer",
            group.name
        );
        Coefficients {
            decay: Decay::coupled(group, self.maximize),
            centered: self.centered,
            alpha: group.get(Field::Alpha),
            eps: group.get(Field::Eps),
            momentum,
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
        slots[0] = slots[0].scale(c.alpha) + grad.scale(1.0 - c.alpha) * grad;
        // What is known of SLOTS leaves no branch in the loop that could fail, which would keep it from vectors.
        let mean = if SLOTS > 1 && c.centered {
            slots[SLOTS - 1] = slots[SLOTS - 1].lerp(grad, 1.0 - c.alpha);
            Some(slots[SLOTS - 1])
        } else {
            None
        };
        let denominator = denominator(slots[0], mean, c.eps);
        if SLOTS == 1 || c.momentum == 0.0 {
            return param - grad.scale(c.lr) / denominator;
        }
        slots[1] = slots[1].scale(c.momentum) + grad / denominator;
        param - slots[1].scale(c.lr)
    }

    /// For P^-1 (H + decay) with P from [`preconditioner`](Elementwise::preconditioner): 2(1 + momentum) / lr.
    /// With maximize it is on -H.
    fn stability_limit(&self, Moment { group, .. }: Moment<'_>) -> f64 {
        2.0 * (1.0 + group.get(Field::Momentum)) / group.lr()
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
        let eps = group.get(Field::Eps);
        let means = if self.centered { slots.last() } else { None };
        for (i, (out, &mean_square)) in out.iter_mut().zip(&slots[0]).enumerate() {
            *out = denominator(mean_square, means.map(|means| means[i]), eps);
        }
        true
    }
}
