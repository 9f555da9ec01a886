//! `line`: `nn.Linear(1, 1)` learns y = 2x from four points, full batch, mean squared error.
//!
//! Two parameters, a quadratic bowl with Hessian eigenvalues 16.70 and 0.299: everything about it
//! can be checked by hand.

use std::sync::Arc;

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Tensor, TensorData},
};
use lrlab_core::registry::Arguments;

use super::{
    Batch, Metrics, Supply, Task, TaskEntry, TaskError, bowl,
    module::{Facts, Loss, Model, ModuleTask},
    squared_error::{differentiate, squared_error},
};
use crate::{
    flex::{device, to_vec},
    torch_init::TorchGenerator,
};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "line",
    summary: "nn.Linear(1, 1) learns y = 2x from four points: full batch, no noise, checkable by hand",
    params: &[],
    build,
};

/// Inputs of the four points.
pub(super) const XS: [f32; 4] = [1.0, 2.0, 3.0, 4.0];
/// The slope to be learnt.
pub(super) const SLOPE: f32 = 2.0;

fn build(_args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let xs = XS.map(f64::from);
    let data = Points::new();
    let facts = Facts {
        supply: Supply::Rows(XS.len()),
        batch_size: XS.len(),
        probe_rows: XS.len(),
        bowl: Some(bowl::of_line(&xs, f64::from(SLOPE), 0.0)),
    };
    let mut generator = TorchGenerator::new(seed);
    Ok(Box::new(ModuleTask::new(Line::new(&mut generator), Arc::new(data), facts)))
}

/// A layer with PyTorch's default weights. Burn stores a weight as `[in, out]`, PyTorch as
/// `[out, in]`.
pub(super) fn linear(generator: &mut TorchGenerator, inputs: usize, outputs: usize) -> Linear {
    let device = device();
    let (weight, bias) = generator.layer(inputs * outputs, outputs, inputs);
    let transposed: Vec<f32> =
        (0..inputs * outputs).map(|at| weight[(at % outputs) * inputs + at / outputs]).collect();
    Linear {
        weight: Param::from_data(TensorData::new(transposed, [inputs, outputs]), &device),
        bias: Some(Param::from_data(TensorData::new(bias, [outputs]), &device)),
    }
}

/// The four points.
#[derive(Debug)]
pub(super) struct Points {
    x: Tensor<2>,
    y: [f32; 4],
}

impl Points {
    pub(super) fn new() -> Self {
        Self {
            x: Tensor::from_data(TensorData::new(XS.to_vec(), [4, 1]), &device()),
            y: XS.map(|x| SLOPE * x),
        }
    }
}

/// One weight and one bias.
#[derive(Module, Debug)]
pub(super) struct Line {
    line: Linear,
}

impl Line {
    pub(super) fn new(generator: &mut TorchGenerator) -> Self {
        Self { line: linear(generator, 1, 1) }
    }

    /// Mean squared error at `x`, of shape `[rows, 1]`, against one `y` a row.
    pub(super) fn squared_error(&self, x: Tensor<2>, y: &[f32]) -> Loss {
        squared_error(self.line.forward(x), y)
    }

    /// Mean squared error at the four points, outside autodiff.
    pub(super) fn error_at_points(&self, data: &Points) -> f64 {
        differentiate(&mut to_vec(self.line.forward(data.x.clone().inner())), &data.y)
    }
}

impl Model for Line {
    type Data = Points;

    fn loss(&self, data: &Points, _batch: Batch<'_>) -> Loss {
        self.squared_error(data.x.clone(), &data.y)
    }

    fn validate(&self, data: &Points) -> Metrics {
        vec![("loss", self.error_at_points(data))]
    }
}
