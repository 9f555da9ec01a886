//! Gradient clipping, over all parameters of a model, before the update.
//!
//! ```text
//! by norm:  g = g * min(1, max_norm / (|g| + 1e-6))      |g| over all parameters together
//! by value: g = min(max(g, -limit), limit)               each element
//! ```
//!
//! Paper: Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural
//! networks", algorithm 1.
//!
//! PyTorch: `torch.nn.utils.clip_grad_norm_` (2-norm) and `clip_grad_value_`. Differences: PyTorch
//! takes the norm of each tensor in f32 and then the norm of those; here all squares are summed in
//! f64, and only the factor is narrowed to f32, so the last bits may differ.

use super::{ParamMut, Parameters};
use crate::vector;

/// What clipping by norm found and did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClippedNorm {
    /// Euclidean norm of all gradients together, before clipping.
    pub norm: f64,
    /// Whether any gradient was scaled.
    pub clipped: bool,
}

/// Euclidean norm of all gradients together.
pub fn global_norm(parameters: &mut dyn Parameters) -> f64 {
    let mut squares = 0.0;
    parameters.visit(&mut |parameter: ParamMut<'_>| squares += vector::norm_squared(parameter.grad));
    squares.sqrt()
}

/// Scales all gradients by `max_norm / (norm + 1e-6)` where that is below 1.
///
/// As in PyTorch, a norm of infinity makes the gradients 0 or NaN, and a norm of NaN makes them all
/// NaN: training that blew up stays visible.
///
/// ```
/// use lrlab_core::optimizer::{ParamMut, Parameters, clip};
///
/// struct One([f32; 2], [f32; 2]);
/// impl Parameters for One {
///     fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
///         f(ParamMut::new("w", &[2], &mut self.0, &mut self.1));
///     }
/// }
/// let mut model = One([0.0; 2], [3.0, 4.0]);
/// let found = clip::by_norm(&mut model, 1.0);
/// assert_eq!((found.norm, found.clipped), (5.0, true));
/// assert!((model.1[0] - 0.6).abs() < 1e-6);
/// ```
pub fn by_norm(parameters: &mut dyn Parameters, max_norm: f64) -> ClippedNorm {
    let norm = global_norm(parameters);
    let factor = (max_norm / (norm + 1e-6)) as f32;
    // A NaN factor is not below 1 either, but it has to reach the gradients.
    let clipped = factor < 1.0 || factor.is_nan();
    if clipped {
        parameters.visit(&mut |parameter: ParamMut<'_>| {
            parameter.grad.iter_mut().for_each(|g| *g *= factor);
        });
    }
    ClippedNorm { norm, clipped }
}

/// Clamps each element of each gradient to `-limit..=limit`; NaN stays. Returns whether any element
/// changed.
pub fn by_value(parameters: &mut dyn Parameters, limit: f64) -> bool {
    let limit = limit as f32;
    let mut clipped = false;
    parameters.visit(&mut |parameter: ParamMut<'_>| {
        for g in parameter.grad.iter_mut() {
            clipped |= g.abs() > limit;
            // Not f32::clamp, which panics on a limit below 0.
            *g = if *g < -limit { -limit } else { *g };
            *g = if *g > limit { limit } else { *g };
        }
    });
    clipped
}
