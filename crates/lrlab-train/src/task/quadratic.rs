//! `quadratic`: `sum of h_i x_i^2 / 2` for any spectrum h, with Gaussian noise on the gradient if
//! asked for. Plain Rust, and exact in theory, so tests are.
//!
//! Gradient descent multiplies each coordinate by `1 - lr h_i` a step: it grows where `lr h_i > 2`,
//! leaps across zero where `lr h_i > 1`. With noise of standard deviation s in each coordinate the
//! stationary excess loss of a constant rate is `sum lr s^2 / (2 (2 - lr h_i))`.

use lrlab_core::{
    event::Bowl,
    optimizer::{ParamMut, Parameters},
    registry::{Argument, Arguments, Keyword, Kind, Parameter, Range},
};

use super::{Batch, Metrics, Supply, Task, TaskEntry, TaskError};
use crate::{data::normals_from_row, torch_init::TorchGenerator};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "quadratic",
    summary: "sum of h x^2 / 2 for any spectrum h, with gradient noise if asked for: theory is exact here",
    params: &[
        Parameter {
            name: "spectrum",
            kind: Kind::Numbers,
            default: Some("1,10"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "The curvatures h, one for each coordinate, separated by commas.",
        },
        Parameter {
            name: "noise",
            kind: Kind::Number,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Standard deviation of the Gaussian noise on each coordinate of each row's gradient.",
        },
        Parameter {
            name: "start",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Each coordinate starts uniformly within plus or minus this, drawn from the seed.",
        },
    ],
    build,
};

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let spectrum = match args.get("spectrum") {
        Some(Argument::Numbers(spectrum)) => spectrum.clone(),
        _ => vec![1.0, 10.0],
    };
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    Ok(Box::new(Quadratic::new(&spectrum, number("noise", 0.0), number("start", 1.0), seed)))
}

/// The task; public so that theory can be tested against it without a registry.
#[derive(Clone, Debug)]
pub struct Quadratic {
    curvature: Vec<f32>,
    /// Standard deviation of each coordinate's noise.
    noise: Vec<f64>,
    shape: [usize; 1],
    x: Vec<f32>,
    grad: Vec<f32>,
}

impl Quadratic {
    /// Curvatures `spectrum`, gradient noise of standard deviation `noise` a row, and coordinates
    /// that start uniformly within `start` of zero.
    pub fn new(spectrum: &[f64], noise: f64, start: f64, seed: u64) -> Self {
        Self::with_noise(spectrum, &vec![noise; spectrum.len()], start, seed)
    }

    /// The same with a standard deviation of its own for each coordinate.
    ///
    /// # Panics
    /// When `spectrum` and `noise` differ in length.
    pub fn with_noise(spectrum: &[f64], noise: &[f64], start: f64, seed: u64) -> Self {
        assert_eq!(spectrum.len(), noise.len(), "each coordinate has a curvature and a noise");
        let n = spectrum.len();
        let x = TorchGenerator::new(seed).uniform(n, -start as f32, start as f32);
        Self {
            curvature: spectrum.iter().map(|&h| h as f32).collect(),
            noise: noise.to_vec(),
            shape: [n],
            x,
            grad: vec![0.0; n],
        }
    }

    fn is_noisy(&self) -> bool {
        self.noise.iter().any(|noise| *noise > 0.0)
    }

    fn loss(&self) -> f64 {
        self.x
            .iter()
            .zip(&self.curvature)
            .map(|(x, h)| 0.5 * f64::from(*h) * f64::from(*x) * f64::from(*x))
            .sum()
    }
}

impl Parameters for Quadratic {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        f(ParamMut::new("x", &self.shape, &mut self.x, &mut self.grad));
    }
}

impl Task for Quadratic {
    fn supply(&self) -> Supply {
        // Without noise every step sees the same: one row that is the whole.
        if self.is_noisy() { Supply::Stream { steps_per_epoch: 1 } } else { Supply::Rows(1) }
    }

    fn default_batch_size(&self) -> usize {
        1
    }

    fn probe_rows(&self) -> usize {
        0
    }

    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError> {
        for ((g, x), h) in self.grad.iter_mut().zip(&self.x).zip(&self.curvature) {
            *g = h * x;
        }
        if let Batch::Rows(rows) = batch
            && self.is_noisy()
        {
            for &row in rows {
                let normals = normals_from_row(row, self.x.len());
                for ((g, z), noise) in self.grad.iter_mut().zip(normals).zip(&self.noise) {
                    *g += (noise / rows.len() as f64 * z) as f32;
                }
            }
        }
        Ok(self.loss())
    }

    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        f(&mut self.grad);
    }

    fn validate(&mut self) -> Result<Metrics, TaskError> {
        Ok(vec![("loss", self.loss())])
    }

    fn bowl(&self) -> Option<Bowl> {
        let [a, b] = self.curvature[..] else { return None };
        Some(Bowl {
            axes: ["x0".to_owned(), "x1".to_owned()],
            minimum: [0.0, 0.0],
            hessian: [[f64::from(a), 0.0], [0.0, f64::from(b)]],
            floor: 0.0,
        })
    }

    fn clone_box(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
