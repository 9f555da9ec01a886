//! Classification of table rows by layers of `nn.Linear` with ReLU between them.

use burn::{
    module::Module,
    nn::{Linear, loss::CrossEntropyLoss},
    tensor::{Int, Tensor, TensorData, activation::relu},
};

use super::{Batch, Metrics, line::linear, module::Model};
use crate::{data::table::Table, flex::device, torch_init::TorchGenerator};

/// Examples to train on and to validate with.
#[derive(Debug)]
pub(super) struct Examples {
    train: Table,
    probe: (Tensor<2>, Tensor<1, Int>),
    validation: (Tensor<2>, Tensor<1, Int>),
}

impl Examples {
    /// `probe_rows` training rows, evenly spaced, make the probe batch.
    pub(super) fn new(train: &Table, validation: &Table, probe_rows: usize) -> Self {
        let rows = train.labels.len();
        let probe: Vec<u64> = (0..probe_rows).map(|i| (i * rows / probe_rows) as u64).collect();
        let all: Vec<u64> = (0..validation.labels.len() as u64).collect();
        let (images, labels) = gather(validation, &all);
        Self {
            train: train.clone(),
            probe: gather(train, &probe),
            validation: (images.inner(), labels.inner()),
        }
    }
}

/// The rows as tensors: features `[rows, width]`, labels `[rows]`.
fn gather(table: &Table, rows: &[u64]) -> (Tensor<2>, Tensor<1, Int>) {
    let mut features = Vec::with_capacity(rows.len() * table.width);
    let mut labels = Vec::with_capacity(rows.len());
    for &row in rows {
        let start = row as usize * table.width;
        features.extend_from_slice(&table.features[start..start + table.width]);
        labels.push(i64::from(table.labels[row as usize]));
    }
    let device = device();
    (
        Tensor::from_data(TensorData::new(features, [rows.len(), table.width]), &device),
        Tensor::from_data(TensorData::new(labels, [rows.len()]), &device),
    )
}

/// Linear layers with ReLU between them; one layer is softmax regression.
#[derive(Module, Debug)]
pub(super) struct Classifier {
    layers: Vec<Linear>,
    loss: CrossEntropyLoss,
}

impl Classifier {
    /// Layers of these widths, first input, last classes, with PyTorch's default weights.
    pub(super) fn new(generator: &mut TorchGenerator, widths: &[usize]) -> Self {
        let layers = widths.windows(2).map(|pair| linear(generator, pair[0], pair[1])).collect();
        Self { layers, loss: CrossEntropyLoss::new(None, &device()) }
    }

    /// Logits of shape `[rows, classes]`.
    fn forward(&self, images: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(images, |x, (index, layer)| {
            let x = layer.forward(x);
            if index < last { relu(x) } else { x }
        })
    }
}

impl Model for Classifier {
    type Data = Examples;

    fn loss(&self, data: &Examples, batch: Batch<'_>) -> Tensor<1> {
        let (images, labels) = match batch {
            Batch::Probe => data.probe.clone(),
            Batch::Rows(rows) => gather(&data.train, rows),
        };
        self.loss.forward(self.forward(images), labels)
    }

    fn validate(&self, data: &Examples) -> Metrics {
        let (images, labels) = data.validation.clone();
        let model = self.valid();
        let logits = model.forward(images);
        let loss = model.loss.forward(logits.clone(), labels.clone()).into_scalar::<f32>();
        let rows = labels.dims()[0];
        let hits = logits.argmax(1).reshape([rows]).equal(labels).int().sum().into_scalar::<i64>();
        vec![("validation loss", f64::from(loss)), ("validation accuracy", hits as f64 / rows as f64)]
    }
}
