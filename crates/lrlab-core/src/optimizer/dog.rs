//! `DoG`: gradient descent whose rate is the distance travelled over the root of all squared gradients.
//!
//! ```text
//! g = gradient, + weight_decay * p
//! r = reps_rel * (1 + |p0|)                    first update
//! r = max(r, |p - p0|)                         later ones
//! G = eps + sum over all updates of |g|^2      norms are over all parameters of the group
//! p = p - lr * r / sqrt(G) * g                 init_eta for r / sqrt(G) in the first update, if given
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p, p0 | parameter, and the slot `init_buffer`: as it was before the first update | |
//! | g | gradient of the loss | loss / p |
//! | r | number `rbar`: the farthest from p0 so far | p |
//! | G | number `G`: all squared gradients so far | (loss / p)² |
//! | r / sqrt(G) | number `eta` | p² / loss |
//! | lr | factor on the rate, 1 unless a schedule moves it | 1 |
//! | `reps_rel` | length of the first step, as a share of 1 + \|p0\| | 1 |
//! | eps | keeps G from 0 | (loss / p)² |
//! | `weight_decay` | curvature of a quadratic penalty on p | loss / p² |
//!
//! Paper: Ivgi, Hinder and Carmon 2023, "`DoG` is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
//! equations (1) and (2) (arXiv 2302.12022). Its authors evaluate a mean of the iterates: give the strategy one.
//!
//! PyTorch has none. The reference is `DoG` of the package `dog-optimizer` 1.0.3. Differences:
//! - norms are summed in f64, and `rbar`, `G` and `eta` are f64; the reference holds them in the parameters' own
//!   float;
//! - `init_eta` is multiplied by lr like every other eta, where the reference takes it as it is; it needs no
//!   `reps_rel`, which it replaces here as there;
//! - an eps of 0 is refused, where the reference stops at the first gradient that is all zero;
//! - `LDoG`, a rate for each tensor, is left out: give each tensor a group of its own;
//! - there is no program for tensor engines: the update needs norms over all parameters of the group first.

use super::{
    Algorithm, Float, Moment, Number, Slot, StepContext,
    registry::{Built, LR, Module, OptimizerEntry, Settings, number},
};
use crate::{
    Field,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
    vector::{
        self,
        simd::{self, Kernel},
    },
};

/// `DoG` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "dog",
    pytorch: "DoG",
    module: Module::Lrlab,
    summary: "gradient descent at a rate that it measures: distance travelled over root of all squared gradients",
    formula: "r = max(r, |p - p0|); G = G + |g|^2; p = p - lr * r / sqrt(G) * g",
    source: Source {
        citation: "Ivgi, Hinder and Carmon 2023, DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
        link: "arXiv:2302.12022",
    },
    params: &[
        Parameter {
            default: Some("1"),
            doc: "Factor on the measured rate: 1 unless a schedule moves it.",
            ..LR
        },
        number(
            "reps_rel",
            "0.000001",
            Range::Positive,
            "Length of the first step, as a share of 1 + the norm of all parameters.",
        ),
        number("eps", "1e-8", Range::Positive, "Added to the sum of squared gradients to keep it from 0."),
        number("weight_decay", "0", Range::NotNegative, "Share of the parameter added to its gradient."),
        Parameter {
            default: Some(""),
            ..number(
                "init_eta",
                "",
                Range::Positive,
                "Rate of the first update; what reps_rel comes to when left out.",
            )
        },
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let init_eta = settings.number("init_eta");
    let reps_rel = settings.number("reps_rel").unwrap_or(DoG::default().reps_rel);
    Ok(settings.with(DoG { reps_rel, init_eta }))
}

/// `DoG`. Rate, eps and weight decay come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoG {
    /// Length of the first step, as a share of 1 + the norm of all parameters.
    pub reps_rel: f64,
    /// The rate of the first update, in the place of what `reps_rel` comes to.
    pub init_eta: Option<f64>,
}

impl Default for DoG {
    fn default() -> Self {
        Self { reps_rel: 1e-6, init_eta: None }
    }
}

impl Algorithm for DoG {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        vec![Slot { name: "init_buffer", shape: shape.to_vec() }]
    }

    fn numbers(&self) -> Vec<Number> {
        ["rbar", "G", "eta"].map(|name| Number { name, initial: 0.0 }).to_vec()
    }

    fn step<V: Float>(&self, context: &mut dyn StepContext<V>) {
        let group = context.group();
        let first = group.t == 0;
        let (lr, eps) = (group.group.lr(), group.group.get(Field::Eps));

        let (mut distance, mut squares) = (0.0, 0.0);
        context.for_each(&mut |step| {
            let start = &mut step.slots[0];
            if step.at.t == 0 {
                start.copy_from_slice(step.value);
            }
            let weight_decay = step.at.group.get(Field::WeightDecay);
            if weight_decay != 0.0 {
                simd::run(AddScaled { to: step.grad, of: step.value, factor: weight_decay });
            }
            distance += if first {
                vector::norm_squared(step.value)
            } else {
                vector::sum_over([&step.value[..], &start[..]], |[p, start]: [V; 2]| {
                    let apart: f64 = (p - start).into();
                    apart * apart
                })
            };
            squares += vector::norm_squared(step.grad);
        });

        let numbers = context.group().numbers;
        let [farthest, sum, eta] = numbers else { return };
        let distance = distance.sqrt();
        if first {
            *farthest = if self.init_eta.is_some() { 0.0 } else { self.reps_rel * (1.0 + distance) };
            *sum = eps + squares;
        } else {
            *farthest = farthest.max(distance);
            *sum += squares;
        }
        *eta = match self.init_eta {
            Some(init_eta) if first => init_eta,
            _ => *farthest / sum.sqrt(),
        };
        let rate = lr * *eta;
        context.for_each(&mut |step| simd::run(AddScaled { to: step.value, of: step.grad, factor: -rate }));
    }

    /// lr * eta, with eta as the last update measured it. Before the first update there is none, which is
    /// NaN, unless `init_eta` tells.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        let eta = match at.numbers {
            _ if at.t == 0 => self.init_eta.unwrap_or(f64::NAN),
            [.., eta] => *eta,
            [] => f64::NAN,
        };
        at.group.lr() * eta
    }

    fn effective_lr_formula(&self) -> &'static str {
        "lr * eta, the largest distance from the start over the root of the summed squares of gradients"
    }

    /// That of gradient descent at the rate of the last update: 2 / (lr * eta). Weight decay adds itself to
    /// every eigenvalue of the Hessian, so it is taken off. Steps that grow raise both r and G, so `DoG` finds
    /// its way back from above the limit.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        2.0 / Algorithm::effective_lr(self, at) - at.group.get(Field::WeightDecay)
    }
}

/// Adds a multiple of one slice to another.
struct AddScaled<'a, V> {
    to: &'a mut [V],
    of: &'a [V],
    factor: f64,
}

impl<V: Float> Kernel for AddScaled<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        for (to, of) in self.to.iter_mut().zip(self.of) {
            *to = *to + of.scale(self.factor);
        }
    }
}
