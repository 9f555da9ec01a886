//! Models by name and size, in plain Rust over one matrix product, with PyTorch's names, shapes and
//! initial weights.
//!
//! A `Layer` computes outputs for a batch of rows and, later, the gradients of its weights and of
//! its inputs. `Sequential` and `Residual` put layers together; a `Stack` of them, or a `Gpt`,
//! is what a task trains. Every weight keeps the shape that PyTorch gives it, and is drawn in the order in
//! which the twin in `golden/pytorch/models.py` draws it.
//!
//! Buffers are kept from step to step, so a step allocates nothing once the largest batch was seen.

mod activation;
mod attention;
mod convolution;
mod dense;
mod exponential;
mod gpt;
mod lenet;
mod linear;
mod normalization;
#[cfg(test)]
mod parity;
mod plane;
mod pooling;
mod product;
mod residual;
mod residual_net;
mod sequential;
#[cfg(test)]
mod slope;
mod stack;
mod sums;
mod weights;

use std::fmt::Debug;

pub use dense::dense;
pub use gpt::{Gpt, GptSizes};
pub use lenet::lenet;
pub use plane::Plane;
pub use residual_net::{ResidualSizes, residual_net};
pub use stack::Stack;
pub use weights::Weights;

use residual::Residual;
use sequential::Sequential;

/// A differentiable function of a batch of rows, with weights of its own.
///
/// Rows stand one after the other; how many there are follows from the length.
trait Layer: Debug + Send {
    /// Puts the outputs for `x` into `y`, which holds anything before.
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>);

    /// The gradient of each weight, and the derivative by `x` into `by_x` where it is asked for.
    ///
    /// Comes after [`forward`](Self::forward) of the same `x`; `by_y` is the derivative of the loss by
    /// what came out.
    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>);

    /// Shows the weights in the order in which PyTorch's `parameters()` does.
    fn visit(&mut self, _f: &mut dyn FnMut(&mut Weights)) {}

    /// A copy that shares nothing.
    fn clone_box(&self) -> Box<dyn Layer>;
}

impl Clone for Box<dyn Layer> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// What a task trains: logits for rows of inputs.
pub trait Model: Clone + Debug + Send + 'static {
    /// One number of a row of inputs.
    type Input: Copy + Debug + Send + Sync;

    /// Works out the logits for the rows `x`.
    fn forward(&mut self, x: &[Self::Input]);

    /// The logits that were worked out last, row by row.
    fn logits(&mut self) -> &mut [f32];

    /// The gradient of each weight, after [`forward`](Self::forward) of the same `x`, whose
    /// [`logits`](Self::logits) have been replaced by the loss's derivative by them.
    fn backward(&mut self, x: &[Self::Input]);

    /// Shows the weights in the order in which PyTorch's `parameters()` does.
    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights));
}
