//! Classification of a vendored table's rows by layers of `nn.Linear` with ReLU between them.

use std::sync::{Arc, OnceLock};

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Tensor, TensorData, activation::relu},
};

use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{
    Batch, Metrics, Supply, Task, TaskError,
    cross_entropy::{cross_entropy, differentiate},
    line::linear,
    module::{Facts, Loss, Model, ModuleTask},
};
use crate::{
    data::{table::Table, vendored::Vendored},
    flex::{device, to_vec},
    torch_init::TorchGenerator,
};

/// Which network.
pub(super) const MODEL: Parameter = Parameter {
    name: "model",
    kind: Kind::Choice(&["mlp", "softmax"]),
    default: Some("mlp"),
    keyword: Keyword::Named,
    range: Range::Any,
    pytorch: None,
    doc: "`mlp`: one hidden layer with ReLU; `softmax`: one linear layer, whose loss is convex.",
};

/// Width of the hidden layer, with the task's own default.
pub(super) const fn hidden(default: &'static str) -> Parameter {
    Parameter {
        name: "hidden",
        kind: Kind::Integer,
        default: Some(default),
        keyword: Keyword::Named,
        range: Range::Positive,
        pytorch: None,
        doc: "Width of the hidden layer of the MLP.",
    }
}

/// A table to learn, and what a task says of itself when nothing else is asked for.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) table: &'static Vendored,
    /// Filled at the first build.
    pub(super) examples: OnceLock<Arc<Examples>>,
    /// Width of the hidden layer.
    pub(super) hidden: usize,
    /// Rows of a batch.
    pub(super) batch: usize,
    /// Training rows on which curvature is measured.
    pub(super) probe_rows: usize,
}

impl Lesson {
    /// The task with the weights of `seed`, from the arguments [`MODEL`] and [`hidden`].
    pub(super) fn task(&self, args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
        let examples = self.examples()?;
        let softmax = matches!(args.get("model"), Some(Argument::Word(model)) if model == "softmax");
        let hidden = match args.get("hidden") {
            Some(Argument::Number(hidden)) => *hidden as usize,
            _ => self.hidden,
        };
        let (inputs, classes) = (self.table.layout.width, usize::from(self.table.layout.classes));
        let widths = if softmax { vec![inputs, classes] } else { vec![inputs, hidden, classes] };
        let facts = Facts {
            supply: Supply::Rows(examples.train.labels.len()),
            batch_size: self.batch,
            probe_rows: self.probe_rows,
            bowl: None,
        };
        let model = Classifier::new(&mut TorchGenerator::new(seed), &widths);
        Ok(Box::new(ModuleTask::new(model, examples, facts)))
    }

    fn examples(&self) -> Result<Arc<Examples>, TaskError> {
        if let Some(examples) = self.examples.get() {
            return Ok(Arc::clone(examples));
        }
        let halves = self.table.load()?;
        let made = Arc::new(Examples::new(&halves.train, &halves.validation, self.probe_rows));
        Ok(Arc::clone(self.examples.get_or_init(|| made)))
    }
}

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
    fn new(train: &Table, validation: &Table, probe_rows: usize) -> Self {
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
struct Classifier {
    layers: Vec<Linear>,
}

impl Classifier {
    /// Layers of these widths, first input, last classes, with PyTorch's default weights.
    fn new(generator: &mut TorchGenerator, widths: &[usize]) -> Self {
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
        let [_, classes] = logits.dims();
        let mut logits = to_vec(logits);
        let accuracy = accuracy(&logits, &labels);
        let loss = differentiate(&mut logits, classes, &labels);
        vec![("validation loss", loss), ("validation accuracy", accuracy)]
    }
}

/// Share of rows whose largest logit is their label's.
pub(super) fn accuracy<L: Copy + Into<u32>>(logits: &[f32], labels: &[L]) -> f64 {
    let classes = logits.len() / labels.len();
    let hits =
        logits.chunks(classes).zip(labels).filter(|(row, label)| argmax(row) == (**label).into() as usize);
    hits.count() as f64 / labels.len() as f64
}

/// Index of the largest number, the first of equals; of a row without one, its length.
fn argmax(row: &[f32]) -> usize {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter().position(|&z| z == largest).unwrap_or(row.len())
}
