//! `rosenbrock`: `sum over i of a (x_{i+1} - x_i^2)^2 + (1 - x_i)^2`, a curved valley with its least
//! value, 0, at (1, 1, ..., 1) (Rosenbrock, 1960, doi:10.1093/comjnl/3.3.175; its chained form in n
//! dimensions). Training starts near (-1.2, 1, -1.2, 1, ...), with Gaussian noise on the gradient if asked for.

use lrlab_core::{
    optimizer::{ParamMut, Parameters},
    registry::{Argument, Arguments, Keyword, Kind, Parameter, Range},
    spec::Fault,
};

use super::{Batch, Metrics, Supply, Task, TaskEntry, TaskError};
use crate::{data::normals_from_row, torch_init::TorchGenerator};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "rosenbrock",
    summary: "a curved valley in n dimensions, with gradient noise if asked for",
    params: &[
        Parameter {
            name: "dim",
            kind: Kind::Integer,
            default: Some("2"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Coordinates, 2 or more.",
        },
        Parameter {
            name: "steepness",
            kind: Kind::Number,
            default: Some("100"),
            keyword: Keyword::Named,
            range: Range::Positive,
            pytorch: None,
            doc: "The factor a of the valley's walls.",
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
            name: "spread",
            kind: Kind::Number,
            default: Some("0.1"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Each coordinate starts uniformly within this of the usual start, drawn from the seed.",
        },
    ],
    build,
};

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    let dim = number("dim", 2.0);
    if dim < 2.0 {
        return Err(TaskError::Spec(vec![Fault::Value {
            field: "dim".to_owned(),
            got: dim.to_string(),
            allowed: "a whole number of 2 or more".to_owned(),
        }]));
    }
    let spread = number("spread", 0.1) as f32;
    let mut x = TorchGenerator::new(seed).uniform(dim as usize, -spread, spread);
    for (at, x) in x.iter_mut().enumerate() {
        *x += if at % 2 == 0 { -1.2 } else { 1.0 };
    }
    Ok(Box::new(Valley {
        steepness: number("steepness", 100.0),
        noise: number("noise", 0.0),
        shape: [x.len()],
        grad: vec![0.0; x.len()],
        x,
    }))
}

#[derive(Clone, Debug)]
struct Valley {
    steepness: f64,
    noise: f64,
    shape: [usize; 1],
    x: Vec<f32>,
    grad: Vec<f32>,
}

impl Valley {
    fn loss(&self) -> f64 {
        let term = |pair: &[f32]| {
            let (x, y) = (f64::from(pair[0]), f64::from(pair[1]));
            let wall = y - x * x;
            self.steepness * wall * wall + (1.0 - x) * (1.0 - x)
        };
        self.x.windows(2).map(term).sum()
    }
}

impl Parameters for Valley {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        f(ParamMut::new("x", &self.shape, &mut self.x, &mut self.grad));
    }
}

impl Task for Valley {
    fn supply(&self) -> Supply {
        // Without noise every step sees the same: one row that is the whole.
        if self.noise == 0.0 { Supply::Rows(1) } else { Supply::Stream { steps_per_epoch: 1 } }
    }

    fn default_batch_size(&self) -> usize {
        1
    }

    fn probe_rows(&self) -> usize {
        0
    }

    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError> {
        let mut gradient = vec![0.0_f64; self.x.len()];
        for (at, pair) in self.x.windows(2).enumerate() {
            let (x, y) = (f64::from(pair[0]), f64::from(pair[1]));
            let wall = 2.0 * self.steepness * (y - x * x);
            gradient[at] += -2.0 * x * wall - 2.0 * (1.0 - x);
            gradient[at + 1] += wall;
        }
        if let Batch::Rows(rows) = batch
            && self.noise > 0.0
        {
            let scale = self.noise / rows.len() as f64;
            for &row in rows {
                let noise = normals_from_row(row, gradient.len());
                gradient.iter_mut().zip(noise).for_each(|(g, z)| *g += scale * z);
            }
        }
        self.grad.iter_mut().zip(gradient).for_each(|(to, g)| *to = g as f32);
        Ok(self.loss())
    }

    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        f(&mut self.grad);
    }

    fn validate(&mut self) -> Result<Metrics, TaskError> {
        Ok(vec![("loss", self.loss())])
    }

    fn clone_box(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
