//! Dense layers in plain Rust, forward and backward.
//!
//! A few thousand weights are dealt with in less time than a tensor engine needs to look at them. The
//! order of every sum is fixed, whatever the machine.

use lrlab_core::optimizer::ParamMut;

use crate::torch_init::TorchGenerator;

/// What stands between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Identity,
    Relu,
    Tanh,
}

/// Layers of `y = x W + b`, with an activation behind each but the last.
#[derive(Clone, Debug)]
pub(super) struct Network {
    layers: Vec<Layer>,
    activation: Activation,
    /// What each layer gave last, behind its activation.
    outputs: Vec<Vec<f32>>,
    /// The derivative on its way back.
    back: Vec<f32>,
}

#[derive(Clone, Debug)]
struct Layer {
    weight: Param,
    /// Absent in a layer that only multiplies.
    bias: Option<Param>,
}

#[derive(Clone, Debug)]
struct Param {
    name: String,
    /// `[inputs, outputs]` of a weight, `[outputs]` of a bias.
    shape: Vec<usize>,
    value: Vec<f32>,
    grad: Vec<f32>,
}

impl Network {
    /// Layers of these widths, at least an input and an output, with PyTorch's default weights.
    pub(super) fn new(
        generator: &mut TorchGenerator,
        widths: &[usize],
        activation: Activation,
        biased: bool,
    ) -> Self {
        let layers: Vec<Layer> = widths
            .windows(2)
            .enumerate()
            .map(|(at, pair)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let biases = if biased { outputs } else { 0 };
                let (weight, bias) = generator.layer(inputs * outputs, biases, inputs);
                let weight = Param::new(format!("layers.{at}.weight"), vec![inputs, outputs], weight);
                let bias = biased.then(|| Param::new(format!("layers.{at}.bias"), vec![outputs], bias));
                Layer { weight, bias }
            })
            .collect();
        let outputs = vec![Vec::new(); layers.len()];
        Self { layers, activation, outputs, back: Vec::new() }
    }

    /// Layers of these widths with the weights that PyTorch's `nn.Linear` has after the same seed, each in its
    /// own place: PyTorch stores a weight as `[outputs, inputs]`.
    pub(super) fn of_torch(generator: &mut TorchGenerator, widths: &[usize], activation: Activation) -> Self {
        let mut network = Self::new(generator, widths, activation, true);
        for layer in &mut network.layers {
            let (inputs, outputs) = layer.widths();
            let drawn = std::mem::take(&mut layer.weight.value);
            layer.weight.value =
                (0..drawn.len()).map(|at| drawn[(at % outputs) * inputs + at / outputs]).collect();
        }
        network
    }

    /// Multiplies every weight by `factor`.
    pub(super) fn scale(&mut self, factor: f32) {
        for layer in &mut self.layers {
            layer.weight.value.iter_mut().for_each(|w| *w *= factor);
        }
    }

    /// What the last layer gives for the rows `x`, one after the other.
    pub(super) fn forward(&mut self, x: &[f32]) -> &mut [f32] {
        let last = self.layers.len() - 1;
        for (at, layer) in self.layers.iter().enumerate() {
            let (before, rest) = self.outputs.split_at_mut(at);
            let output = &mut rest[0];
            layer.forward(before.last().map_or(x, Vec::as_slice), output);
            if at < last {
                self.activation.apply(output);
            }
        }
        &mut self.outputs[last]
    }

    /// Every parameter's gradient, after [`forward`](Self::forward) of the same `x`, whose result has
    /// been replaced by the loss's derivative by it.
    pub(super) fn backward(&mut self, x: &[f32]) {
        for (at, layer) in self.layers.iter_mut().enumerate().rev() {
            let (before, rest) = self.outputs.split_at_mut(at);
            let derivative = &rest[0];
            let Some(input) = before.last_mut() else {
                layer.differentiate(x, derivative);
                continue;
            };
            layer.differentiate(input, derivative);
            layer.back(derivative, &mut self.back);
            self.activation.back(&mut self.back, input);
            std::mem::swap(&mut self.back, input);
        }
    }

    /// Shows each parameter with its gradient.
    pub(super) fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        for param in self.params() {
            let Param { name, shape, value, grad } = param;
            // As one matrix product wants it: rows of inputs, against PyTorch's rows of outputs.
            f(ParamMut { name, shape, transposed: true, value, grad });
        }
    }

    /// Shows each parameter's gradient, in the same order.
    pub(super) fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        self.params().for_each(|param| f(&mut param.grad));
    }

    fn params(&mut self) -> impl Iterator<Item = &mut Param> {
        self.layers.iter_mut().flat_map(|layer| std::iter::once(&mut layer.weight).chain(&mut layer.bias))
    }
}

impl Param {
    fn new(name: String, shape: Vec<usize>, value: Vec<f32>) -> Self {
        let grad = vec![0.0; value.len()];
        Self { name, shape, value, grad }
    }
}

impl Layer {
    fn forward(&self, x: &[f32], y: &mut Vec<f32>) {
        let (inputs, outputs) = self.widths();
        y.clear();
        y.resize(x.len() / inputs * outputs, 0.0);
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            if let Some(bias) = &self.bias {
                y.copy_from_slice(&bias.value);
            }
            for (x, weights) in x.iter().zip(self.weight.value.chunks_exact(outputs)) {
                add_multiple(y, *x, weights);
            }
        }
    }

    /// Its own gradients for these inputs and the derivative by its outputs.
    fn differentiate(&mut self, x: &[f32], derivative: &[f32]) {
        let (inputs, outputs) = self.widths();
        self.weight.grad.fill(0.0);
        for (x, d) in x.chunks_exact(inputs).zip(derivative.chunks_exact(outputs)) {
            for (x, grad) in x.iter().zip(self.weight.grad.chunks_exact_mut(outputs)) {
                add_multiple(grad, *x, d);
            }
        }
        if let Some(bias) = &mut self.bias {
            bias.grad.fill(0.0);
            for d in derivative.chunks_exact(outputs) {
                add_multiple(&mut bias.grad, 1.0, d);
            }
        }
    }

    /// The derivative by its inputs.
    fn back(&self, derivative: &[f32], by_input: &mut Vec<f32>) {
        let (_, outputs) = self.widths();
        by_input.clear();
        for d in derivative.chunks_exact(outputs) {
            by_input.extend(self.weight.value.chunks_exact(outputs).map(|weights| dot(weights, d)));
        }
    }

    fn widths(&self) -> (usize, usize) {
        (self.weight.shape[0], self.weight.shape[1])
    }
}

impl Activation {
    fn apply(self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            // Not `max`, which would turn a NaN into 0.
            Self::Relu => values.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
            Self::Tanh => values.iter_mut().for_each(|x| *x = x.tanh()),
        }
    }

    /// The derivative by what went in, from the derivative by what came out and the latter itself.
    fn back(self, derivative: &mut [f32], output: &[f32]) {
        let both = derivative.iter_mut().zip(output);
        match self {
            Self::Identity => {}
            Self::Relu => both.for_each(|(d, y)| *d = if *y > 0.0 { *d } else { 0.0 }),
            Self::Tanh => both.for_each(|(d, y)| *d *= 1.0 - y * y),
        }
    }
}

/// `y += a x`. Inputs are often exactly 0: one-hot, or behind a ReLU.
fn add_multiple(y: &mut [f32], a: f32, x: &[f32]) {
    if a != 0.0 {
        for (y, x) in y.iter_mut().zip(x) {
            *y += a * x;
        }
    }
}

/// The sum of products, in eight sums side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (wide, rest) = (a.chunks_exact(8).zip(b.chunks_exact(8)), a.len() / 8 * 8);
    for (a, b) in wide {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let tail: f32 = a[rest..].iter().zip(&b[rest..]).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_can_be_worked_out_by_hand() {
        let mut network = Network::new(&mut TorchGenerator::new(0), &[2, 2, 1], Activation::Relu, true);
        for (param, value) in
            network.params().zip([vec![1.0, -1.0, 2.0, 1.0], vec![0.5, 0.0], vec![3.0, -4.0], vec![1.0]])
        {
            param.value = value;
        }
        let x = [1.0, 2.0, 3.0, 1.0];
        // Hidden: (1 + 4 + 0.5, -1 + 2) and (3 + 2 + 0.5, relu(-3 + 1)).
        assert_eq!(network.forward(&x), [3.0 * 5.5 - 4.0 + 1.0, 3.0 * 5.5 + 1.0]);
        network.outputs[1] = vec![1.0, 1.0];
        network.backward(&x);
        let mut gradients = Vec::new();
        network.visit_gradients(&mut |grad| gradients.push(grad.to_vec()));
        assert_eq!(gradients, [vec![12.0, -4.0, 9.0, -8.0], vec![6.0, -4.0], vec![11.0, 1.0], vec![2.0]]);
    }

    #[test]
    fn the_weights_of_pytorch_lie_in_their_places() {
        let drawn = TorchGenerator::new(3).layer(6, 2, 3).0;
        let network = Network::of_torch(&mut TorchGenerator::new(3), &[3, 2], Activation::Relu);
        // The weight from input i to output o is drawn[o * 3 + i] there, and [i * 2 + o] here.
        let places = [drawn[0], drawn[3], drawn[1], drawn[4], drawn[2], drawn[5]];
        assert_eq!(network.layers[0].weight.value, places);
    }

    #[test]
    fn a_nan_is_not_lost_behind_a_relu() {
        let mut values = [f32::NAN, -1.0, 2.0];
        Activation::Relu.apply(&mut values);
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [0.0, 2.0]);
    }

    #[test]
    fn a_dot_product_takes_every_element() {
        let a: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        assert_eq!(dot(&a, &a), 2470.0);
    }
}
