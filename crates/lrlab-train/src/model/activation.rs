//! `nn.ReLU()` and `nn.GELU(approximate="tanh")`.

use super::{Layer, exponential::exp};

/// `max(x, 0)`, with derivative 0 at 0; NaN stays NaN.
#[derive(Clone, Debug)]
pub(super) struct Relu;

/// `x / 2 * (1 + tanh(u))` with `u = sqrt(2 / pi) (x + 0.044715 x^3)`, which is `x / (1 + e^(-2 u))`.
///
/// Source: Hendrycks and Gimpel (2016), arXiv:1606.08415; the form of GPT-2.
#[derive(Clone, Debug)]
pub(super) struct Gelu;

impl Layer for Relu {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        y.resize(x.len(), 0.0);
        // Not `max`, which would turn a NaN into 0.
        y.iter_mut().zip(x).for_each(|(y, x)| *y = if *x < 0.0 { 0.0 } else { *x });
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let Some(by_x) = by_x else { return };
        by_x.resize(x.len(), 0.0);
        for ((to, x), d) in by_x.iter_mut().zip(x).zip(by_y) {
            *to = if *x > 0.0 { *d } else { 0.0 };
        }
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// `2 sqrt(2 / pi)`.
const SLOPE: f32 = 1.595_769;
/// Share of the cube.
const CUBE: f32 = 0.044_715;

/// `1 / (1 + e^(-2 u))`.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
fn share(x: f32) -> f32 {
    1.0 / (1.0 + exp(-SLOPE * (x + CUBE * x * x * x)))
}

impl Layer for Gelu {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        y.resize(x.len(), 0.0);
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x * share(*x));
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let Some(by_x) = by_x else { return };
        by_x.resize(x.len(), 0.0);
        for ((to, x), d) in by_x.iter_mut().zip(x).zip(by_y) {
            let share = share(*x);
            let slope = SLOPE * (1.0 + 3.0 * CUBE * x * x);
            *to = d * share * (1.0 + x * (1.0 - share) * slope);
        }
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gelu_is_its_definition_and_its_derivative_is_the_slope() {
        let x: Vec<f32> = (-40..=40).map(|i| i as f32 / 8.0).collect();
        let mut y = Vec::new();
        Gelu.forward(&x, &mut y);
        for (x, y) in x.iter().zip(&y) {
            let wide = f64::from(*x);
            let u = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044_715 * wide.powi(3));
            assert!((f64::from(*y) - wide / 2.0 * (1.0 + u.tanh())).abs() < 1e-6, "{x}: {y}");
        }
        crate::model::slope::check(&mut Gelu, &x);
    }

    #[test]
    fn far_out_gelu_is_0_or_x_and_nan_is_kept() {
        let mut y = Vec::new();
        Gelu.forward(&[-1e4, 1e4, f32::NAN], &mut y);
        assert!(y[0].abs() < 1e-30 && y[1] == 1e4 && y[2].is_nan(), "{y:?}");
        Relu.forward(&[-1.0, 2.0, f32::NAN], &mut y);
        assert!(y[0] == 0.0 && y[1] == 2.0 && y[2].is_nan(), "{y:?}");
    }

    #[test]
    fn relu_has_no_slope_at_0() {
        let mut by_x = Vec::new();
        Relu.backward(&[-1.0, 0.0, 1.0], &[2.0, 3.0, 4.0], Some(&mut by_x));
        assert_eq!(by_x, [0.0, 0.0, 4.0]);
    }
}
