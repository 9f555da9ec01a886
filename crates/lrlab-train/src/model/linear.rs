//! `nn.Linear`: `y = x W^T + b`, with `W` of shape `[outputs, inputs]`.

use super::{
    Layer, Weights,
    product::{Matrix, MatrixMut},
};
use crate::torch_init::TorchGenerator;

#[derive(Clone, Debug)]
pub(super) struct Linear {
    weight: Weights,
    bias: Option<Weights>,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// The layer `name` with PyTorch's default weights.
    pub(super) fn new(generator: &mut TorchGenerator, name: &str, inputs: usize, outputs: usize) -> Self {
        let (weight, bias) = generator.layer(inputs * outputs, outputs, inputs);
        Self {
            weight: Weights::new(format!("{name}.weight"), vec![outputs, inputs], weight),
            bias: Some(Weights::new(format!("{name}.bias"), vec![outputs], bias)),
            inputs,
            outputs,
        }
    }

    /// The same without a bias.
    pub(super) fn unbiased(
        generator: &mut TorchGenerator,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        let (weight, _) = generator.layer(inputs * outputs, 0, inputs);
        let weight = Weights::new(format!("{name}.weight"), vec![outputs, inputs], weight);
        Self { weight, bias: None, inputs, outputs }
    }

    /// The weight as a matrix of `outputs` rows.
    fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.weight.value, self.outputs, self.inputs)
    }
}

impl Layer for Linear {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let rows = x.len() / inputs;
        y.resize(rows * outputs, 0.0);
        let x = Matrix::new(x, rows, inputs);
        match &self.bias {
            None => MatrixMut::new(y, rows, outputs).set(1.0, x, self.matrix().transposed()),
            Some(bias) => {
                y.chunks_exact_mut(outputs).for_each(|y| y.copy_from_slice(&bias.value));
                MatrixMut::new(y, rows, outputs).add(x, self.matrix().transposed());
            }
        }
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let rows = x.len() / inputs;
        let d = Matrix::new(by_y, rows, outputs);
        let x = Matrix::new(x, rows, inputs);
        MatrixMut::new(&mut self.weight.grad, outputs, inputs).set(1.0, d.transposed(), x);
        if let Some(bias) = &mut self.bias {
            sum_rows(by_y, &mut bias.grad);
        }
        if let Some(by_x) = by_x {
            by_x.resize(rows * inputs, 0.0);
            MatrixMut::new(by_x, rows, inputs).set(1.0, d, self.matrix());
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

/// The sum of rows that are each as long as `sum`.
fn sum_rows(rows: &[f32], sum: &mut [f32]) {
    sum.fill(0.0);
    for row in rows.chunks_exact(sum.len()) {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}
