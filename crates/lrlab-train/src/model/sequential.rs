//! `nn.Sequential`: layers one after the other.

use super::{Layer, Weights};

#[derive(Clone, Debug, Default)]
pub(super) struct Sequential {
    layers: Vec<Box<dyn Layer>>,
    /// What each layer but the last gave.
    between: Vec<Vec<f32>>,
    /// The derivative on its way back: by a layer's output, and by its input.
    derivatives: [Vec<f32>; 2],
}

impl Sequential {
    pub(super) fn new(layers: Vec<Box<dyn Layer>>) -> Self {
        let between = vec![Vec::new(); layers.len().saturating_sub(1)];
        Self { layers, between, derivatives: Default::default() }
    }
}

impl Layer for Sequential {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let last = self.layers.len() - 1;
        for (at, layer) in self.layers.iter_mut().enumerate() {
            let (before, rest) = self.between.split_at_mut(at);
            let input = before.last().map_or(x, Vec::as_slice);
            layer.forward(input, if at < last { &mut rest[0] } else { &mut *y });
        }
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], mut by_x: Option<&mut Vec<f32>>) {
        let last = self.layers.len() - 1;
        let [by_output, by_input] = &mut self.derivatives;
        for (at, layer) in self.layers.iter_mut().enumerate().rev() {
            let input = if at == 0 { x } else { &self.between[at - 1] };
            let derivative = if at == last { by_y } else { by_output.as_slice() };
            let wanted = if at == 0 { by_x.take() } else { Some(&mut *by_input) };
            layer.backward(input, derivative, wanted);
            std::mem::swap(by_output, by_input);
        }
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        self.layers.iter_mut().for_each(|layer| layer.visit(f));
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}
