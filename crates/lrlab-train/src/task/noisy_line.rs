//! `noisy-line`: the same line from noisy labels, y = 2x + N(0, 0.5^2), one fresh sample a step.
//!
//! x is one of 1, 2, 3, 4. What counts is the excess loss, the expected squared error above that
//! of the true line: `mean over x of ((w - 2) x + b)^2`. It is known exactly, and so is the
//! expected gradient, which stands in for the probe batch.

use std::sync::Arc;

use burn::{
    module::Module,
    tensor::{Tensor, TensorData},
};
use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{
    Batch, Metrics, Supply, Task, TaskEntry, TaskError, bowl,
    line::{Line, Points, SLOPE, XS},
    module::{Facts, Loss, Model, ModuleTask},
};
use crate::{data::normal_from_row, flex::device, torch_init::TorchGenerator};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "noisy-line",
    summary: "the line from noisy labels, y = 2x + N(0, noise^2), one fresh sample a step; excess loss known exactly",
    params: &[Parameter {
        name: "noise",
        kind: Kind::Number,
        default: Some("0.5"),
        keyword: Keyword::Named,
        range: Range::NotNegative,
        pytorch: None,
        doc: "Standard deviation of the noise on the labels.",
    }],
    build,
};

/// Steps that are called an epoch: as many as there are points.
const STEPS_PER_EPOCH: u64 = 4;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let noise = match args.get("noise") {
        Some(Argument::Number(noise)) => *noise,
        _ => 0.5,
    };
    let data = Stream { noise: noise as f32, points: Points::new() };
    let facts = Facts {
        supply: Supply::Stream { steps_per_epoch: STEPS_PER_EPOCH },
        batch_size: 1,
        probe_rows: 0,
        bowl: Some(bowl::of_line(&XS.map(f64::from), f64::from(SLOPE), noise * noise)),
    };
    let model = NoisyLine { inner: Line::new(&mut TorchGenerator::new(seed)) };
    Ok(Box::new(ModuleTask::new(model, Arc::new(data), facts)))
}

#[derive(Debug)]
struct Stream {
    noise: f32,
    /// The four inputs with their true labels: the exact expectation, less the noise's own constant.
    points: Points,
}

#[derive(Module, Debug)]
struct NoisyLine {
    inner: Line,
}

impl Model for NoisyLine {
    type Data = Stream;

    fn loss(&self, data: &Stream, batch: Batch<'_>) -> Loss {
        let Batch::Rows(rows) = batch else { return self.inner.loss(&data.points, batch) };
        let (x, y): (Vec<f32>, Vec<f32>) = rows
            .iter()
            .map(|&row| {
                let x = XS[(row >> 62) as usize];
                (x, SLOPE * x + data.noise * normal_from_row(row) as f32)
            })
            .unzip();
        let x = Tensor::from_data(TensorData::new(x, [rows.len(), 1]), &device());
        self.inner.squared_error(x, &y)
    }

    fn validate(&self, data: &Stream) -> Metrics {
        vec![("excess loss", self.inner.error_at_points(&data.points))]
    }
}
