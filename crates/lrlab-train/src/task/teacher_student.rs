//! `teacher-student`: a network with one hidden layer learns the answers of another with fixed random
//! weights, to standard normal inputs.
//!
//! The student can be wider than its teacher, so the least loss is 0 and what is measured is the excess:
//! the mean squared error against the teacher's own answers on 256 inputs that are never trained on.
//! The teacher's weights are PyTorch's defaults times 2, which takes it out of its linear range.

use std::sync::Arc;

use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{
    Task, TaskEntry, TaskError,
    network::{Activation, Network},
    supervised::{Source, Supervised, Teacher},
};
use crate::torch_init::TorchGenerator;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "teacher-student",
    summary: "a small network learns the answers of another to standard normal inputs; mean squared error",
    params: &[
        Parameter {
            name: "activation",
            kind: Kind::Choice(&["relu", "tanh"]),
            default: Some("relu"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: None,
            doc: "What stands behind the hidden layer of both.",
        },
        Parameter {
            name: "inputs",
            kind: Kind::Integer,
            default: Some("10"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Inputs of both.",
        },
        Parameter {
            name: "teacher",
            kind: Kind::Integer,
            default: Some("8"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Width of the teacher's hidden layer.",
        },
        Parameter {
            name: "student",
            kind: Kind::Integer,
            default: Some("32"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Width of the student's hidden layer.",
        },
        Parameter {
            name: "rows",
            kind: Kind::Integer,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Examples to train on, over and over; 0 draws fresh ones at every step.",
        },
        Parameter {
            name: "noise",
            kind: Kind::Number,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Standard deviation of the noise on the answers that are trained on.",
        },
        Parameter {
            name: "data_seed",
            kind: Kind::Integer,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Which teacher and which examples.",
        },
    ],
    build,
};

/// Rows of a batch when nothing else is asked for and there are as many.
const BATCH: usize = 16;
/// Training rows on which curvature is measured, at most.
const PROBE_ROWS: u64 = 64;
/// Rows to validate with.
const VALIDATION_ROWS: u64 = 256;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    let count = |name: &str, default: f64| number(name, default) as usize;
    let activation = match args.get("activation") {
        Some(Argument::Word(word)) if word == "tanh" => Activation::Tanh,
        _ => Activation::Relu,
    };
    let (inputs, data_seed) = (count("inputs", 10.0), number("data_seed", 0.0) as u64);
    let network = |seed: u64, width: usize| {
        Network::new(&mut TorchGenerator::new(seed), &[inputs, width, 1], activation, true)
    };
    let mut fixed = network(data_seed, count("teacher", 8.0));
    fixed.scale(2.0);
    let mut teacher = Teacher { network: fixed, inputs, outputs: 1, noise: 0.0 };
    // Numbers that seed rows: fresh ones are 64-bit draws, which do not come near these.
    let first = data_seed << 32;
    let numbers = |from: u64, rows: u64| (first + from..first + from + rows).collect::<Vec<u64>>();
    let validation = teacher.draw(&numbers(0, VALIDATION_ROWS));
    teacher.noise = number("noise", 0.0);
    let student = network(seed, count("student", 32.0));
    let rows = number("rows", 0.0) as u64;
    let (source, probe, batch) = if rows == 0 {
        let probe = teacher.draw(&numbers(VALIDATION_ROWS, PROBE_ROWS));
        (Source::Stream(teacher), probe, BATCH)
    } else {
        let table = teacher.draw(&numbers(VALIDATION_ROWS, rows));
        let probe = table.pick(0..table.rows().min(PROBE_ROWS as usize));
        (Source::Table(Arc::new(table)), probe, BATCH.min(rows as usize))
    };
    Ok(Box::new(Supervised::new(student, source, probe, validation, batch)))
}
