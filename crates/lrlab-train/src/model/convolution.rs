//! `nn.Conv2d`: each output pixel is the product of the weight with a patch of the input.
//!
//! The patches of one picture are laid out as the columns of a matrix, `[channels * kernel * kernel,
//! pixels]`, so that a convolution is one matrix product a picture, and so are both of its
//! derivatives. The columns of one picture stay in the cache, which those of a batch would not; they
//! are laid out anew for the derivative of the weight, which costs less than reading them back.

use super::{
    Layer, Plane, Weights,
    product::{Matrix, MatrixMut},
    sums::sum,
};
use crate::torch_init::TorchGenerator;

#[derive(Clone, Debug)]
pub(super) struct Conv2d {
    weight: Weights,
    /// Absent where a normalisation follows, which would take it out again.
    bias: Option<Weights>,
    patches: Patches,
    /// The patches of one picture, and the derivative by them.
    columns: Vec<f32>,
}

/// Which pixels meet which weights.
#[derive(Clone, Copy, Debug)]
struct Patches {
    input: Plane,
    output: Plane,
    kernel: usize,
    stride: usize,
    padding: usize,
}

/// Side of the square patches, their distance, and the zeros around the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Conv2d {
    /// The layer `name` with PyTorch's default weights. A picture with its padding is at least as
    /// large as the kernel.
    pub(super) fn new(
        generator: &mut TorchGenerator,
        name: &str,
        input: Plane,
        channels: usize,
        window: Window,
        biased: bool,
    ) -> Self {
        let patches = Patches::new(input, channels, window);
        let (size, biases) = (patches.size(), if biased { channels } else { 0 });
        let (weight, bias) = generator.layer(channels * size, biases, size);
        let shape = vec![channels, input.channels, window.kernel, window.kernel];
        let bias = biased.then(|| Weights::new(format!("{name}.bias"), vec![channels], bias));
        let weight = Weights::new(format!("{name}.weight"), shape, weight);
        Self { weight, bias, patches, columns: Vec::new() }
    }

    /// Shape of a picture that comes out.
    pub(super) fn output(&self) -> Plane {
        self.patches.output
    }
}

impl Layer for Conv2d {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let Patches { input, output, .. } = self.patches;
        let size = self.patches.size();
        let weight = Matrix::new(&self.weight.value, output.channels, size);
        y.resize(x.len() / input.size() * output.size(), 0.0);
        self.columns.resize(size * output.pixels(), 0.0);
        for (x, y) in x.chunks_exact(input.size()).zip(y.chunks_exact_mut(output.size())) {
            self.patches.lay_out(x, &mut self.columns);
            let columns = Matrix::new(&self.columns, size, output.pixels());
            let Some(bias) = &self.bias else {
                MatrixMut::new(y, output.channels, output.pixels()).set(1.0, weight, columns);
                continue;
            };
            y.chunks_exact_mut(output.pixels()).zip(&bias.value).for_each(|(y, b)| y.fill(*b));
            MatrixMut::new(y, output.channels, output.pixels()).add(weight, columns);
        }
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], mut by_x: Option<&mut Vec<f32>>) {
        let Patches { input, output, .. } = self.patches;
        let size = self.patches.size();
        self.weight.grad.fill(0.0);
        if let Some(bias) = &mut self.bias {
            bias.grad.fill(0.0);
        }
        if let Some(by_x) = by_x.as_deref_mut() {
            by_x.clear();
            by_x.resize(x.len(), 0.0);
        }
        for (at, (x, d)) in x.chunks_exact(input.size()).zip(by_y.chunks_exact(output.size())).enumerate() {
            self.patches.lay_out(x, &mut self.columns);
            let columns = Matrix::new(&self.columns, size, output.pixels());
            let derivative = Matrix::new(d, output.channels, output.pixels());
            MatrixMut::new(&mut self.weight.grad, output.channels, size)
                .add(derivative, columns.transposed());
            if let Some(bias) = &mut self.bias {
                for (grad, d) in bias.grad.iter_mut().zip(d.chunks_exact(output.pixels())) {
                    *grad += sum(d);
                }
            }
            if let Some(by_x) = by_x.as_deref_mut() {
                let weight = Matrix::new(&self.weight.value, output.channels, size);
                MatrixMut::new(&mut self.columns, size, output.pixels()).set(
                    1.0,
                    weight.transposed(),
                    derivative,
                );
                self.patches.gather(&self.columns, &mut by_x[at * input.size()..][..input.size()]);
            }
        }
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        f(&mut self.weight);
        self.bias.iter_mut().for_each(f);
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

impl Patches {
    fn new(input: Plane, channels: usize, window: Window) -> Self {
        let Window { kernel, stride, padding } = window;
        let side = |pixels: usize| (pixels + 2 * padding - kernel) / stride + 1;
        let output = Plane { channels, height: side(input.height), width: side(input.width) };
        Self { input, output, kernel, stride, padding }
    }

    /// Numbers in a patch.
    fn size(&self) -> usize {
        self.input.channels * self.kernel * self.kernel
    }

    /// Writes the patches of the picture `x` as the columns of a matrix.
    fn lay_out(&self, x: &[f32], columns: &mut [f32]) {
        let mut lines = columns.chunks_exact_mut(self.output.width);
        self.each_line(|from, Line { start, first, count }| {
            let Some(line) = lines.next() else { return };
            let Some(from) = from else { return line.fill(0.0) };
            line[..first].fill(0.0);
            line[first + count..].fill(0.0);
            let (x, line) = (&x[from + start..], &mut line[first..first + count]);
            if self.stride == 1 {
                line.copy_from_slice(&x[..count]);
            } else {
                line.iter_mut().zip(x.iter().step_by(self.stride)).for_each(|(to, x)| *to = *x);
            }
        });
    }

    /// Adds each number of the columns to the pixel of `x` that it came from.
    fn gather(&self, columns: &[f32], x: &mut [f32]) {
        let mut lines = columns.chunks_exact(self.output.width);
        self.each_line(|from, Line { start, first, count }| {
            let (Some(line), Some(from)) = (lines.next(), from) else { return };
            let (x, line) = (&mut x[from + start..], &line[first..first + count]);
            if self.stride == 1 {
                x[..count].iter_mut().zip(line).for_each(|(to, x)| *to += x);
            } else {
                x.iter_mut().step_by(self.stride).zip(line).for_each(|(to, x)| *to += x);
            }
        });
    }

    /// Calls `f` for each line of output pixels in each row of the matrix, in order, with the place
    /// where its line of input pixels begins, or none where it lies in the padding.
    fn each_line(&self, mut f: impl FnMut(Option<usize>, Line)) {
        let Self { input, output, kernel, stride, padding } = *self;
        for channel in 0..input.channels {
            for down in 0..kernel {
                for right in 0..kernel {
                    let line = self.line(right);
                    for row in 0..output.height {
                        let row =
                            (row * stride + down).checked_sub(padding).filter(|row| *row < input.height);
                        f(row.map(|row| channel * input.pixels() + row * input.width), line);
                    }
                }
            }
        }
    }

    /// Which pixels of a line of output have their weight `right` inside the picture.
    fn line(&self, right: usize) -> Line {
        let Self { input, output, stride, padding, .. } = *self;
        // Output pixel i meets input pixel i * stride + right - padding.
        let first = padding.saturating_sub(right).div_ceil(stride).min(output.width);
        let end = (input.width + padding).saturating_sub(right).div_ceil(stride).clamp(first, output.width);
        let start = (first * stride + right).saturating_sub(padding).min(input.width);
        Line { start, first, count: end - first }
    }
}

/// A stretch of a line of output pixels and the input pixel that its first one meets.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    first: usize,
    count: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, pixel by pixel.
    fn by_definition(layer: &Conv2d, x: &[f32]) -> Vec<f32> {
        let Patches { input, output, kernel, stride, padding } = layer.patches;
        let mut y = Vec::new();
        for o in 0..output.channels {
            for (row, column) in (0..output.height).flat_map(|r| (0..output.width).map(move |c| (r, c))) {
                let mut sum = layer.bias.as_ref().map_or(0.0, |bias| bias.value[o]);
                for c in 0..input.channels {
                    for (down, right) in (0..kernel).flat_map(|d| (0..kernel).map(move |r| (d, r))) {
                        let (r, k) = (row * stride + down, column * stride + right);
                        let inside = |at: usize, side: usize| (padding..side + padding).contains(&at);
                        if inside(r, input.height) && inside(k, input.width) {
                            let at = (r - padding) * input.width + k - padding;
                            sum += x[c * input.pixels() + at]
                                * layer.weight.value
                                    [((o * input.channels + c) * kernel + down) * kernel + right];
                        }
                    }
                }
                y.push(sum);
            }
        }
        y
    }

    #[test]
    fn is_its_definition_and_its_derivative_is_the_slope() {
        for (height, width, kernel, stride, padding) in [
            (5, 7, 3, 1, 0),
            (5, 7, 3, 1, 1),
            (6, 5, 3, 2, 1),
            (7, 4, 1, 2, 0),
            (5, 5, 5, 1, 2),
            (2, 2, 5, 1, 2),
            (3, 1, 3, 2, 1),
        ] {
            let input = Plane { channels: 2, height, width };
            let mut generator = TorchGenerator::new(5);
            let window = Window { kernel, stride, padding };
            let mut layer = Conv2d::new(&mut generator, "conv", input, 3, window, true);
            let x = generator.uniform(2 * input.size(), -1.0, 1.0);
            let mut y = Vec::new();
            layer.forward(&x, &mut y);
            let expected: Vec<f32> =
                x.chunks_exact(input.size()).flat_map(|x| by_definition(&layer, x)).collect();
            assert_eq!(y.len(), expected.len());
            for (ours, theirs) in y.iter().zip(&expected) {
                assert!((ours - theirs).abs() < 1e-5, "{window:?}: {ours} against {theirs}");
            }
            crate::model::slope::check(&mut layer, &x);
        }
    }
}
