//! Curvature by gradient differences, against exact eigenvalues.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{fs::File, io::Read};

use flate2::read::GzDecoder;
use lrlab_core::{Event, event::Probe};
use lrlab_train::{Batch, probe, task};
use nalgebra::{DMatrix, SymmetricEigen};
use shared::{run, spec};

/// The sharpness measured at each probe, with its limit.
fn measured(task: &str, strategy: &str, budget: &str) -> Vec<(f64, f64)> {
    let mut trial = spec(task, strategy, 0, budget);
    trial.measure = true;
    run(&trial)
        .iter()
        .filter_map(|event| match event {
            Event::Probed(probed) => match probed.probe {
                Probe::Sharpness { value, limit, .. } => Some((value, limit)),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a / b - 1.0).abs() <= tolerance
}

#[test]
fn is_exact_where_the_loss_is_quadratic() {
    // The mean squared error at x = 1, 2, 3, 4: [[15, 5], [5, 2]].
    let line = f64::midpoint(17.0, 269.0_f64.sqrt());
    for (task, largest) in [("line", line), ("noisy-line", line), ("quadratic spectrum=0.5,3,40,7", 40.0)] {
        let found = measured(task, "sgd lr=0.01", "60 steps");
        assert!(found.len() > 3, "{task}: {found:?}");
        for (value, limit) in found {
            assert!(close(value, largest, 1e-4), "{task}: {value} against {largest}");
            assert!(close(limit, 200.0, 1e-12), "2 / 0.01");
        }
    }
}

#[test]
fn limits_know_the_optimizer() {
    for (strategy, limit) in [
        ("sgd lr=0.1 momentum=0.9", 38.0),
        ("sgd lr=0.1 momentum=0.9 nesterov=true", 3.8 / 0.28),
        ("sgd lr=0.1 | step every 1 step x0.5", 20.0),
    ] {
        let found = measured("line", strategy, "2 steps");
        assert!(close(found[0].1, limit, 1e-12), "{strategy}: {found:?}");
    }
    // Adam: (2 + 2 beta1) / ((1 - beta1) lr) = 3800, approached from below while the first moment
    // is still being corrected for its bias.
    let found = measured("quadratic spectrum=1,10", "adam lr=0.01", "100 steps");
    assert!(found.len() > 5 && found.windows(2).all(|pair| pair[0].1 < pair[1].1), "{found:?}");
    assert!(close(found[found.len() - 1].1, 3800.0, 1e-3), "{found:?}");
}

/// Images of the probe batch: 64 evenly spaced rows of the training split, pixels in 0..=1.
fn probe_images() -> Vec<Vec<f64>> {
    let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let rows = text.lines().enumerate().filter(|(row, _)| row % 5 != 4);
    let train: Vec<&str> = rows.map(|(_, line)| line).collect();
    let pixels =
        |line: &str| line.split(',').take(64).map(|cell| cell.parse::<f64>().unwrap() / 16.0).collect();
    (0..64).map(|i| pixels(train[i * train.len() / 64])).collect()
}

/// The largest eigenvalue of the Hessian of softmax regression at `weight` (`[64, 10]`) and `bias`,
/// from its formula: the mean over rows of `(diag(p) - p p') x [x 1][x 1]'`.
fn dense_largest(weight: &[f64], bias: &[f64]) -> f64 {
    let n = 650;
    let mut hessian = DMatrix::<f64>::zeros(n, n);
    let images = probe_images();
    for image in &images {
        let logits: Vec<f64> = (0..10)
            .map(|class| {
                bias[class] + (0..64).map(|pixel| image[pixel] * weight[pixel * 10 + class]).sum::<f64>()
            })
            .collect();
        let total: f64 = logits.iter().map(|logit| logit.exp()).sum();
        let p: Vec<f64> = logits.iter().map(|logit| logit.exp() / total).collect();
        let inputs: Vec<f64> = image.iter().copied().chain([1.0]).collect();
        for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let (a, b) = (i % 10, j % 10);
            let block = if a == b { p[a] - p[a] * p[a] } else { -p[a] * p[b] };
            hessian[(i, j)] += block * inputs[i / 10] * inputs[j / 10] / images.len() as f64;
        }
    }
    SymmetricEigen::new(hessian).eigenvalues.max()
}

#[test]
fn is_within_two_percent_of_a_dense_eigensolve_on_digits() {
    let mut task = task::build(&"digits model=softmax".parse().unwrap(), 0).unwrap();
    let mut values: Vec<Vec<f64>> = Vec::new();
    task.visit(&mut |param| values.push(param.value.iter().map(|x| f64::from(*x)).collect()));
    let dense = dense_largest(&values[0], &values[1]);
    task.gradients(Batch::Probe).unwrap();
    let mut begin = Vec::new();
    task.visit_gradients(&mut |gradient| begin.extend_from_slice(gradient));
    let found = probe::sharpness(&mut *task, &begin, &[], 30).unwrap();
    assert!(close(found.value, dense, 0.02), "{} against {dense}", found.value);
    assert!(found.residual < 0.02 * found.value);
    // The few products that a running trial spends.
    let quick = probe::sharpness(&mut *task, &begin, &[], 5).unwrap();
    assert!(close(quick.value, dense, 0.02), "{} against {dense}", quick.value);
}
