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
    line::{Line, SLOPE, XS},
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
    let device = device();
    let data = Stream {
        noise: noise as f32,
        x: Tensor::from_data(TensorData::new(XS.to_vec(), [4, 1]), &device),
        y: Tensor::from_data(TensorData::new(XS.map(|x| SLOPE * x).to_vec(), [4, 1]), &device),
    };
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
    /// The four inputs and their true labels, each of shape `[4, 1]`: the exact expectation.
    x: Tensor<2>,
    y: Tensor<2>,
}

#[derive(Module, Debug)]
struct NoisyLine {
    inner: Line,
}

impl Model for NoisyLine {
    type Data = Stream;

    fn loss(&self, data: &Stream, batch: Batch<'_>) -> Loss {
        let loss = match batch {
            // The expectation over x and noise, less the noise's own constant.
            Batch::Probe => self.inner.squared_error(data.x.clone(), data.y.clone()),
            Batch::Rows(rows) => {
                let n = rows.len();
                let (x, y): (Vec<f32>, Vec<f32>) = rows
                    .iter()
                    .map(|&row| {
                        let x = XS[(row >> 62) as usize];
                        (x, SLOPE * x + data.noise * normal_from_row(row) as f32)
                    })
                    .unzip();
                let device = data.x.device();
                self.inner.squared_error(
                    Tensor::from_data(TensorData::new(x, [n, 1]), &device),
                    Tensor::from_data(TensorData::new(y, [n, 1]), &device),
                )
            }
        };
        loss.into()
    }

    fn validate(&self, data: &Stream) -> Metrics {
        let (x, y) = (data.x.clone().inner(), data.y.clone().inner());
        let excess = self.inner.squared_error(x, y).into_scalar::<f32>();
        vec![("excess loss", f64::from(excess))]
    }
}
