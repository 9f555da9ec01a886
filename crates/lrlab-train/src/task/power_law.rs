//! `power-law`: a quadratic with curvatures `h_i = i^-power`, i = 1 to dim, and gradient noise whose
//! variance in coordinate i is `noise^2 h_i` a row, as noise on the labels of a linear regression makes it.
//!
//! Exact theory, for gradient descent with any schedule of rates lr and batches of B rows: the mean
//! square `m_i` of coordinate i becomes `(1 - lr h_i)^2 m_i + lr^2 noise^2 h_i / B` in a step, and the
//! expected excess loss is `sum h_i m_i / 2`. At a constant rate below 2 it settles at
//! `sum lr noise^2 h_i / (2 B (2 - lr h_i))`. Small curvatures are learnt last: without noise the loss
//! falls as a power of the steps, never at a rate of its own.

use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{Quadratic, Task, TaskEntry, TaskError};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "power-law",
    summary: "a quadratic with curvatures i^-power and noise as in linear regression: theory is exact here",
    params: &[
        Parameter {
            name: "dim",
            kind: Kind::Integer,
            default: Some("64"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Coordinates.",
        },
        Parameter {
            name: "power",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "How fast the curvatures fall.",
        },
        Parameter {
            name: "noise",
            kind: Kind::Number,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Standard deviation of the noise on each row's label; its gradient's is this times sqrt(h).",
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
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    let (power, noise) = (number("power", 1.0), number("noise", 0.0));
    let spectrum: Vec<f64> = (1..=number("dim", 64.0) as u64).map(|i| (i as f64).powf(-power)).collect();
    let noise: Vec<f64> = spectrum.iter().map(|h| noise * h.sqrt()).collect();
    Ok(Box::new(Quadratic::with_noise(&spectrum, &noise, number("start", 1.0), seed)))
}
