use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::{lrlab, stderr, stdout, succeed};

/// What PyTorch 2.15 prints after `torch.manual_seed(0)`; see `golden/pytorch/first_program.json`.
fn pytorch_lines() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/pytorch/first_program.json");
    let golden: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let lines = golden["cases"][0]["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 15);
    lines.iter().flat_map(|line| [line.as_str().unwrap(), "\n"]).collect()
}

#[test]
fn without_arguments_is_the_program_that_everyone_starts_from() {
    let home = tempdir().unwrap();
    assert_eq!(succeed(home.path(), &["train"]), pytorch_lines());
    assert_eq!(succeed(home.path(), &["train", "--seed", "0"]), pytorch_lines());
    let torch = ["train", "--optimizer", "SGD(lr=0.1)", "--schedule", "torch StepLR(step_size=5, gamma=0.5)"];
    assert_eq!(succeed(home.path(), &torch), pytorch_lines());
    for folder in ["train-1", "train-2", "train-3"] {
        assert!(home.path().join("lrlab-runs").join(folder).join("study.json").exists(), "{folder}");
    }
}

#[test]
fn says_how_it_went_beside_the_lines() {
    let home = tempdir().unwrap();
    let verdict = |args: &[&str]| stderr(&lrlab(home.path(), args));
    assert!(verdict(&["train"]).contains("Verdict: settled."));
    assert!(verdict(&["train", "--lr", "0.115", "--schedule", "constant"]).contains("Verdict: jumping."));
    assert!(verdict(&["train", "--lr", "0.001", "--schedule", "constant"]).contains("Verdict: crawling."));
    assert!(verdict(&["train", "--lr", "0.2", "--schedule", "constant"]).contains("Verdict: diverged."));
}

#[test]
fn takes_every_option_and_writes_where_it_is_told() {
    let home = tempdir().unwrap();
    let args = [
        "train",
        "--task",
        "digits model=softmax",
        "--optimizer",
        "adamw weight_decay=0.1",
        "--lr",
        "0.01",
        "--schedule",
        "warmup 10% then linear to 0",
        "--steps",
        "50",
        "--batch-size",
        "64",
        "--seed",
        "3",
        "--clip-norm",
        "1",
        "--out",
        "here",
        "--json",
    ];
    let lines: Vec<Value> =
        succeed(home.path(), &args).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // 1,438 rows in batches of 64 are 23 steps an epoch: two whole ones and a rest of 4.
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[2]["epoch"], 3);
    assert!(lines[2]["lr"].as_f64().unwrap().abs() < 1e-12);
    assert!(lines[0]["loss"].as_f64().unwrap() > lines[1]["loss"].as_f64().unwrap());
    assert!(lines[3]["verdict"]["word"].is_string());
    let log = fs::read_dir(home.path().join("here/runs")).unwrap().next().unwrap().unwrap().path();
    let events = fs::read_to_string(log.join("events.jsonl")).unwrap();
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert_eq!(first["started"]["trial"]["seed"], 3);
    assert_eq!(events.lines().filter(|line| line.starts_with("{\"step\"")).count(), 50);
    assert!(log.join("timing.jsonl").exists());
}

#[test]
fn a_divergence_is_a_result() {
    let home = tempdir().unwrap();
    let output = lrlab(home.path(), &["train", "--lr", "1e10", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("diverged"));
}

#[test]
fn draws_itself_from_its_log() {
    let home = tempdir().unwrap();
    succeed(home.path(), &["train", "--out", "run"]);
    let text = succeed(home.path(), &["report", "run"]);
    assert!(text.contains("Report: run/report.html"), "{text}");
    for file in ["report.html", "table.csv", "curves.csv", "report.json"] {
        assert!(home.path().join("run").join(file).metadata().unwrap().len() > 100, "{file}");
    }
}

#[test]
fn every_example_strategy_trains() {
    let home = tempdir().unwrap();
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");
    let mut tried = 0;
    for entry in fs::read_dir(specs).unwrap() {
        let path = entry.unwrap().path();
        let text = succeed(
            home.path(),
            &[
                "train",
                "--task",
                "digits model=softmax",
                "--strategy",
                path.to_str().unwrap(),
                "--epochs",
                "10",
            ],
        );
        assert_eq!(text.lines().count(), 10, "{path:?}: {text}");
        tried += 1;
    }
    assert!(tried >= 3);
}
