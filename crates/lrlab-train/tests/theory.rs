//! Training on `quadratic`, against what theory says exactly.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use lrlab_core::{Event, Outcome};
use lrlab_train::Batch;
use shared::{losses, run, spec};

#[test]
fn gradient_descent_multiplies_each_coordinate() {
    for (rate, curvature) in [(0.05, 10.0), (0.15, 10.0), (0.21, 10.0), (0.3, 1.0)] {
        let task = format!("quadratic spectrum={curvature}");
        let losses = losses(&run(&spec(&task, &format!("sgd lr={rate}"), 1, "30 steps")));
        let factor: f64 = 1.0 - rate * curvature;
        for (t, loss) in losses.iter().enumerate() {
            let expected = losses[0] * factor.powf(2.0 * t as f64);
            assert!((loss / expected - 1.0).abs() < 1e-4, "rate {rate}, step {t}: {loss} against {expected}");
        }
    }
}

#[test]
fn rates_above_the_edge_diverge_as_a_result() {
    let events = run(&spec("quadratic spectrum=10", "sgd lr=1", 1, "1000 steps"));
    let Some(Event::Finished { outcome: Outcome::Diverged { t, loss } }) = events.last() else {
        panic!("expected a divergence, got {:?}", events.last());
    };
    assert!(*t < 30 && *loss > 1e9, "step {t}, loss {loss}");
}

#[test]
fn noise_keeps_a_constant_rate_at_its_floor() {
    let (rate, noise, curvature) = (0.1, 0.5, 2.0);
    let task = format!("quadratic spectrum={curvature} noise={noise}");
    let losses = losses(&run(&spec(&task, &format!("sgd lr={rate}"), 5, "40000 steps")));
    let tail = &losses[1000..];
    let floor = tail.iter().sum::<f64>() / tail.len() as f64;
    let expected = rate * noise * noise / (2.0 * (2.0 - rate * curvature));
    assert!((floor / expected - 1.0).abs() < 0.05, "{floor} against {expected}");
}

/// The mean square of each coordinate, step by step, as the task's documentation states it.
#[test]
fn power_law_loses_what_theory_expects_under_any_schedule() {
    let (noise, rows) = (1.0, 2);
    for strategy in ["sgd lr=0.4", "sgd lr=0.8 | cosine to 0", "sgd lr=0.8 | warmup 20% then linear to 0"] {
        let (mut measured, mut expected) = (0.0, 0.0);
        for seed in 0..300 {
            let mut trial = spec(&format!("power-law dim=24 noise={noise}"), strategy, seed, "120 steps");
            trial.batch_size = Some(rows);
            let mut squares = Vec::new();
            let mut task = lrlab_train::task::build(&trial.task, seed).unwrap();
            task.visit(&mut |param| squares.extend(param.value.iter().map(|x| f64::from(*x).powf(2.0))));
            for event in run(&trial) {
                match event {
                    Event::Step(step) => {
                        for (i, square) in squares.iter_mut().enumerate() {
                            let h = 1.0 / (i as f64 + 1.0);
                            let kept = (1.0 - step.lr[0] * h).powf(2.0);
                            let added = (step.lr[0] * noise).powf(2.0) * h / rows as f64;
                            *square = kept * *square + added;
                        }
                    }
                    Event::Validated(validated) if validated.t == 120 => {
                        measured += validated.metrics["loss"].0;
                    }
                    _ => {}
                }
            }
            let halves = squares.iter().enumerate().map(|(i, square)| square / (2.0 * (i as f64 + 1.0)));
            expected += halves.sum::<f64>();
        }
        assert!((measured / expected - 1.0).abs() < 0.03, "{strategy}: {measured} against {expected}");
    }
}

#[test]
fn deep_linear_validates_with_the_mean_over_all_inputs() {
    let mut task = lrlab_train::task::build(&"deep-linear data=stream".parse().unwrap(), 1).unwrap();
    let expected = task.validate().unwrap()[0].1;
    let rows: Vec<u64> = (0..20_000).collect();
    let sampled = task.gradients(Batch::Rows(&rows)).unwrap();
    assert!((sampled / expected - 1.0).abs() < 0.03, "{sampled} against {expected}");
    let exact = task.gradients(Batch::Probe).unwrap();
    assert_eq!(exact, expected);
}

#[test]
fn groups_have_their_own_optimizers_and_rates() {
    let strategy: lrlab_core::Strategy = serde_json::from_str(
        r#"{"groups": [
            {"params": "*.weight", "optimizer": {"name": "sgd", "lr": 0.05}},
            {"params": "*", "optimizer": {"name": "adam", "lr": 0.01}, "schedule": "cosine to 0"}
        ]}"#,
    )
    .unwrap();
    let mut trial = spec("line", "sgd", 0, "20 steps");
    trial.strategy = strategy.into();
    let events = run(&trial);
    let Event::Started(started) = &events[0] else { panic!("first event") };
    assert_eq!(started.groups, ["*.weight", "*"]);
    let rates: Vec<Vec<f64>> = events
        .iter()
        .filter_map(|e| if let Event::Step(s) = e { Some(s.lr.clone()) } else { None })
        .collect();
    assert_eq!(rates[0], [0.05, 0.01]);
    assert_eq!(rates[10], [0.05, 0.005]);
    assert!(losses(&events)[19] < losses(&events)[0]);
}
