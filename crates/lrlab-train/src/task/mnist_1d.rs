//! `mnist-1d`: signals of 40 points in ten classes, by a network with one hidden layer of ReLU.
//!
//! In the spirit of MNIST-1D (Greydanus and Kobak, 2020, arXiv:2011.14439), with lrlab's own templates
//! and constants: see `data/mnist_1d.rs`. Every fifth signal validates.

use std::sync::Arc;

use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{
    Task, TaskEntry, TaskError,
    network::{Activation, Network},
    supervised::{Examples, Goals, Source, Supervised},
};
use crate::{
    data::mnist_1d::{CLASSES, LENGTH, signals},
    torch_init::TorchGenerator,
};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "mnist-1d",
    summary: "signals of 40 points in ten classes, made up: 800 to train on, 200 to validate; cross-entropy",
    params: &[
        Parameter {
            name: "hidden",
            kind: Kind::Integer,
            default: Some("32"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Width of the hidden layer.",
        },
        Parameter {
            name: "data_seed",
            kind: Kind::Integer,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Which signals.",
        },
    ],
    build,
};

/// Signals in all.
const ROWS: usize = 1000;
/// Rows of a batch when nothing else is asked for.
const BATCH: usize = 32;
/// Training rows on which curvature is measured.
const PROBE_ROWS: usize = 64;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    let table = signals(ROWS, number("data_seed", 0.0) as u64);
    // Classes take turns, so a fifth of each stretch of ten rows would hold two of them alone.
    let validates = |row: usize| (row + row / CLASSES) % 5 == 4;
    let examples = |table: crate::data::table::Table| Examples {
        width: LENGTH,
        inputs: table.features,
        goals: Goals::Classes(table.labels),
    };
    let train = examples(table.filter(|row| !validates(row)));
    let validation = examples(table.filter(validates));
    let probe = train.pick(0..PROBE_ROWS);
    let widths = [LENGTH, number("hidden", 32.0) as usize, CLASSES];
    let network = Network::new(&mut TorchGenerator::new(seed), &widths, Activation::Relu, true);
    Ok(Box::new(Supervised::new(network, Source::Table(Arc::new(train)), probe, validation, BATCH)))
}
