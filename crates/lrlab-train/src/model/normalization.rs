//! `nn.LayerNorm` and `nn.GroupNorm`: numbers of mean 0 and deviation 1, then a gain and a shift.
//!
//! `x^ = (x - mean) / sqrt(var + 1e-5)`, `y = gain x^ + shift`, with the derivative
//! `(g - mean(g) - x^ mean(g x^)) / sqrt(var + 1e-5)` where `g = gain dy`. Rows know nothing of each
//! other and training nothing of validation, so a step stays a function of weights and batch.

use super::{
    Layer, Plane, Weights,
    sums::{moments, sum, sum_of},
};

/// PyTorch's default.
const EPS: f32 = 1e-5;

/// Each row by itself; a gain and a shift for each of its numbers.
#[derive(Clone, Debug)]
pub(super) struct LayerNorm {
    gain: Weights,
    shift: Weights,
}

/// Each picture's groups of channels by themselves; a gain and a shift for each channel.
#[derive(Clone, Debug)]
pub(super) struct GroupNorm {
    gain: Weights,
    shift: Weights,
    plane: Plane,
    groups: usize,
    /// Mean and inverse deviation of each group.
    moments: Vec<(f32, f32)>,
}

fn gain_and_shift(name: &str, size: usize) -> (Weights, Weights) {
    let weights =
        |what: &str, value: f32| Weights::new(format!("{name}.{what}"), vec![size], vec![value; size]);
    (weights("weight", 1.0), weights("bias", 0.0))
}

impl LayerNorm {
    pub(super) fn new(name: &str, width: usize) -> Self {
        let (gain, shift) = gain_and_shift(name, width);
        Self { gain, shift }
    }
}

impl Layer for LayerNorm {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let width = self.gain.value.len();
        y.resize(x.len(), 0.0);
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let (mean, scale) = moments(x, EPS);
            for (((y, x), gain), shift) in y.iter_mut().zip(x).zip(&self.gain.value).zip(&self.shift.value) {
                *y = (x - mean) * scale * gain + shift;
            }
        }
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let width = self.gain.value.len();
        self.gain.grad.fill(0.0);
        self.shift.grad.fill(0.0);
        let mut unwanted = Vec::new();
        let by_x = by_x.unwrap_or(&mut unwanted);
        by_x.resize(x.len(), 0.0);
        let rows = x.chunks_exact(width).zip(by_y.chunks_exact(width)).zip(by_x.chunks_exact_mut(width));
        for ((x, d), to) in rows {
            let (mean, scale) = moments(x, EPS);
            for (((x, d), by_gain), by_shift) in
                x.iter().zip(d).zip(&mut self.gain.grad).zip(&mut self.shift.grad)
            {
                *by_gain += d * (x - mean) * scale;
                *by_shift += d;
            }
            to.iter_mut().zip(d).zip(&self.gain.value).for_each(|((to, d), gain)| *to = d * gain);
            let level = sum(to) / width as f32;
            let tilt = sum_of(to, x, |g, x| g * (x - mean)) * scale / width as f32;
            for (to, x) in to.iter_mut().zip(x) {
                *to = (*to - level - (x - mean) * scale * tilt) * scale;
            }
        }
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        f(&mut self.gain);
        f(&mut self.shift);
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

impl GroupNorm {
    /// For so many groups of channels, which divide their number.
    pub(super) fn new(name: &str, plane: Plane, groups: usize) -> Self {
        let (gain, shift) = gain_and_shift(name, plane.channels);
        Self { gain, shift, plane, groups, moments: Vec::new() }
    }

    /// Channels of a group.
    fn depth(&self) -> usize {
        self.plane.channels / self.groups
    }
}

impl Layer for GroupNorm {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let (depth, pixels) = (self.depth(), self.plane.pixels());
        y.resize(x.len(), 0.0);
        self.moments.clear();
        for (at, (x, y)) in x.chunks_exact(depth * pixels).zip(y.chunks_exact_mut(depth * pixels)).enumerate()
        {
            let (mean, scale) = moments(x, EPS);
            self.moments.push((mean, scale));
            let first = at % self.groups * depth;
            let channels = self.gain.value[first..].iter().zip(&self.shift.value[first..]);
            for ((x, y), (gain, shift)) in
                x.chunks_exact(pixels).zip(y.chunks_exact_mut(pixels)).zip(channels)
            {
                y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - mean) * scale * gain + shift);
            }
        }
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let (depth, pixels) = (self.depth(), self.plane.pixels());
        let size = depth * pixels;
        self.gain.grad.fill(0.0);
        self.shift.grad.fill(0.0);
        let mut unwanted = Vec::new();
        let by_x = by_x.unwrap_or(&mut unwanted);
        by_x.resize(x.len(), 0.0);
        let groups = x.chunks_exact(size).zip(by_y.chunks_exact(size)).zip(by_x.chunks_exact_mut(size));
        for (at, (((x, d), to), (mean, scale))) in groups.zip(&self.moments).enumerate() {
            let first = at % self.groups * depth;
            let (mut level, mut tilt) = (0.0, 0.0);
            for (at, (x, d)) in x.chunks_exact(pixels).zip(d.chunks_exact(pixels)).enumerate() {
                let by_shift = sum(d);
                let by_gain = sum_of(d, x, |d, x| d * (x - mean)) * scale;
                self.shift.grad[first + at] += by_shift;
                self.gain.grad[first + at] += by_gain;
                level += self.gain.value[first + at] * by_shift / size as f32;
                tilt += self.gain.value[first + at] * by_gain / size as f32;
            }
            let channels =
                x.chunks_exact(pixels).zip(d.chunks_exact(pixels)).zip(to.chunks_exact_mut(pixels));
            for (((x, d), to), gain) in channels.zip(&self.gain.value[first..]) {
                for ((to, d), x) in to.iter_mut().zip(d).zip(x) {
                    *to = (d * gain - level - (x - mean) * scale * tilt) * scale;
                }
            }
        }
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        f(&mut self.gain);
        f(&mut self.shift);
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::slope, torch_init::TorchGenerator};

    fn mean_and_deviation(x: &[f32]) -> (f32, f32) {
        let (mean, scale) = moments(x, 0.0);
        (mean, 1.0 / scale)
    }

    fn scatter(layer: &mut dyn Layer) {
        let mut generator = TorchGenerator::new(9);
        layer.visit(&mut |weights| weights.value = generator.uniform(weights.value.len(), 0.5, 1.5));
    }

    #[test]
    fn rows_get_mean_0_and_deviation_1_and_derivatives_are_slopes() {
        let x = TorchGenerator::new(1).uniform(5 * 24, -2.0, 5.0);
        let mut y = Vec::new();
        let mut norm = LayerNorm::new("norm", 24);
        norm.forward(&x, &mut y);
        for y in y.chunks(24) {
            let (mean, deviation) = mean_and_deviation(y);
            assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-4, "{mean} {deviation}");
        }
        scatter(&mut norm);
        slope::check(&mut norm, &x);
    }

    #[test]
    fn groups_of_channels_do_too() {
        let plane = Plane { channels: 4, height: 3, width: 5 };
        let x = TorchGenerator::new(1).uniform(3 * plane.size(), -2.0, 5.0);
        let mut y = Vec::new();
        let mut norm = GroupNorm::new("norm", plane, 2);
        norm.forward(&x, &mut y);
        for y in y.chunks(30) {
            let (mean, deviation) = mean_and_deviation(y);
            assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-4, "{mean} {deviation}");
        }
        scatter(&mut norm);
        slope::check(&mut norm, &x);
    }
}
