//! `modular-addition`: a network with one hidden layer of ReLU learns `(a + b) mod p` from the pair,
//! each number one-hot, so that its first layer is the sum of an embedding of each.
//!
//! After Power et al. (2022, arXiv:2201.02177) and Gromov (2023, arXiv:2301.02679), who train on a share
//! of the pairs and watch the rest. Here all pairs are trained on unless a share is asked for: what a
//! small budget shows is how fast the table is learnt, and the rest of the pairs comes much later.

use std::sync::Arc;

use lrlab_core::{
    registry::{Argument, Arguments, Keyword, Kind, Parameter, Range},
    spec::Fault,
};

use super::{
    Task, TaskEntry, TaskError,
    network::{Activation, Network},
    supervised::{Examples, Goals, Source, Supervised},
};
use crate::torch_init::TorchGenerator;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "modular-addition",
    summary: "a network learns (a + b) mod p from one-hot pairs; cross-entropy",
    params: &[
        Parameter {
            name: "p",
            kind: Kind::Integer,
            default: Some("11"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "The modulus, 2 to 97.",
        },
        Parameter {
            name: "hidden",
            kind: Kind::Integer,
            default: Some("48"),
            keyword: Keyword::Named,
            range: Range::AtLeastOne,
            pytorch: None,
            doc: "Width of the hidden layer.",
        },
        Parameter {
            name: "train",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Named,
            range: Range::UnitPositive,
            pytorch: None,
            doc: "Share of the pairs to train on; the others validate, or all do where it is 1.",
        },
        Parameter {
            name: "data_seed",
            kind: Kind::Integer,
            default: Some("0"),
            keyword: Keyword::Named,
            range: Range::NotNegative,
            pytorch: None,
            doc: "Which pairs are trained on.",
        },
    ],
    build,
};

/// Rows of a batch when nothing else is asked for and there are as many.
const BATCH: usize = 32;
/// Training rows on which curvature is measured, at most.
const PROBE_ROWS: usize = 64;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => default,
    };
    let modulus = number("p", 11.0);
    if !(2.0..=97.0).contains(&modulus) {
        return Err(TaskError::Spec(vec![Fault::Value {
            field: "p".to_owned(),
            got: modulus.to_string(),
            allowed: "a whole number from 2 to 97".to_owned(),
        }]));
    }
    let p = modulus as usize;
    let pairs = pairs(p, number("data_seed", 0.0) as u64);
    let rows = pairs.rows();
    let trained = ((number("train", 1.0) * rows as f64).round() as usize).clamp(1, rows);
    let train = pairs.pick(0..trained);
    let validation = if trained == rows { pairs } else { pairs.pick(trained..rows) };
    let probe = train.pick(0..trained.min(PROBE_ROWS));
    let widths = [2 * p, number("hidden", 48.0) as usize, p];
    let network = Network::new(&mut TorchGenerator::new(seed), &widths, Activation::Relu, true);
    let batch = BATCH.min(trained);
    Ok(Box::new(Supervised::new(network, Source::Table(Arc::new(train)), probe, validation, batch)))
}

/// All pairs, in an order that `seed` draws.
fn pairs(p: usize, seed: u64) -> Examples {
    let keys = TorchGenerator::new(seed).uniform(p * p, 0.0, 1.0);
    let mut order: Vec<usize> = (0..p * p).collect();
    order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
    let mut inputs = vec![0.0; 2 * p * p * p];
    let mut labels = Vec::with_capacity(p * p);
    for (row, pair) in inputs.chunks_exact_mut(2 * p).zip(order) {
        let (a, b) = (pair / p, pair % p);
        row[a] = 1.0;
        row[p + b] = 1.0;
        labels.push(((a + b) % p) as u8);
    }
    Examples { width: 2 * p, inputs, goals: Goals::Classes(labels) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_there_once_with_its_sum() {
        let pairs = pairs(5, 3);
        let Goals::Classes(labels) = &pairs.goals else { panic!("classes") };
        let mut seen = std::collections::BTreeSet::new();
        for (row, label) in pairs.inputs.chunks_exact(10).zip(labels) {
            let ones: Vec<usize> = (0..10).filter(|at| row[*at] == 1.0).collect();
            let [a, b] = ones[..] else { panic!("{ones:?}") };
            assert_eq!((a + b - 5) % 5, usize::from(*label));
            assert!(seen.insert((a, b)));
        }
        assert_eq!(seen.len(), 25);
    }
}
