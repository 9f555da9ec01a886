//! `linear` and `mlp`: layers of `nn.Linear` with ReLU between them.

use super::{Layer, Stack, activation::Relu, linear::Linear};
use crate::torch_init::TorchGenerator;

/// Layers of these widths, first inputs, last classes; two widths are softmax regression.
pub fn dense(generator: &mut TorchGenerator, widths: &[usize]) -> Stack {
    let mut layers: Vec<Box<dyn Layer>> = Vec::new();
    for (at, pair) in widths.windows(2).enumerate() {
        if at > 0 {
            layers.push(Box::new(Relu));
        }
        layers.push(Box::new(Linear::new(generator, &format!("layers.{at}"), pair[0], pair[1])));
    }
    Stack::new(layers)
}
