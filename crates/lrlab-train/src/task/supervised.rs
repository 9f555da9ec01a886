//! A dense network in plain Rust that learns from examples: a table of them, or fresh ones from a
//! teacher at every step.

use std::sync::Arc;

use lrlab_core::optimizer::{ParamMut, Parameters};

use super::{
    Batch, Metrics, Supply, Task, TaskError, classifier::accuracy, cross_entropy, network::Network,
    squared_error,
};
use crate::data::normals_from_row;

/// Inputs row by row, and what should come out.
#[derive(Clone, Debug)]
pub(super) struct Examples {
    /// Numbers in a row of inputs.
    pub(super) width: usize,
    pub(super) inputs: Vec<f32>,
    pub(super) goals: Goals,
}

/// What should come out.
#[derive(Clone, Debug)]
pub(super) enum Goals {
    /// As many numbers a row as the network gives: mean squared error.
    Numbers(Vec<f32>),
    /// A class a row: cross-entropy.
    Classes(Vec<u8>),
}

/// Where training rows come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A table.
    Table(Arc<Examples>),
    /// Fresh examples at every step.
    Stream(Teacher),
}

/// A network that never changes, asked about standard normal inputs.
#[derive(Clone, Debug)]
pub(super) struct Teacher {
    pub(super) network: Network,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Standard deviation of the noise on its answers.
    pub(super) noise: f64,
}

/// The task.
#[derive(Clone, Debug)]
pub(super) struct Supervised {
    network: Network,
    source: Source,
    probe: Arc<Examples>,
    validation: Arc<Examples>,
    batch_size: usize,
    /// The examples of the present step.
    batch: Examples,
    /// What the error against goals that are numbers is called.
    error: &'static str,
    facts: Vec<String>,
}

/// Steps of a stream that are called an epoch.
const STEPS_PER_EPOCH: u64 = 50;

impl Examples {
    /// How many there are.
    pub(super) fn rows(&self) -> usize {
        self.inputs.len() / self.width
    }

    /// The rows of these numbers.
    pub(super) fn pick(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let mut picked = self.none();
        rows.into_iter().for_each(|row| picked.push(self, row));
        picked
    }

    /// No rows, of the same kind.
    fn none(&self) -> Self {
        let goals = match self.goals {
            Goals::Numbers(_) => Goals::Numbers(Vec::new()),
            Goals::Classes(_) => Goals::Classes(Vec::new()),
        };
        Self { width: self.width, inputs: Vec::new(), goals }
    }

    fn clear(&mut self) {
        self.inputs.clear();
        match &mut self.goals {
            Goals::Numbers(numbers) => numbers.clear(),
            Goals::Classes(classes) => classes.clear(),
        }
    }

    /// Adds a row of `from`, of the same kind as these.
    fn push(&mut self, from: &Self, row: usize) {
        self.inputs.extend_from_slice(&from.inputs[row * from.width..(row + 1) * from.width]);
        match (&mut self.goals, &from.goals) {
            (Goals::Numbers(to), Goals::Numbers(numbers)) => {
                let outputs = numbers.len() / from.rows();
                to.extend_from_slice(&numbers[row * outputs..(row + 1) * outputs]);
            }
            (Goals::Classes(to), Goals::Classes(classes)) => to.push(classes[row]),
            _ => unreachable!("examples of one task have goals of one kind"),
        }
    }
}

impl Goals {
    /// The loss of `predictions`; puts its derivative in their place.
    fn differentiate(&self, predictions: &mut [f32]) -> f64 {
        match self {
            Self::Numbers(numbers) => squared_error::differentiate(predictions, numbers),
            Self::Classes(labels) => {
                cross_entropy::differentiate(predictions, predictions.len() / labels.len(), labels)
            }
        }
    }
}

impl Teacher {
    /// Its answers to `inputs`, without noise.
    pub(super) fn examples(&mut self, inputs: Vec<f32>) -> Examples {
        let numbers = self.network.forward(&inputs).to_vec();
        Examples { width: self.inputs, inputs, goals: Goals::Numbers(numbers) }
    }

    /// One example for each of these numbers, which seed its inputs and noise.
    pub(super) fn draw(&mut self, rows: &[u64]) -> Examples {
        let (mut inputs, mut noise) = (Vec::new(), Vec::new());
        for &row in rows {
            let normals = normals_from_row(row, self.inputs + self.outputs);
            inputs.extend(normals[..self.inputs].iter().map(|z| *z as f32));
            noise.extend(normals[self.inputs..].iter().map(|z| (self.noise * z) as f32));
        }
        let mut examples = self.examples(inputs);
        if let Goals::Numbers(numbers) = &mut examples.goals {
            numbers.iter_mut().zip(noise).for_each(|(y, z)| *y += z);
        }
        examples
    }
}

impl Supervised {
    /// `network` learns from `source`; `probe` is what curvature is measured on.
    pub(super) fn new(
        network: Network,
        source: Source,
        probe: Examples,
        validation: Examples,
        batch_size: usize,
    ) -> Self {
        let batch = probe.none();
        Self {
            network,
            source,
            probe: Arc::new(probe),
            validation: Arc::new(validation),
            batch_size,
            batch,
            // The goals are a teacher's own answers, so the least loss is 0.
            error: "excess loss",
            facts: Vec::new(),
        }
    }

    /// The same on data of a user, of which `facts` tell: its least loss is not known.
    pub(super) fn of_users(self, facts: Vec<String>) -> Self {
        Self { error: "validation loss", facts, ..self }
    }
}

impl Parameters for Supervised {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        self.network.visit(f);
    }
}

impl Task for Supervised {
    fn supply(&self) -> Supply {
        match &self.source {
            Source::Table(table) => Supply::Rows(table.rows()),
            Source::Stream(_) => Supply::Stream { steps_per_epoch: STEPS_PER_EPOCH },
        }
    }

    fn default_batch_size(&self) -> usize {
        self.batch_size
    }

    fn probe_rows(&self) -> usize {
        self.probe.rows()
    }

    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError> {
        let examples = match (batch, &mut self.source) {
            (Batch::Probe, _) => &*self.probe,
            (Batch::Rows(rows), Source::Table(table)) => {
                self.batch.clear();
                for &row in rows {
                    self.batch.push(table, row as usize);
                }
                &self.batch
            }
            (Batch::Rows(rows), Source::Stream(teacher)) => {
                self.batch = teacher.draw(rows);
                &self.batch
            }
        };
        let loss = examples.goals.differentiate(self.network.forward(&examples.inputs));
        self.network.backward(&examples.inputs);
        Ok(loss)
    }

    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        self.network.visit_gradients(f);
    }

    fn validate(&mut self) -> Result<Metrics, TaskError> {
        let examples = &*self.validation;
        let outputs = self.network.forward(&examples.inputs);
        Ok(match &examples.goals {
            goals @ Goals::Numbers(_) => vec![(self.error, goals.differentiate(outputs))],
            goals @ Goals::Classes(labels) => {
                let accuracy = accuracy(outputs, labels);
                vec![("validation loss", goals.differentiate(outputs)), ("validation accuracy", accuracy)]
            }
        })
    }

    fn facts(&self) -> Vec<String> {
        self.facts.clone()
    }

    fn clone_box(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
