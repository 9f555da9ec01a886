//! Classification of table rows by layers of `nn.Linear` with ReLU between them.

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Tensor, TensorData, activation::relu},
};

use super::{
    Batch, Metrics,
    cross_entropy::{cross_entropy, differentiate},
    line::linear,
    module::{Loss, Model},
};
use crate::{
    data::table::Table,
    flex::{device, to_vec},
    torch_init::TorchGenerator,
};

/// Examples to train on and to validate with.
#[derive(Debug)]
pub(super) struct Examples {
    train: Table,
    probe: Rows,
    validation: Rows,
}

/// Some rows of a table: features of shape `[rows, width]`, and a label each.
#[derive(Clone, Debug)]
struct Rows {
    features: Tensor<2>,
    labels: Vec<u8>,
}

impl Examples {
    /// `probe_rows` training rows, evenly spaced, make the probe batch.
    pub(super) fn new(train: &Table, validation: &Table, probe_rows: usize) -> Self {
        let rows = train.labels.len();
        let probe: Vec<u64> = (0..probe_rows).map(|i| (i * rows / probe_rows) as u64).collect();
        let all: Vec<u64> = (0..validation.labels.len() as u64).collect();
        let validation = Rows::of(validation, &all);
        Self {
            train: train.clone(),
            probe: Rows::of(train, &probe),
            validation: Rows { features: validation.features.inner(), labels: validation.labels },
        }
    }
}

impl Rows {
    fn of(table: &Table, rows: &[u64]) -> Self {
        let mut features = Vec::with_capacity(rows.len() * table.width);
        for &row in rows {
            let start = row as usize * table.width;
            features.extend_from_slice(&table.features[start..start + table.width]);
        }
        let features = TensorData::new(features, [rows.len(), table.width]);
        Self {
            features: Tensor::from_data(features, &device()),
            labels: rows.iter().map(|&row| table.labels[row as usize]).collect(),
        }
    }
}

/// Linear layers with ReLU between them; one layer is softmax regression.
#[derive(Module, Debug)]
pub(super) struct Classifier {
    layers: Vec<Linear>,
}

impl Classifier {
    /// Layers of these widths, first input, last classes, with PyTorch's default weights.
    pub(super) fn new(generator: &mut TorchGenerator, widths: &[usize]) -> Self {
        let layers = widths.windows(2).map(|pair| linear(generator, pair[0], pair[1])).collect();
        Self { layers }
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

    fn loss(&self, data: &Examples, batch: Batch<'_>) -> Loss {
        let Rows { features, labels } = match batch {
            Batch::Probe => data.probe.clone(),
            Batch::Rows(rows) => Rows::of(&data.train, rows),
        };
        cross_entropy(self.forward(features), &labels)
    }

    fn validate(&self, data: &Examples) -> Metrics {
        let Rows { features, labels } = data.validation.clone();
        let logits = self.forward(features);
        let [rows, classes] = logits.dims();
        let mut logits = to_vec(logits);
        let hits =
            logits.chunks(classes).zip(&labels).filter(|(row, label)| argmax(row) == usize::from(**label));
        let accuracy = hits.count() as f64 / rows as f64;
        let loss = differentiate(&mut logits, classes, &labels);
        vec![("validation loss", loss), ("validation accuracy", accuracy)]
    }
}

/// Index of the largest number, the first of equals; of a row without one, its length.
fn argmax(row: &[f32]) -> usize {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter().position(|&z| z == largest).unwrap_or(row.len())
}
