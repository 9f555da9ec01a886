//! Signals of one dimension in ten classes, after the idea of MNIST-1D (Greydanus and Kobak, 2020,
//! arXiv:2011.14439): each is its class's template, stretched, shifted, scaled and sheared, in noise.
//!
//! Templates and constants are lrlab's own, so figures do not compare with those of the paper.

use super::{normals_from_row, table::Table};
use crate::torch_init::TorchGenerator;

/// Points in a signal.
pub(crate) const LENGTH: usize = 40;
/// Classes to tell apart.
pub(crate) const CLASSES: usize = 10;

/// Heights of a class's shape at equal distances, in quarters.
const TEMPLATES: [[i8; 12]; CLASSES] = [
    [0, 2, 4, 5, 6, 6, 6, 6, 5, 4, 2, 0],
    [6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5],
    [0, 4, 5, 4, 0, -4, -5, -4, 0, 4, 5, 4],
    [4, 4, 4, 4, 4, 4, -4, -4, -4, -4, -4, -4],
    [-4, -4, -4, -4, 5, 5, 5, 5, -4, -4, -4, -4],
    [6, 0, 0, 0, 0, -5, -5, 0, 0, 0, 0, 6],
    [0, 1, 2, 3, 4, 5, 6, 0, -6, -4, -2, 0],
    [5, -5, 5, -5, 5, -5, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 3, -3, 4, -4, 5, -5],
    [-6, -5, -3, -1, 2, 5, 5, 2, -1, -3, -5, -6],
];

/// Points that a template is stretched to, at least and at most.
const STRETCH: (f32, f32) = (16.0, 28.0);
/// A signal is scaled by a factor between 1 minus and 1 plus this.
const SCALE: f32 = 0.3;
/// Height that is added from one end to the other, at most.
const SHEAR: f32 = 0.75;
/// Standard deviation of the noise that is smooth over some points.
const SMOOTH_NOISE: f64 = 0.25;
/// Standard deviation of the noise of each point by itself.
const POINT_NOISE: f64 = 0.1;
/// Points on either side over which the smooth noise is averaged.
const REACH: usize = 3;

/// So many signals, class by class in turn; equal seeds give equal signals.
pub(crate) fn signals(rows: usize, seed: u64) -> Table {
    let mut generator = TorchGenerator::new(seed);
    let mut table = Table { features: Vec::with_capacity(rows * LENGTH), width: LENGTH, labels: Vec::new() };
    for row in 0..rows {
        let class = row % CLASSES;
        let uniform = generator.uniform(4, 0.0, 1.0);
        let length = STRETCH.0 + uniform[0] * (STRETCH.1 - STRETCH.0);
        let start = uniform[1] * (LENGTH as f32 - length);
        let scale = 1.0 + SCALE * (2.0 * uniform[2] - 1.0);
        let shear = SHEAR * (2.0 * uniform[3] - 1.0);
        let noise = noise((seed << 32) + row as u64);
        table.features.extend(noise.iter().enumerate().map(|(at, noise)| {
            let place = (at as f32 - start) / length;
            let tilt = shear * (at as f32 / (LENGTH - 1) as f32 - 0.5);
            scale * height(&TEMPLATES[class], place) + tilt + noise
        }));
        table.labels.push(class as u8);
    }
    table
}

/// The template's height at `place`, 0 being its start and 1 its end; 0 outside.
fn height(template: &[i8; 12], place: f32) -> f32 {
    if !(0.0..=1.0).contains(&place) {
        return 0.0;
    }
    let at = place * (template.len() - 1) as f32;
    let left = (at as usize).min(template.len() - 2);
    let (a, b) = (f32::from(template[left]) / 4.0, f32::from(template[left + 1]) / 4.0);
    a + (b - a) * (at - left as f32)
}

/// A signal's noise, both kinds.
fn noise(row: u64) -> Vec<f32> {
    let normals = normals_from_row(row, 2 * LENGTH + 2 * REACH);
    let (points, smooth) = normals.split_at(LENGTH);
    let window = 2 * REACH + 1;
    smooth
        .windows(window)
        .zip(points)
        .map(|(around, point)| {
            let smooth = around.iter().sum::<f64>() / (window as f64).sqrt();
            (SMOOTH_NOISE * smooth + POINT_NOISE * point) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_classes_take_turns() {
        let signals_of = |seed| signals(40, seed);
        assert_eq!(signals_of(1), signals_of(1));
        assert_ne!(signals_of(1).features, signals_of(2).features);
        assert_eq!(signals_of(1).features.len(), 40 * LENGTH);
        assert_eq!(signals_of(1).labels[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    }

    #[test]
    fn a_template_is_met_at_its_points_and_is_0_outside() {
        let template = &TEMPLATES[1];
        assert_eq!(height(template, 0.0), 1.5);
        assert_eq!(height(template, 1.0), -1.25);
        assert!((height(template, 0.5 / 11.0) - 1.375).abs() < 1e-6);
        assert_eq!(height(template, 1.01), 0.0);
        assert_eq!(height(template, -0.01), 0.0);
    }

    #[test]
    fn noise_has_the_deviation_that_is_stated() {
        let all: Vec<f64> = (0..500).flat_map(noise).map(f64::from).collect();
        let variance = all.iter().map(|x| x * x).sum::<f64>() / all.len() as f64;
        let expected = SMOOTH_NOISE * SMOOTH_NOISE + POINT_NOISE * POINT_NOISE;
        assert!((variance / expected - 1.0).abs() < 0.05, "{variance} against {expected}");
    }
}
