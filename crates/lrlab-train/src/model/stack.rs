//! Layers from rows of numbers to logits.

use super::{Layer, Model, Sequential, Weights};

/// Layers one after the other, the last of which gives a logit for each class.
#[derive(Clone, Debug)]
pub struct Stack {
    layers: Sequential,
    logits: Vec<f32>,
}

impl Stack {
    pub(super) fn new(layers: Vec<Box<dyn Layer>>) -> Self {
        Self { layers: Sequential::new(layers), logits: Vec::new() }
    }
}

impl Model for Stack {
    type Input = f32;

    fn forward(&mut self, x: &[f32]) {
        self.layers.forward(x, &mut self.logits);
    }

    fn logits(&mut self) -> &mut [f32] {
        &mut self.logits
    }

    fn backward(&mut self, x: &[f32]) {
        self.layers.backward(x, &self.logits, None);
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        self.layers.visit(f);
    }
}
