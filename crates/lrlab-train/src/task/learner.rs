//! A model that learns to tell classes from examples in memory, by cross-entropy.

use std::sync::Arc;

use lrlab_core::optimizer::{ParamMut, Parameters};

use super::{Batch, Metrics, Supply, Task, TaskError, classifier::accuracy, cross_entropy::differentiate};
use crate::model::{Model, Weights};

/// Examples in a fixed order.
pub(super) trait Examples: std::fmt::Debug + Send + Sync + 'static {
    /// One number of the inputs.
    type Input;

    /// How many there are.
    fn rows(&self) -> usize;

    /// Adds the inputs of an example, and the class of each row of logits that a model gives for them.
    fn read(&self, row: usize, inputs: &mut Vec<Self::Input>, labels: &mut Vec<u32>);

    /// What a validation tells, from the mean cross-entropy in nats and the share of right answers.
    fn metrics(loss: f64, accuracy: f64) -> Metrics;
}

/// The task.
#[derive(Debug)]
pub(super) struct Learner<M: Model, E> {
    model: M,
    train: Arc<E>,
    validation: Arc<E>,
    /// Training rows that make the probe batch.
    probe: Arc<[u64]>,
    batch_size: usize,
    inputs: Vec<M::Input>,
    labels: Vec<u32>,
}

/// Examples that are validated at once.
const VALIDATED_AT_ONCE: usize = 64;

impl<M: Model, E: Examples<Input = M::Input>> Learner<M, E> {
    /// `model` learns `train`, in batches of `batch_size` where there are as many; `probe_rows` of
    /// them, evenly spaced, are what curvature is measured on.
    pub(super) fn new(
        model: M,
        train: Arc<E>,
        validation: Arc<E>,
        batch_size: usize,
        probe_rows: usize,
    ) -> Self {
        let rows = train.rows();
        let probed = probe_rows.min(rows);
        let probe = (0..probed).map(|at| (at * rows / probed) as u64).collect();
        let batch_size = batch_size.min(rows);
        Self { model, train, validation, probe, batch_size, inputs: Vec::new(), labels: Vec::new() }
    }

    /// Works out the logits of these examples, whose inputs and labels are then at hand.
    fn forward(&mut self, examples: &E, rows: &[u64]) {
        self.inputs.clear();
        self.labels.clear();
        for &row in rows {
            examples.read(row as usize, &mut self.inputs, &mut self.labels);
        }
        self.model.forward(&self.inputs);
    }
}

impl<M: Model, E> Parameters for Learner<M, E> {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        self.model.visit(&mut |Weights { name, shape, value, grad }| {
            f(ParamMut::new(name, shape, value, grad));
        });
    }
}

impl<M: Model, E: Examples<Input = M::Input>> Task for Learner<M, E> {
    fn supply(&self) -> Supply {
        Supply::Rows(self.train.rows())
    }

    fn default_batch_size(&self) -> usize {
        self.batch_size
    }

    fn probe_rows(&self) -> usize {
        self.probe.len()
    }

    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError> {
        let (train, probe) = (Arc::clone(&self.train), Arc::clone(&self.probe));
        let rows = match batch {
            Batch::Rows(rows) => rows,
            Batch::Probe => &probe,
        };
        self.forward(&train, rows);
        let logits = self.model.logits();
        let classes = logits.len() / self.labels.len();
        let loss = differentiate(logits, classes, &self.labels);
        self.model.backward(&self.inputs);
        Ok(loss)
    }

    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        self.model.visit(&mut |weights| f(&mut weights.grad));
    }

    fn validate(&mut self) -> Result<Metrics, TaskError> {
        let validation = Arc::clone(&self.validation);
        let rows: Vec<u64> = (0..validation.rows() as u64).collect();
        let (mut loss, mut right, mut count) = (0.0, 0.0, 0.0);
        for rows in rows.chunks(VALIDATED_AT_ONCE) {
            self.forward(&validation, rows);
            let logits = self.model.logits();
            let labels = self.labels.len() as f64;
            right += accuracy(logits, &self.labels) * labels;
            loss += differentiate(logits, logits.len() / self.labels.len(), &self.labels) * labels;
            count += labels;
        }
        Ok(E::metrics(loss / count, right / count))
    }

    fn clone_box(&self) -> Box<dyn Task> {
        Box::new(Self {
            model: self.model.clone(),
            train: Arc::clone(&self.train),
            validation: Arc::clone(&self.validation),
            probe: Arc::clone(&self.probe),
            batch_size: self.batch_size,
            inputs: self.inputs.clone(),
            labels: self.labels.clone(),
        })
    }
}
