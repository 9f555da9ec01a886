//! Causal self-attention of several heads, as `F.scaled_dot_product_attention(is_causal=True)` between
//! one layer for queries, keys and values and one for the result.
//!
//! For each head: `P = softmax(Q K^T / sqrt(size))` over the places up to one's own, `O = P V`. Heads are
//! columns of the same rows, so they are read and written where they stand.
//! Source: Vaswani et al. (2017), arXiv:1706.03762.

use super::{
    Layer, Weights,
    exponential::exp,
    linear::Linear,
    product::{Matrix, MatrixMut},
    sums::{sum, sum_of},
};
use crate::torch_init::TorchGenerator;

#[derive(Clone, Debug)]
pub(super) struct Attention {
    qkv: Linear,
    projection: Linear,
    heads: usize,
    /// Numbers in a row.
    width: usize,
    /// Rows that belong together.
    context: usize,
    /// Queries, keys and values of each row, side by side.
    mixed: Vec<f32>,
    by_mixed: Vec<f32>,
    /// `[context, context]` for each head of each sequence.
    shares: Vec<f32>,
    by_shares: Vec<f32>,
    /// What the heads found, side by side.
    found: Vec<f32>,
    by_found: Vec<f32>,
}

impl Attention {
    /// Heads, whose number divides `width`, over sequences of `context` rows of `width` numbers.
    pub(super) fn new(
        generator: &mut TorchGenerator,
        name: &str,
        width: usize,
        heads: usize,
        context: usize,
    ) -> Self {
        Self {
            qkv: Linear::new(generator, &format!("{name}.qkv"), width, 3 * width),
            projection: Linear::new(generator, &format!("{name}.projection"), width, width),
            heads,
            width,
            context,
            mixed: Vec::new(),
            by_mixed: Vec::new(),
            shares: Vec::new(),
            by_shares: Vec::new(),
            found: Vec::new(),
            by_found: Vec::new(),
        }
    }

    /// Numbers of a head.
    fn size(&self) -> usize {
        self.width / self.heads
    }

    /// One over the root of a head's size.
    fn scale(&self) -> f32 {
        1.0 / (self.size() as f32).sqrt()
    }

    /// The part of each sequence's rows, which are `stride` long, from this column on.
    fn part<'a>(&self, sequence: &'a [f32], stride: usize, column: usize) -> Matrix<'a> {
        Matrix::strided(&sequence[column..], self.context, self.size(), stride)
    }

    /// The same, to be written.
    fn part_mut<'a>(&self, sequence: &'a mut [f32], stride: usize, column: usize) -> MatrixMut<'a> {
        MatrixMut::strided(&mut sequence[column..], self.context, self.size(), stride)
    }
}

impl Layer for Attention {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let (width, context, size) = (self.width, self.context, self.size());
        self.qkv.forward(x, &mut self.mixed);
        let (mut shares, mut found) = (std::mem::take(&mut self.shares), std::mem::take(&mut self.found));
        shares.resize(x.len() / width * self.heads * context, 0.0);
        found.resize(x.len(), 0.0);
        let sequences =
            self.mixed.chunks_exact(3 * width * context).zip(found.chunks_exact_mut(width * context));
        let mut square = shares.chunks_exact_mut(context * context);
        for (mixed, found) in sequences {
            for (head, shares) in (0..self.heads).zip(&mut square) {
                let column = head * size;
                let [queries, keys, values] =
                    [0, 1, 2].map(|part| self.part(mixed, 3 * width, part * width + column));
                MatrixMut::new(shares, context, context).set(self.scale(), queries, keys.transposed());
                softmax_up_to_own(shares, context);
                self.part_mut(found, width, column).set(1.0, Matrix::new(shares, context, context), values);
            }
        }
        self.projection.forward(&found, y);
        (self.shares, self.found) = (shares, found);
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let (width, context, size) = (self.width, self.context, self.size());
        self.projection.backward(&self.found, by_y, Some(&mut self.by_found));
        let (mut by_mixed, mut by_shares) =
            (std::mem::take(&mut self.by_mixed), std::mem::take(&mut self.by_shares));
        by_mixed.resize(3 * x.len(), 0.0);
        by_shares.resize(context * context, 0.0);
        let sequences = self
            .mixed
            .chunks_exact(3 * width * context)
            .zip(by_mixed.chunks_exact_mut(3 * width * context))
            .zip(self.by_found.chunks_exact(width * context));
        let mut square = self.shares.chunks_exact(context * context);
        for ((mixed, by_mixed), by_found) in sequences {
            for (head, shares) in (0..self.heads).zip(&mut square) {
                let column = head * size;
                let [queries, keys, values] =
                    [0, 1, 2].map(|part| self.part(mixed, 3 * width, part * width + column));
                let by_found = self.part(by_found, width, column);
                let transposed = Matrix::new(shares, context, context).transposed();
                self.part_mut(by_mixed, 3 * width, 2 * width + column).set(1.0, transposed, by_found);
                MatrixMut::new(&mut by_shares, context, context).set(1.0, by_found, values.transposed());
                softmax_back(shares, &mut by_shares, context);
                let by_shares = Matrix::new(&by_shares, context, context);
                let scale = self.scale();
                self.part_mut(by_mixed, 3 * width, column).set(scale, by_shares, keys);
                self.part_mut(by_mixed, 3 * width, width + column).set(
                    scale,
                    by_shares.transposed(),
                    queries,
                );
            }
        }
        self.qkv.backward(x, &by_mixed, by_x);
        (self.by_mixed, self.by_shares) = (by_mixed, by_shares);
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        self.qkv.visit(f);
        self.projection.visit(f);
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// Row i of the square becomes the softmax of its first i + 1 numbers, and 0 behind them.
fn softmax_up_to_own(square: &mut [f32], context: usize) {
    for (at, row) in square.chunks_exact_mut(context).enumerate() {
        let (seen, ahead) = row.split_at_mut(at + 1);
        ahead.fill(0.0);
        let largest = seen.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for z in &mut *seen {
            *z = exp(*z - largest);
        }
        let scale = 1.0 / sum(seen);
        for z in seen {
            *z *= scale;
        }
    }
}

/// Turns the derivative by each row's shares into that by the numbers which they are the softmax of:
/// `p (d - sum(p d))`.
fn softmax_back(shares: &[f32], derivative: &mut [f32], context: usize) {
    let rows = shares.chunks_exact(context).zip(derivative.chunks_exact_mut(context));
    for (at, (p, d)) in rows.enumerate() {
        let (d, ahead) = d.split_at_mut(at + 1);
        let p = &p[..=at];
        ahead.fill(0.0);
        let mean = sum_of(p, d, |p, d| p * d);
        d.iter_mut().zip(p).for_each(|(d, p)| *d = p * (*d - mean));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::slope;

    #[test]
    fn looks_at_what_came_before_and_not_ahead() {
        let mut generator = TorchGenerator::new(2);
        let mut attention = Attention::new(&mut generator, "attention", 8, 2, 5);
        let mut x = generator.uniform(2 * 5 * 8, -2.0, 2.0);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        attention.forward(&x, &mut before);
        // The last but one place of the first sequence.
        x[3 * 8] += 1.0;
        attention.forward(&x, &mut after);
        assert_eq!(before[..3 * 8], after[..3 * 8]);
        assert!(before[3 * 8..5 * 8].iter().zip(&after[3 * 8..5 * 8]).all(|(a, b)| a != b));
        assert_eq!(before[5 * 8..], after[5 * 8..]);
    }

    #[test]
    fn its_derivative_is_the_slope() {
        let mut generator = TorchGenerator::new(2);
        let mut attention = Attention::new(&mut generator, "attention", 12, 3, 6);
        let x = generator.uniform(2 * 6 * 12, -3.0, 3.0);
        slope::check(&mut attention, &x);
    }
}
