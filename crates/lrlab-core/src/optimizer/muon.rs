//! Muon: a matrix moves by its momentum with all singular values made about equal.
//!
//! ```text
//! B = B + (1 - momentum) * (G - B)
//! M = B, or G + momentum * (B - G) with nesterov
//! X = M / max(|M|, eps)                       Frobenius norm; the transpose where M has more rows
//! X = a * X + (b * X X' + c * (X X')^2) X     ns_steps times
//! P = (1 - lr * weight_decay) * P
//! P = P - lr * f * X
//! f = sqrt(max(1, rows / columns))            original
//!     0.2 * sqrt(max(rows, columns))          match_rms_adamw
//!     sqrt(rows / columns)                    spectral_unclamped
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | P | parameter: a matrix | p |
//! | G | gradient of the loss | loss / p |
//! | B | `momentum_buffer`, the slot | loss / p |
//! | X | direction, singular values of about 0.7 to 1.2 | 1 |
//! | lr | learning rate | p |
//! | a, b, c | the coefficients `ns_a`, `ns_b`, `ns_c` | 1 |
//! | eps | keeps the norm from 0 | loss / p |
//! | momentum | decay rate of B | 1 |
//! | `weight_decay` | decoupled decay; follows lr without f | 1 / p |
//!
//! Papers: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"
//! (kellerjordan.github.io/posts/muon); `match_rms_adamw`: Liu et al. 2025, "Muon is Scalable for LLM Training"
//! (arXiv 2502.16982); `spectral_unclamped`: Bernstein 2025, "Deriving Muon".
//!
//! PyTorch: `torch.optim.Muon`. X is rounded to bfloat16 after each product, division and sum, as there; the
//! products themselves are added up in f32, here in the order of their terms. Differences:
//! - `ns_coefficients` is spelled `ns_a`, `ns_b` and `ns_c`;
//! - PyTorch's products add up in an order of the machine's own. What that changes in the last bit of a
//!   bfloat16, the iteration may carry far: it multiplies the smallest singular values by up to a^`ns_steps`;
//! - rows are outputs and columns inputs, as PyTorch's `Linear` keeps a weight; one that is stored as
//!   `[in, out]`, as Burn's is, has the f of its transpose;
//! - there is no program for tensor engines: the update multiplies matrices.
//!
//! Vectors, embeddings and kernels of convolutions need another optimizer beside it:
//! `for *.weight: muon lr=0.02; for *: adamw lr=0.001`.

use std::cell::RefCell;

use super::{
    Algorithm, Float, Moment, Slot, StepContext,
    registry::{Built, LR, Module, OptimizerEntry, Settings, flag, number},
};
use crate::{
    Field,
    registry::{Arguments, Keyword, Kind, Parameter, Range, Source},
    spec::Fault,
    vector::{
        self,
        matrix::{multiply, pack, pack_transposed, packed_length},
    },
};

/// Muon in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "muon",
    pytorch: "Muon",
    module: Module::Torch,
    summary: "moves matrices along their momentum with all singular values made equal; matrices only",
    formula: "B = mean of G with momentum; P = (1 - lr * weight_decay) * P - lr * f(shape) * orthogonal(B)",
    source: Source {
        citation: "Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks",
        link: "https://kellerjordan.github.io/posts/muon/",
    },
    params: &[
        LR,
        number(
            "weight_decay",
            "0.1",
            Range::NotNegative,
            "Share of the parameter, times lr, taken off at each update.",
        ),
        number("momentum", "0.95", Range::Unit, "Decay rate of the mean of gradients."),
        Parameter {
            default: Some("true"),
            ..flag("nesterov", "Looks ahead from the mean towards the gradient.")
        },
        Parameter {
            pytorch: Some("ns_coefficients[0]"),
            ..number("ns_a", "3.4445", Range::Any, "Coefficient of X in a round.")
        },
        Parameter {
            pytorch: Some("ns_coefficients[1]"),
            ..number("ns_b", "-4.775", Range::Any, "Coefficient of X X' X in a round.")
        },
        Parameter {
            pytorch: Some("ns_coefficients[2]"),
            ..number("ns_c", "2.0315", Range::Any, "Coefficient of (X X')^2 X in a round.")
        },
        number("eps", "1e-7", Range::NotNegative, "Keeps the norm that the momentum is divided by from 0."),
        Parameter {
            kind: Kind::Integer,
            ..number(
                "ns_steps",
                "5",
                Range::NotNegative,
                "Rounds that even the singular values out; below 100.",
            )
        },
        Parameter {
            name: "adjust_lr_fn",
            kind: Kind::Choice(&["original", "match_rms_adamw", "spectral_unclamped"]),
            default: Some("original"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: Some("adjust_lr_fn"),
            doc: "What the rate is multiplied with for a shape: sqrt(max(1, rows / columns)), \
                  0.2 sqrt(max(rows, columns)) or sqrt(rows / columns).",
        },
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let default = Muon::default();
    let rounds = settings.number("ns_steps").unwrap_or(f64::from(default.rounds));
    if rounds >= f64::from(MOST_ROUNDS) {
        let allowed = format!("a whole number below {MOST_ROUNDS}");
        return Err(vec![Fault::value("ns_steps", rounds.to_string(), allowed)]);
    }
    let [a, b, c] = default.coefficients;
    let coefficient = |name: &str, default: f64| settings.number(name).unwrap_or(default);
    let muon = Muon {
        nesterov: settings.flag("nesterov"),
        coefficients: [coefficient("ns_a", a), coefficient("ns_b", b), coefficient("ns_c", c)],
        rounds: rounds as u32,
        adjustment: match settings.word("adjust_lr_fn") {
            "match_rms_adamw" => Adjustment::MatchRmsAdamW,
            "spectral_unclamped" => Adjustment::SpectralUnclamped,
            _ => Adjustment::Original,
        },
    };
    Ok(settings.with(muon))
}

/// PyTorch allows fewer rounds than this.
const MOST_ROUNDS: u32 = 100;

/// What the rate is multiplied with for a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adjustment {
    /// `sqrt(max(1, rows / columns))`.
    #[default]
    Original,
    /// `0.2 * sqrt(max(rows, columns))`: updates of the root mean square of `AdamW`'s.
    MatchRmsAdamW,
    /// `sqrt(rows / columns)`.
    SpectralUnclamped,
}

impl Adjustment {
    fn factor(self, rows: usize, columns: usize) -> f64 {
        let (rows, columns) = (rows as f64, columns as f64);
        match self {
            Self::Original => (rows / columns).max(1.0).sqrt(),
            Self::MatchRmsAdamW => 0.2 * rows.max(columns).sqrt(),
            Self::SpectralUnclamped => (rows / columns).sqrt(),
        }
    }
}

/// Muon. Rate, momentum, eps and weight decay come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon {
    /// Whether the update looks ahead from the mean towards the gradient.
    pub nesterov: bool,
    /// a, b and c of a round.
    pub coefficients: [f64; 3],
    /// Rounds that even the singular values out.
    pub rounds: u32,
    /// What the rate is multiplied with for a shape.
    pub adjustment: Adjustment,
}

impl Default for Muon {
    fn default() -> Self {
        Self {
            nesterov: true,
            coefficients: [3.4445, -4.775, 2.0315],
            rounds: 5,
            adjustment: Adjustment::Original,
        }
    }
}

thread_local! {
    /// Room for the matrices of an update, kept for the next: state would be stored with checkpoints.
    static ROOM: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl Algorithm for Muon {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        vec![Slot { name: "momentum_buffer", shape: shape.to_vec() }]
    }

    fn refuses(&self, shape: &[usize]) -> Option<String> {
        (shape.len() != 2).then(|| {
            format!(
                "Muon updates matrices only, and its shape is {shape:?}; give it another optimizer, in a group \
                 that stands before this one (`for *.bias: adamw lr=0.001`) or by naming the matrices alone \
                 (`for *.weight: muon lr=0.02; for *: adamw lr=0.001`)"
            )
        })
    }

    fn step<V: Float>(&self, context: &mut dyn StepContext<V>) {
        let group = context.group().group;
        let (lr, momentum) = (group.lr(), group.get(Field::Momentum));
        let eps = group.get(Field::Eps);
        context.for_each(&mut |step| {
            let shrink = 1.0 - lr * step.at.group.get(Field::WeightDecay);
            let (&[rows, columns], [buffer]) = (step.shape, step.slots) else { return };
            if step.value.is_empty() {
                return;
            }
            for (buffer, grad) in buffer.iter_mut().zip(step.grad.iter_mut()) {
                *buffer = buffer.lerp(*grad, 1.0 - momentum);
                *grad = if self.nesterov { grad.lerp(*buffer, momentum) } else { *buffer };
            }
            let (outputs, inputs) = if step.transposed { (columns, rows) } else { (rows, columns) };
            let factor = -lr * self.adjustment.factor(outputs, inputs);
            ROOM.with_borrow_mut(|room| {
                let tall = rows > columns;
                let shape = if tall { [columns, rows] } else { [rows, columns] };
                let direction = self.orthogonal(shape, room, eps, |i| {
                    let i = if tall { i % rows * columns + i / rows } else { i };
                    let x: f64 = step.grad[i].into();
                    x as f32
                });
                for (i, param) in step.value.iter_mut().enumerate() {
                    let i = if tall { i % columns * rows + i / columns } else { i };
                    *param = param.scale(shrink) + V::of(direction[i].into()).scale(factor);
                }
            });
        });
    }

    /// The group's rate: the factor f for a shape belongs to the direction, whose size it sets.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        at.group.lr()
    }

    /// NaN: steps do not shrink with the gradient, so around a minimum they neither grow nor die out.
    fn stability_limit(&self, _at: Moment<'_>) -> f64 {
        f64::NAN
    }
}

impl Muon {
    /// X for the matrix whose elements `element` gives in row-major order, of no more rows than columns.
    fn orthogonal<'a>(
        &self,
        [rows, columns]: [usize; 2],
        room: &'a mut Vec<f32>,
        eps: f64,
        element: impl Fn(usize) -> f32,
    ) -> &'a [f32] {
        let panels =
            packed_length(columns, rows).max(packed_length(rows, columns)).max(packed_length(rows, rows));
        let needed = rows * columns + 2 * rows * rows + panels;
        if room.len() < needed {
            room.resize(needed, 0.0);
        }
        let (x, rest) = room.split_at_mut(rows * columns);
        let (gram, rest) = rest.split_at_mut(rows * rows);
        let (polynomial, rest) = rest.split_at_mut(rows * rows);

        for (i, x) in x.iter_mut().enumerate() {
            *x = bfloat16(element(i));
        }
        let norm = bfloat16(vector::norm_squared(x).sqrt() as f32);
        let least = bfloat16(eps as f32);
        let norm = if norm < least { least } else { norm };
        for x in x.iter_mut() {
            *x = bfloat16(*x / norm);
        }

        let [a, b, c] = self.coefficients.map(|coefficient| coefficient as f32);
        for _ in 0..self.rounds {
            let panels = &mut rest[..packed_length(columns, rows)];
            pack_transposed(x, columns, rows, panels);
            multiply(x, panels, columns, rows, gram, |sum, _| bfloat16(sum));

            let panels = &mut rest[..packed_length(rows, rows)];
            pack(gram, rows, rows, panels);
            polynomial.copy_from_slice(gram);
            multiply(gram, panels, rows, rows, polynomial, |sum, old| bfloat16(c * sum + b * old));

            let panels = &mut rest[..packed_length(rows, columns)];
            pack(x, rows, columns, panels);
            multiply(polynomial, panels, rows, columns, x, |sum, old| bfloat16(sum + a * old));
        }
        x
    }
}

/// `x` rounded to the nearest bfloat16, to even where two are as near.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
fn bfloat16(x: f32) -> f32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000;
    if x.is_nan() { x } else { f32::from_bits(rounded) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bfloat16_rounds_to_nearest_and_even() {
        for (x, rounded) in [
            (1.0, 1.0),
            (1.003_907, 1.007_812_5),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.015_625),
            (-1.005, -1.007_812_5),
            (3.4e38, f32::INFINITY),
            (f32::INFINITY, f32::INFINITY),
        ] {
            assert_eq!(bfloat16(x), rounded, "{x}");
        }
        assert!(bfloat16(f32::NAN).is_nan());
    }

    #[test]
    fn a_direction_has_singular_values_near_one() {
        let [rows, columns] = [8, 12];
        let element = |i: usize| ((i * i) as f32 * 0.37).sin();
        let mut room = Vec::new();
        let x = Muon::default().orthogonal([rows, columns], &mut room, 1e-7, element).to_vec();
        // Traces of X X' and of its square: eight values near 1 have a mean and a mean square near 1.
        let gram = |i: usize, j: usize| -> f64 {
            (0..columns).map(|k| f64::from(x[i * columns + k]) * f64::from(x[j * columns + k])).sum()
        };
        let mean = (0..rows).map(|i| gram(i, i)).sum::<f64>() / rows as f64;
        let square = (0..rows).flat_map(|i| (0..rows).map(move |j| (i, j)));
        let square = square.map(|(i, j)| gram(i, j).powi(2)).sum::<f64>() / rows as f64;
        assert!((0.5..1.4).contains(&mean), "{mean}");
        assert!(square - mean * mean < 0.15, "{square} {mean}");
    }

    #[test]
    fn no_gradient_gives_no_direction() {
        let mut room = Vec::new();
        let x = Muon::default().orthogonal([2, 3], &mut room, 1e-7, |_| 0.0);
        assert_eq!(x, [0.0; 6]);
    }

    #[test]
    fn what_is_no_matrix_is_refused_with_what_to_write() {
        let why = Algorithm::refuses(&Muon::default(), &[10]).unwrap();
        assert!(why.contains("its shape is [10]") && why.contains("for *: adamw lr=0.001"), "{why}");
        assert!(Algorithm::refuses(&Muon::default(), &[3, 4, 2, 2]).is_some());
        assert_eq!(Algorithm::refuses(&Muon::default(), &[3, 4]), None);
    }
}
