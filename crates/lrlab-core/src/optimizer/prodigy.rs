//! Prodigy: Adam that estimates its own rate from how far the parameters have come.
//!
//! ```text
//! g = gradient
//! g = g + weight_decay * p                     without decouple
//! b = sqrt(1 - beta2^k) / (1 - beta1^k) with use_bias_correction, else 1       k = 1, 2, 3...
//! r = d * lr * b                               the rate of this update
//! n = beta3 * n + sum of (d / d0) * r * g * (p0 - p)
//! m = beta1 * m + d * (1 - beta1) * g
//! v = beta2 * v + d^2 * (1 - beta2) * g * g
//! s = beta3 * s + (d / d0) * r * g             (d / d0) * d * g with safeguard_warmup
//! e = d_coef * n / (sum of |s|)                both sums are over all parameters of the group
//! d = max(d, e) while d is d0, d_max = max(d_max, e), d = min(d_max, growth_rate * d)
//! p = p - r * weight_decay * p                 with decouple
//! p = p - r * m / (sqrt(v) + d * eps)          d * g for m where beta1 is 0
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p, p0 | parameter, and the slot `p0`: as it was before the first update | |
//! | g | gradient of the loss | loss / p |
//! | d, `d_max` | numbers: estimate of the distance to the solution, the largest so far | p |
//! | d0, `d_coef` | the estimate to begin with, a factor on later ones | p, 1 |
//! | n | number `d_numerator` | p * loss |
//! | s | slot `s`; the sum of its sizes is the number `d_denom` | loss |
//! | m, v | slots `exp_avg`, `exp_avg_sq` | loss, loss² |
//! | lr | factor on the rate, 1 unless a schedule moves it | 1 |
//! | beta1, beta2, beta3 | decay rates of m, of v, of n and s | 1 |
//! | eps | keeps the denominator from 0 | loss / p |
//! | `growth_rate` | most that d may grow by in one update | 1 |
//! | `weight_decay` | decoupled: 1 / p, coupled: loss / p² | |
//!
//! Paper: Mishchenko and Defazio 2023, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", algorithm 4
//! (arXiv 2306.06101).
//!
//! PyTorch has none. The reference is `prodigyopt.Prodigy` 1.1.2. Differences:
//! - each group has an estimate of its own, from its own parameters; the reference has one over all groups;
//! - every element enters the sums (`slice_p=1`), which are in f64; the reference multiplies and sums each
//!   tensor in the tensor's own float;
//! - `d_hat` is not kept, `p0` is stored even where it is all zero, and a rate of 0 is let through: the group
//!   then rests, as a group at rate 0 does there;
//! - there is no program for tensor engines: the update needs sums over all parameters of the group first.

use super::{
    Algorithm, Float, Moment, Number, Slot, StepContext,
    adam::{BETA1, BETA2, EPS},
    registry::{Built, LR, Module, OptimizerEntry, Settings, flag, number},
};
use crate::{
    Field, ParamGroup,
    registry::{Arguments, Parameter, Range, Source},
    spec::Fault,
    vector::{
        self,
        simd::{self, Kernel},
    },
};

/// Prodigy in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "prodigy",
    pytorch: "Prodigy",
    module: Module::Lrlab,
    summary: "Adam at a rate that it estimates from how far the parameters have come; leave lr at 1",
    formula: "d = largest of d_coef * <g, p0 - p> / |s|, weighted sums over time; then Adam's step at the rate d * lr",
    source: Source {
        citation: "Mishchenko and Defazio 2023, Prodigy: An Expeditiously Adaptive Parameter-Free Learner, algorithm 4",
        link: "arXiv:2306.06101",
    },
    params: &[
        Parameter {
            default: Some("1"),
            doc: "Factor on the estimated rate: 1 unless a schedule moves it.",
            ..LR
        },
        BETA1,
        BETA2,
        Parameter {
            default: Some(""),
            ..number(
                "beta3",
                "",
                Range::UnitOpen,
                "Decay rate of the sums that estimate the rate; the square root of beta2 when left out.",
            )
        },
        Parameter { range: Range::Positive, ..EPS },
        number("weight_decay", "0", Range::NotNegative, "Weight decay, decoupled unless told otherwise."),
        Parameter {
            default: Some("true"),
            ..flag("decouple", "Takes weight decay off the parameter instead of adding it to the gradient.")
        },
        flag(
            "use_bias_correction",
            "Corrects the means for their start at 0, which delays the rate a little.",
        ),
        flag("safeguard_warmup", "Leaves lr out of the estimate's denominator, for a warmup of lr."),
        number("d0", "0.000001", Range::Positive, "The first estimate; only its smallness matters."),
        number("d_coef", "1", Range::Positive, "Factor on the estimates: what to tune, if anything."),
        Parameter {
            default: Some(""),
            ..number(
                "growth_rate",
                "",
                Range::AtLeastOne,
                "Most that the estimate may grow by in one update; without a bound when left out.",
            )
        },
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let default = Prodigy::default();
    let prodigy = Prodigy {
        beta3: settings.number("beta3"),
        decouple: settings.flag("decouple"),
        use_bias_correction: settings.flag("use_bias_correction"),
        safeguard_warmup: settings.flag("safeguard_warmup"),
        d0: settings.number("d0").unwrap_or(default.d0),
        d_coef: settings.number("d_coef").unwrap_or(default.d_coef),
        growth_rate: settings.number("growth_rate").unwrap_or(default.growth_rate),
    };
    Ok(settings.with(prodigy))
}

/// Prodigy. Rate, betas, eps and weight decay come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prodigy {
    /// Decay rate of the sums behind the estimate; the square root of beta2 for none.
    pub beta3: Option<f64>,
    /// Whether weight decay shrinks the parameter itself instead of joining the gradient.
    pub decouple: bool,
    /// Whether the means are corrected for their start at 0.
    pub use_bias_correction: bool,
    /// Whether the rate is left out of the estimate's denominator.
    pub safeguard_warmup: bool,
    /// The first estimate.
    pub d0: f64,
    /// A factor on the estimates.
    pub d_coef: f64,
    /// The most that the estimate may grow by in one update; infinite for no bound.
    pub growth_rate: f64,
}

impl Default for Prodigy {
    fn default() -> Self {
        Self {
            beta3: None,
            decouple: true,
            use_bias_correction: false,
            safeguard_warmup: false,
            d0: 1e-6,
            d_coef: 1.0,
            growth_rate: f64::INFINITY,
        }
    }
}

/// The group's numbers by name.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    d: f64,
    d_max: f64,
    d_numerator: f64,
    d_denom: f64,
    /// Updates that moved something: the reference does not count those before the first gradient.
    k: f64,
}

impl Estimate {
    fn read(numbers: &[f64]) -> Self {
        let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
        Self { d: at(0), d_max: at(1), d_numerator: at(2), d_denom: at(3), k: at(4) }
    }

    fn write(self, numbers: &mut [f64]) {
        numbers.copy_from_slice(&[self.d, self.d_max, self.d_numerator, self.d_denom, self.k]);
    }
}

impl Prodigy {
    /// The rate of the update that follows on the estimate.
    fn rate(&self, group: &ParamGroup, estimate: Estimate) -> f64 {
        let correction = if self.use_bias_correction {
            let filled = |beta: Field| 1.0 - group.get(beta).powf(estimate.k + 1.0);
            filled(Field::Beta2).sqrt() / filled(Field::Beta1)
        } else {
            1.0
        };
        estimate.d * group.lr() * correction
    }

    /// The estimate that the gathered sums amount to.
    fn renewed(&self, old: Estimate, beta3: f64, gathered: f64, sizes: f64) -> Estimate {
        let d_numerator = beta3 * old.d_numerator + gathered;
        let found = self.d_coef * d_numerator / sizes;
        let larger = |a: f64, b: f64| if b > a { b } else { a };
        let begun = if old.d == self.d0 { larger(old.d, found) } else { old.d };
        let d_max = larger(old.d_max, found);
        let grown = begun * self.growth_rate;
        let d = if grown < d_max { grown } else { d_max };
        Estimate { d, d_max, d_numerator, d_denom: sizes, k: old.k + 1.0 }
    }
}

/// Position of each slot.
const EXP_AVG: usize = 0;
const EXP_AVG_SQ: usize = 1;
const P0: usize = 3;

impl Algorithm for Prodigy {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        ["exp_avg", "exp_avg_sq", "s", "p0"].map(|name| Slot { name, shape: shape.to_vec() }).to_vec()
    }

    fn numbers(&self) -> Vec<Number> {
        let number = |name, initial| Number { name, initial };
        vec![
            number("d", self.d0),
            number("d_max", self.d0),
            number("d_numerator", 0.0),
            number("d_denom", 0.0),
            number("k", 0.0),
        ]
    }

    fn step<V: Float>(&self, context: &mut dyn StepContext<V>) {
        let group = context.group();
        let estimate = Estimate::read(group.numbers);
        let lr = group.group.lr();
        let (beta1, beta2) = (group.group.get(Field::Beta1), group.group.get(Field::Beta2));
        let eps = group.group.get(Field::Eps);
        let beta3 = self.beta3.unwrap_or_else(|| beta2.sqrt());
        let rate = self.rate(group.group, estimate);
        let d = estimate.d;
        let gained = d / self.d0 * if self.safeguard_warmup { d } else { rate };

        let (mut gathered, mut sizes) = (0.0, 0.0);
        context.for_each(&mut |step| {
            if step.at.t == 0 {
                step.slots[P0].copy_from_slice(step.value);
            }
            if lr == 0.0 {
                return;
            }
            let [exp_avg, exp_avg_sq, s, p0] = step.slots else { return };
            let coupled = if self.decouple { 0.0 } else { step.at.group.get(Field::WeightDecay) };
            let c = Gathering { coupled, beta1, beta2, beta3, d, gained };
            simd::run(Gather { c, value: step.value, grad: step.grad, exp_avg, exp_avg_sq, s });
            let product = |[g, p0, p]: [V; 3]| -> f64 { g.into() * (p0 - p).into() };
            gathered += d / self.d0 * rate * vector::sum_over([&*step.grad, &**p0, &*step.value], product);
            sizes += vector::sum_over([&s[..]], |[s]: [V; 1]| s.into().abs());
        });
        if sizes == 0.0 {
            // There was no gradient yet, or the group rests: there is nothing to estimate from.
            return;
        }
        let estimate = self.renewed(estimate, beta3, gathered, sizes);
        estimate.write(context.group().numbers);

        let (eps, factor) = (estimate.d * eps, if beta1 > 0.0 { -rate } else { -rate * estimate.d });
        context.for_each(&mut |step| {
            let shrink = if self.decouple { -step.at.group.get(Field::WeightDecay) * rate } else { 0.0 };
            let c = Moving { shrink, eps, step: factor };
            let direction = if beta1 > 0.0 { &*step.slots[EXP_AVG] } else { &*step.grad };
            let mean_square = &*step.slots[EXP_AVG_SQ];
            simd::run(Move { c, value: step.value, direction, mean_square });
        });
    }

    /// d * lr, times the correction of the means where there is one: the estimate is that of the last
    /// update, and it is the one that the next takes.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        self.rate(at.group, Estimate::read(at.numbers))
    }

    fn effective_lr_formula(&self) -> &'static str {
        "d * lr, d being the estimate of the distance to go; times a correction of the means where asked for"
    }

    /// That of Adam at the rate r = d * lr * b, for P^-1 H with P from
    /// [`preconditioner`](Algorithm::preconditioner): (2 - r * decay)(1 + beta1) / ((1 - beta1) r). It is the
    /// limit of a quadratic whose d stayed as it is; while d grows, m and v still hold terms of smaller d.
    /// Coupled decay is left out.
    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        let rate = Algorithm::effective_lr(self, at);
        let beta1 = at.group.get(Field::Beta1);
        let shrunk = if self.decouple { rate * at.group.get(Field::WeightDecay) } else { 0.0 };
        (2.0 - shrunk) * (1.0 + beta1) / ((1.0 - beta1) * rate)
    }

    /// P = sqrt(v) / d + eps: the denominator of the last update made, in units of the gradient. Before the
    /// first update there is none yet, and `out` becomes NaN.
    fn preconditioner(&self, at: Moment<'_>, slots: &[Vec<f32>], out: &mut [f32]) -> bool {
        let Estimate { d, k, .. } = Estimate::read(at.numbers);
        if k == 0.0 {
            out.fill(f32::NAN);
            return true;
        }
        let eps = at.group.get(Field::Eps);
        for (out, &mean_square) in out.iter_mut().zip(&slots[EXP_AVG_SQ]) {
            *out = (f64::from(mean_square).sqrt() / d + eps) as f32;
        }
        true
    }
}

/// The numbers of the pass before the estimate.
#[derive(Clone, Copy)]
struct Gathering {
    coupled: f64,
    beta1: f64,
    beta2: f64,
    beta3: f64,
    d: f64,
    /// What a gradient counts in s.
    gained: f64,
}

/// The pass before the estimate: gradients join their means.
struct Gather<'a, V> {
    c: Gathering,
    value: &'a [V],
    grad: &'a mut [V],
    exp_avg: &'a mut [V],
    exp_avg_sq: &'a mut [V],
    s: &'a mut [V],
}

impl<V: Float> Kernel for Gather<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        let Gathering { coupled, beta1, beta2, beta3, d, gained } = self.c;
        let slots = self.exp_avg.iter_mut().zip(self.exp_avg_sq).zip(self.s);
        for ((grad, &param), ((mean, mean_square), s)) in self.grad.iter_mut().zip(self.value).zip(slots) {
            if coupled != 0.0 {
                *grad = *grad + param.scale(coupled);
            }
            *mean = mean.scale(beta1) + grad.scale(d * (1.0 - beta1));
            *mean_square = mean_square.scale(beta2) + grad.scale(d * d * (1.0 - beta2)) * *grad;
            *s = s.scale(beta3) + grad.scale(gained);
        }
    }
}

/// The numbers of the pass after the estimate.
#[derive(Clone, Copy)]
struct Moving {
    /// Share of the parameter added to it; negative.
    shrink: f64,
    eps: f64,
    /// Factor on the direction; negative.
    step: f64,
}

/// The pass after the estimate: parameters move.
struct Move<'a, V> {
    c: Moving,
    value: &'a mut [V],
    direction: &'a [V],
    mean_square: &'a [V],
}

impl<V: Float> Kernel for Move<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        let Moving { shrink, eps, step } = self.c;
        for ((param, direction), mean_square) in
            self.value.iter_mut().zip(self.direction).zip(self.mean_square)
        {
            if shrink != 0.0 {
                *param = *param + param.scale(shrink);
            }
            *param = *param + direction.scale(step) / mean_square.sqrt().offset(eps);
        }
    }
}
