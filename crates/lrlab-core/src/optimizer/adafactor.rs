//! Adafactor: steps over a root mean square that is kept as one mean a row and one a column.
//!
//! ```text
//! g = gradient                               (-gradient with maximize)
//! a = max(eps2, rms(p)) * min(lr, 1 / sqrt(k))      k = 1, 2, 3...
//! p = (1 - lr * weight_decay) * p
//! b = k^beta2_decay
//! r = r + b * (mean of g * g over each row - r)      two dimensions and more, over the last two
//! c = c + b * (mean of g * g over each column - c)
//! v = r * c / max(mean of r, eps1)
//! v = v + b * (g * g - v)                            fewer dimensions
//! u = g / sqrt(max(v, eps1^2))
//! p = p - a / max(1, rms(u) / d) * u
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | p | parameter; rms(p) its root mean square over one tensor | |
//! | g | gradient of the loss | loss / p |
//! | r, c, v | slots `row_var`, `col_var`, or `variance` | (loss / p)² |
//! | lr | learning rate: a bound on the rate of 1 / sqrt(k) | 1 |
//! | a | rate of one tensor | p |
//! | `beta2_decay` | power by which a new square counts less and less | 1 |
//! | eps1 | keeps the denominator from 0 | loss / p |
//! | eps2 | least size that a tensor is taken to have | p |
//! | d | largest root mean square of u | 1 |
//! | `weight_decay` | decoupled decay | 1 |
//!
//! Paper: Shazeer and Stern 2018, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", algorithms 4
//! and 5 (arXiv 1804.04235).
//!
//! PyTorch: `torch.optim.Adafactor`, single-tensor path (`foreach=False`): eps1 bounds the mean of the rows
//! and, squared, the quotient, where the paper adds it to every g * g. Differences:
//! - `eps` is spelled `eps1` and `eps2`; eps1 left out is the tensor's own epsilon, as PyTorch's `None`;
//! - norms, means of rows and means of columns are summed in f64;
//! - updates are counted in u64, where PyTorch counts in f32 and stops at 16,777,216;
//! - the gradient is used up: u takes its place;
//! - there is no program for tensor engines: the update needs norms over whole tensors first.

use super::{
    Algorithm, Float, Moment, Number, Slot, StepContext,
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, number},
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

/// Adafactor in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "adafactor",
    pytorch: "Adafactor",
    module: Module::Torch,
    summary: "steps over a root mean square kept by rows and columns, at a rate that follows the parameter's size",
    formula: "a = max(eps2, rms(p)) * min(lr, 1 / sqrt(k)); v = rows * columns / mean; p = p - a * g / sqrt(v), its rms at most d",
    source: Source {
        citation: "Shazeer and Stern 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, algorithms 4 and 5",
        link: "arXiv:1804.04235",
    },
    params: &[
        Parameter {
            default: Some("0.01"),
            doc: "Bound on the rate, which is 1 / sqrt(k) in the k-th update, each times the parameter's size.",
            ..LR
        },
        number(
            "beta2_decay",
            "-0.8",
            Range::Any,
            "Power, 0 or below, by which new squares count less and less.",
        ),
        Parameter {
            default: Some(""),
            pytorch: Some("eps[0]"),
            ..number(
                "eps1",
                "",
                Range::NotNegative,
                "Keeps the denominator from 0; the float's own epsilon when left out.",
            )
        },
        Parameter {
            pytorch: Some("eps[1]"),
            ..number("eps2", "0.001", Range::NotNegative, "Least size that a parameter is taken to have.")
        },
        number("d", "1", Range::AtLeastOne, "Largest root mean square of an update before the rate."),
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
    let default = Adafactor::default();
    let beta2_decay = settings.number("beta2_decay").unwrap_or(default.beta2_decay);
    if beta2_decay > 0.0 {
        return Err(vec![Fault::value("beta2_decay", beta2_decay.to_string(), "a number of 0 or below")]);
    }
    let adafactor = Adafactor {
        beta2_decay,
        eps1: settings.number("eps1"),
        eps2: settings.number("eps2").unwrap_or(default.eps2),
        d: settings.number("d").unwrap_or(default.d),
        maximize: settings.flag("maximize"),
    };
    Ok(settings.with(adafactor))
}

/// Adafactor. Rate and weight decay come from the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adafactor {
    /// Power by which new squares count less and less; 0 or below.
    pub beta2_decay: f64,
    /// Keeps the denominator from 0; the float's own epsilon for none.
    pub eps1: Option<f64>,
    /// Least size that a parameter is taken to have.
    pub eps2: f64,
    /// Largest root mean square of an update before the rate; 1 or more.
    pub d: f64,
    /// Whether the loss is raised instead of lowered.
    pub maximize: bool,
}

impl Default for Adafactor {
    fn default() -> Self {
        Self { beta2_decay: -0.8, eps1: None, eps2: 1e-3, d: 1.0, maximize: false }
    }
}

impl Adafactor {
    /// The rate of a tensor of root mean square `size` in update number `k`.
    fn rate(&self, lr: f64, size: f64, k: u64) -> f64 {
        size.max(self.eps2) * lr.min((k as f64).sqrt().recip())
    }

    /// Updates one tensor.
    fn update<V: Float>(&self, lr: f64, shrink: f64, k: u64, tensor: Tensor<'_, V>) {
        let Tensor { shape, value, grad, slots } = tensor;
        if value.is_empty() {
            return;
        }
        let root_mean_square = |squares: f64| (squares / value.len() as f64).sqrt();
        let rate = self.rate(lr, root_mean_square(vector::norm_squared(value)), k);
        let eps1 = self.eps1.unwrap_or(V::EPSILON);
        let (least, share) = (V::of(eps1 * eps1), (k as f64).powf(self.beta2_decay));
        let sign = if self.maximize { -1.0 } else { 1.0 };
        match (slots, shape) {
            ([row_var, col_var], [.., rows, columns]) => {
                let size = rows * columns;
                let matrices = grad.chunks_exact_mut(size);
                let means = row_var.chunks_exact_mut(*rows).zip(col_var.chunks_exact_mut(*columns));
                for (grad, (row_var, col_var)) in matrices.zip(means) {
                    row_means(grad, row_var, share);
                    column_means(grad, col_var, share);
                    let mean = vector::sum_over([&row_var[..]], |[r]: [V; 1]| r.into()) / *rows as f64;
                    let mean = mean.max(eps1);
                    for (grad, &row) in grad.chunks_exact_mut(*columns).zip(&*row_var) {
                        simd::run(Factored { grad, row, col_var, mean, least, sign });
                    }
                }
            }
            ([variance], _) => simd::run(Plain { grad, variance, share, least, sign }),
            _ => return,
        }
        let clip = (root_mean_square(vector::norm_squared(grad)) / self.d).max(1.0);
        simd::run(Move { value, update: grad, shrink, factor: -rate / clip });
    }
}

/// One tensor's turn.
struct Tensor<'a, V> {
    shape: &'a [usize],
    value: &'a mut [V],
    grad: &'a mut [V],
    slots: &'a mut [&'a mut [V]],
}

/// Whether a parameter of `shape` is kept by rows and columns.
fn is_factored(shape: &[usize]) -> bool {
    shape.len() >= 2
}

impl Algorithm for Adafactor {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        if !is_factored(shape) {
            return vec![Slot { name: "variance", shape: shape.to_vec() }];
        }
        let without = |axis: usize| {
            let mut shape = shape.to_vec();
            shape[axis] = 1;
            shape
        };
        let last = shape.len() - 1;
        vec![
            Slot { name: "row_var", shape: without(last) },
            Slot { name: "col_var", shape: without(last - 1) },
        ]
    }

    fn numbers(&self) -> Vec<Number> {
        vec![Number { name: "param_rms", initial: 0.0 }]
    }

    fn step<V: Float>(&self, context: &mut dyn StepContext<V>) {
        let lr = context.group().group.lr();
        let (mut squares, mut count) = (0.0, 0);
        context.for_each(&mut |step| {
            squares += vector::norm_squared(step.value);
            count += step.value.len();
            let tensor = Tensor { shape: step.shape, value: step.value, grad: step.grad, slots: step.slots };
            let shrink = 1.0 - lr * step.at.group.get(Field::WeightDecay);
            self.update(lr, shrink, step.at.t + 1, tensor);
        });
        if let [size] = context.group().numbers {
            *size = if count == 0 { 0.0 } else { (squares / count as f64).sqrt() };
        }
    }

    /// `max(eps2, rms) * min(lr, 1 / sqrt(t + 1))`, where rms is that of all the group's parameters together
    /// before the last update: each tensor's own rate has its own rms in its place. Before the first update
    /// there is none, which is NaN.
    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        match at.numbers {
            [size] if at.t > 0 => self.rate(at.group.lr(), *size, at.t + 1),
            _ => f64::NAN,
        }
    }

    fn effective_lr_formula(&self) -> &'static str {
        "max(eps2, root mean square of the parameters) * min(lr, 1 / sqrt(t + 1))"
    }

    /// NaN: the bound on an update's root mean square ties all elements of a tensor together, and its rate
    /// follows its size.
    fn stability_limit(&self, _at: Moment<'_>) -> f64 {
        f64::NAN
    }
}

/// Moves the mean of squares of each row towards that of `grad`.
fn row_means<V: Float>(grad: &[V], row_var: &mut [V], share: f64) {
    let columns = grad.len() / row_var.len();
    for (row, mean) in grad.chunks_exact(columns).zip(row_var) {
        *mean = mean.lerp(V::of(vector::norm_squared(row) / columns as f64), share);
    }
}

/// Columns whose sums are held at a time, without memory of their own.
const COLUMNS: usize = 256;

/// Moves the mean of squares of each column towards that of `grad`.
fn column_means<V: Float>(grad: &[V], col_var: &mut [V], share: f64) {
    let columns = col_var.len();
    let rows = grad.len() / columns;
    for (block, means) in col_var.chunks_mut(COLUMNS).enumerate() {
        let mut sums = [0.0; COLUMNS];
        let sums = &mut sums[..means.len()];
        for row in grad.chunks_exact(columns) {
            let row = &row[block * COLUMNS..][..means.len()];
            simd::run(AddSquares { sums, row });
        }
        for (mean, sum) in means.iter_mut().zip(sums) {
            *mean = mean.lerp(V::of(*sum / rows as f64), share);
        }
    }
}

struct AddSquares<'a, V> {
    sums: &'a mut [f64],
    row: &'a [V],
}

impl<V: Float> Kernel for AddSquares<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        for (sum, &g) in self.sums.iter_mut().zip(self.row) {
            let g: f64 = g.into();
            *sum += g * g;
        }
    }
}

/// `grad / sqrt(max(v, least))`, in the place of the gradient.
#[expect(clippy::inline_always, reason = "part of the formula")]
#[inline(always)]
fn normalized<V: Float>(grad: V, v: V, least: V, sign: f64) -> V {
    let v = if v < least { least } else { v };
    V::of(sign) / v.sqrt() * grad
}

/// A row of a matrix whose squares are kept by rows and columns.
struct Factored<'a, V> {
    grad: &'a mut [V],
    row: V,
    col_var: &'a [V],
    mean: f64,
    least: V,
    sign: f64,
}

impl<V: Float> Kernel for Factored<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        let mean = V::of(self.mean);
        for (grad, &column) in self.grad.iter_mut().zip(self.col_var) {
            *grad = normalized(*grad, self.row * column / mean, self.least, self.sign);
        }
    }
}

/// A tensor whose squares are kept one by one.
struct Plain<'a, V> {
    grad: &'a mut [V],
    variance: &'a mut [V],
    share: f64,
    least: V,
    sign: f64,
}

impl<V: Float> Kernel for Plain<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        for (grad, variance) in self.grad.iter_mut().zip(self.variance) {
            *variance = variance.lerp(*grad * *grad, self.share);
            *grad = normalized(*grad, *variance, self.least, self.sign);
        }
    }
}

struct Move<'a, V> {
    value: &'a mut [V],
    update: &'a [V],
    shrink: f64,
    factor: f64,
}

impl<V: Float> Kernel for Move<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "the loop must be compiled for the caller's instruction set")]
    #[inline(always)]
    fn run(self) {
        for (param, update) in self.value.iter_mut().zip(self.update) {
            let shrunk = if self.shrink == 1.0 { *param } else { param.scale(self.shrink) };
            *param = shrunk + update.scale(self.factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_of_rows_and_columns() {
        let shapes = |shape: &[usize]| -> Vec<(&str, Vec<usize>)> {
            Algorithm::slots(&Adafactor::default(), shape)
                .into_iter()
                .map(|slot| (slot.name, slot.shape))
                .collect()
        };
        assert_eq!(shapes(&[]), [("variance", vec![])]);
        assert_eq!(shapes(&[7]), [("variance", vec![7])]);
        assert_eq!(shapes(&[3, 4]), [("row_var", vec![3, 1]), ("col_var", vec![1, 4])]);
        assert_eq!(shapes(&[2, 3, 4]), [("row_var", vec![2, 3, 1]), ("col_var", vec![2, 1, 4])]);
    }

    #[test]
    fn columns_beyond_a_block_are_means_too() {
        let (rows, columns) = (3, 2 * COLUMNS + 5);
        let grad: Vec<f32> = (0..rows * columns).map(|i| (i as f32 * 0.7).sin()).collect();
        let mut means = vec![0.0; columns];
        column_means(&grad, &mut means, 1.0);
        for (column, mean) in means.iter().enumerate() {
            let squares: f64 = (0..rows).map(|row| f64::from(grad[row * columns + column]).powi(2)).sum();
            assert_eq!(*mean, (squares / rows as f64) as f32, "column {column}");
        }
    }
}
