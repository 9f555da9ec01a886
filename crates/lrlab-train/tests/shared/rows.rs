//! A linear model on a handful of rows, whose batches always come in the same order: what a loop of
//! PyTorch without shuffling sees.
#![allow(dead_code, reason = "each test file uses its share")]

use std::collections::BTreeMap;

use lrlab_core::optimizer::{ParamMut, Parameters};
use lrlab_train::{Batch, Metrics, Task, TaskError, task::Supply};

/// `y = w . x + b` with the mean squared error; metrics are the loss over all rows and the weights.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) inputs: Vec<[f32; 3]>,
    pub(crate) targets: Vec<f32>,
    pub(crate) batch_size: usize,
    /// What the loss of a batch is multiplied with, by the number of the batch over the whole training.
    pub(crate) spoilt: BTreeMap<usize, f32>,
    pub(crate) weight: [f32; 3],
    pub(crate) bias: [f32; 1],
    pub(crate) weight_gradient: [f32; 3],
    pub(crate) bias_gradient: [f32; 1],
    /// Batches seen, and rows of this pass.
    pub(crate) seen: usize,
    pub(crate) row: usize,
}

impl Rows {
    pub(crate) fn new(inputs: Vec<[f32; 3]>, targets: Vec<f32>, batch_size: usize) -> Self {
        Self {
            inputs,
            targets,
            batch_size,
            spoilt: BTreeMap::new(),
            weight: [0.5, -0.25, 0.125],
            bias: [0.0625],
            weight_gradient: [0.0; 3],
            bias_gradient: [0.0],
            seen: 0,
            row: 0,
        }
    }

    /// Ten rows in batches of 3, 3, 3 and 1.
    pub(crate) fn ten() -> Self {
        let number =
            |row: usize, column: usize| ((7 * row + 5 * column + row * column) % 16) as f32 / 8.0 - 1.0;
        let inputs = (0..10).map(|row| [0, 1, 2].map(|column| number(row, column))).collect();
        let targets = (0..10).map(|row| ((11 * row) % 16) as f32 / 4.0 - 2.0).collect();
        Self::new(inputs, targets, 3)
    }

    /// Loss and gradients of the rows from `first` on.
    fn measure(&mut self, first: usize, count: usize, factor: f32) -> f64 {
        let (mut loss, n) = (0.0, count as f32);
        (self.weight_gradient, self.bias_gradient) = ([0.0; 3], [0.0]);
        for (x, y) in self.inputs.iter().zip(&self.targets).skip(first).take(count) {
            let error = x.iter().zip(&self.weight).map(|(x, w)| x * w).sum::<f32>() + self.bias[0] - y;
            loss += f64::from(error * error) / f64::from(n);
            let slope = 2.0 * error / n * factor;
            self.weight_gradient.iter_mut().zip(x).for_each(|(g, x)| *g += slope * x);
            self.bias_gradient[0] += slope;
        }
        loss * f64::from(factor)
    }
}

impl Parameters for Rows {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        let Self { weight, bias, weight_gradient, bias_gradient, .. } = self;
        f(ParamMut::new("layer.weight", &[1, 3], weight, weight_gradient));
        f(ParamMut::new("layer.bias", &[1], bias, bias_gradient));
    }
}

impl Task for Rows {
    fn supply(&self) -> Supply {
        Supply::Rows(self.inputs.len())
    }

    fn default_batch_size(&self) -> usize {
        self.batch_size
    }

    fn probe_rows(&self) -> usize {
        self.inputs.len()
    }

    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError> {
        let all = self.inputs.len();
        Ok(match batch {
            Batch::Rows(rows) => {
                let (first, count) = (self.row, rows.len());
                self.row = (first + count) % all;
                let factor = self.spoilt.get(&self.seen).copied().unwrap_or(1.0);
                self.seen += 1;
                self.measure(first, count, factor)
            }
            Batch::Probe => self.measure(0, all, 1.0),
        })
    }

    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        f(&mut self.weight_gradient);
        f(&mut self.bias_gradient);
    }

    fn validate(&mut self) -> Result<Metrics, TaskError> {
        let loss = self.clone().measure(0, self.inputs.len(), 1.0);
        let [w0, w1, w2] = self.weight.map(f64::from);
        Ok(vec![("loss", loss), ("w0", w0), ("w1", w1), ("w2", w2), ("w3", f64::from(self.bias[0]))])
    }

    fn clone_box(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
