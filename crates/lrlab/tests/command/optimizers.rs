//! Optimizers beyond formulas of one element, as a user meets them.

use tempfile::tempdir;

use crate::{lrlab, stderr, succeed};

fn losses(json_lines: &str) -> Vec<f64> {
    let lines = json_lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter_map(|line| line.pointer("/step/loss").and_then(serde_json::Value::as_f64)).collect()
}

/// The log of a training on the digits.
fn log(strategy: &str) -> String {
    let home = tempdir().unwrap();
    let args = ["train", "--task", "digits", "--epochs", "2", "--out", "run", "--strategy", strategy];
    succeed(home.path(), &args);
    let runs = std::fs::read_dir(home.path().join("run/runs")).unwrap();
    let run = runs.map(|run| run.unwrap().path()).next().unwrap();
    std::fs::read_to_string(run.join("events.jsonl")).unwrap()
}

#[test]
fn muon_takes_the_matrices_and_adamw_the_rest() {
    let losses = losses(&log("for *.weight: muon lr=0.02 ; adamw lr=1e-3"));
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (early, late) = (mean(&losses[..5]), mean(&losses[losses.len() - 5..]));
    assert!(losses.len() > 50 && late < 0.25 * early, "{early} {late}");
}

#[test]
fn muon_over_a_vector_is_refused_with_its_name_and_what_to_write() {
    let home = tempdir().unwrap();
    let output = lrlab(home.path(), &["train", "--task", "digits", "--strategy", "muon lr=0.02"]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(".bias`: Muon updates matrices only, and its shape is ["), "{told}");
    assert!(told.contains("for *.weight: muon lr=0.02; for *: adamw lr=0.001"), "{told}");
}

#[test]
fn rates_that_optimizers_measure_lower_the_loss_untuned() {
    for strategy in ["prodigy", "dog reps_rel=1e-4", "schedule-free-adamw", "adafactor"] {
        let losses = losses(&log(strategy));
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (early, late) = (mean(&losses[..5]), mean(&losses[losses.len() - 5..]));
        assert!(late < 0.7 * early, "{strategy}: {early} {late}");
    }
}
