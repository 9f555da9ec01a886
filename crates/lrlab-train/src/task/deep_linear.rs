//! `deep-linear`: a product of matrices, `W_L ... W_1`, learns a linear map A.
//!
//! Inputs are standard normal, so the expected squared error over all of them is
//! `|W_L ... W_1 - A|^2 / n` (Frobenius norm, n outputs), which vanishes at the best: it is known
//! exactly, although the loss is not convex. It is the mean over the n rows `sqrt(n) e_i`, which are the
//! validation and probe rows here. Gradients of a matrix carry the product of the others as a factor, so
//! training is slow near 0, then fast (Saxe et al., 2014, arXiv:1312.6120).

use std::sync::Arc;

use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{
    Task, TaskEntry, TaskError,
    network::{Activation, Network},
    supervised::{Source, Supervised, Teacher},
};
use crate::torch_init::TorchGenerator;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "deep-linear",
    summary: "a product of matrices learns a linear map of standard normal inputs; the excess loss is exact",
    params: &[
        Parameter {
            name: "size",
            kind: Kind::Integer,
            default: Some("8"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Inputs and outputs of the map.",
        },
        Parameter {
            name: "width",
            kind: Kind::Integer,
            default: Some("16"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Numbers between two matrices.",
        },
        Parameter {
            name: "depth",
            kind: Kind::Integer,
            default: Some("3"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Matrices in the product.",
        },
        Parameter {
            name: "data",
            kind: Kind::Choice(&["exact", "stream"]),
            default: Some("exact"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: None,
            doc: "`exact`: the expectation over all inputs at every step; `stream`: fresh inputs, 16 a step.",
        },
        Parameter {
            name: "noise",
            kind: Kind::Number,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Standard deviation of the noise on what a stream shows of the map.",
        },
        Parameter {
            name: "data_seed",
            kind: Kind::Integer,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Which map: its entries are uniform, with variance 1 / size.",
        },
    ],
    build,
};

/// Rows of a stream's batch when nothing else is asked for.
const BATCH: usize = 16;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    let count = |name: &str, default: f64| number(name, default) as usize;
    let (size, width, depth) = (count("size", 8.0), count("width", 16.0), count("depth", 3.0));
    let mut generator = TorchGenerator::new(number("data_seed", 0.0) as u64);
    let mut map = Network::new(&mut generator, &[size, size], Activation::Identity, false);
    // PyTorch's weights are uniform within 1 / sqrt(size): their variance is a third of 1 / size.
    map.scale(3.0_f32.sqrt());
    let mut teacher = Teacher { network: map, inputs: size, outputs: size, noise: number("noise", 0.0) };
    let whole = teacher.examples(
        (0..size * size).map(|at| if at % (size + 1) == 0 { (size as f32).sqrt() } else { 0.0 }).collect(),
    );
    let mut widths = vec![width; depth + 1];
    (widths[0], widths[depth]) = (size, size);
    let network = Network::new(&mut TorchGenerator::new(seed), &widths, Activation::Identity, false);
    let stream = matches!(args.get("data"), Some(Argument::Word(data)) if data == "stream");
    let (source, batch) = if stream {
        (Source::Stream(teacher), BATCH)
    } else {
        (Source::Table(Arc::new(whole.clone())), size)
    };
    Ok(Box::new(Supervised::new(network, source, whole.clone(), whole, batch)))
}
