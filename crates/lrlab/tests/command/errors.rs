//! Bad input: what, where, what was expected, what to do; exit 2, nothing written.

use std::fs;

use tempfile::tempdir;

use crate::{lrlab, stderr, stdout};

#[test]
fn every_mistake_is_explained_and_writes_nothing() {
    let home = tempdir().unwrap();
    let mistakes: &[&[&str]] = &[
        &["train", "--task", "digit"],
        &["train", "--task", "digits model=cnn"],
        &["train", "--task", "digits hidden=0"],
        &["train", "--task", "quadratic spectrum=1,-2"],
        &["train", "--optimizer", "sdg lr=0.1"],
        &["train", "--optimizer", "sgd lr=-0.1"],
        &["train", "--optimizer", "sgd lr=NaN"],
        &["train", "--lr", "-1"],
        &["train", "--optimizer", "sgd lr=0.1 momentom=0.9"],
        &["train", "--optimizer", "sgd lr=0.1 nesterov=true"],
        &["train", "--schedule", "cosin to 0"],
        &["train", "--schedule", "step every 5 x0.5"],
        &["train", "--schedule", "step every 0 epochs x0.5"],
        &["train", "--schedule", "cosine to 0.1"],
        &["train", "--schedule", "warmup 200% then cosine to 0"],
        &["train", "--schedule", "StepLR(step_size=0)"],
        &["train", "--schedule", "StepLR(step=5)"],
        &["train", "--schedule", "CosineAnnealingLR(T_max=0)"],
        &["train", "--schedule", "constant for 30% then linear from 2 to 0"],
        &["train", "--schedule", "cosine to 0 then constant"],
        &["train", "--schedule", "lambda 1 - t"],
        &["train", "--schedule", "lambda 0.95 ** ecoph"],
        &["train", "--schedule", "constant | plateau patience 5 epochs of accuracy"],
        &["train", "--schedule", "constant | beta1: linear"],
        &["train", "--optimizer", "adamw", "--schedule", "constant | beta1: linear from 200%"],
        &["train", "--schedule", "torch OneCycleLR(max_lr=0.1, total_steps=5)"],
        &["train", "--strategy", "sgd lr=0.1 | clip norm -1"],
        &["train", "--epochs", "0"],
        &["train", "--steps", "0"],
        &["train", "--epochs", "three"],
        &["train", "--batch-size", "0"],
        &["train", "--batch-size", "5"],
        &["train", "--clip-norm", "-1"],
        &["compare", "--strategy", "sgd lr=0.1", "--seeds", "0"],
        &["compare", "--strategy", "sgd lr=0.1", "--seed", "1", "--seed", "1"],
        &["compare", "--strategy", "sgd lr=0.1", "--strategy", "sgd lr=0.1"],
        &["compare", "--strategy", "sgd lr=0.1", "--budget", "20"],
        &["compare"],
        &["compare", "--resume", "--out", "nowhere"],
        &["report", "nowhere"],
        &["report", "."],
        &["list", "losses"],
        &["train", "--out", "/proc/nowhere/run"],
    ];
    let mut told = String::new();
    for args in mistakes {
        let output = lrlab(home.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "{args:?} left something behind");
        told.extend(["$ lrlab ", &args.join(" "), "\n", &stderr(&output), "\n"]);
    }
    insta::assert_snapshot!("mistakes", told);
}

#[test]
fn a_damaged_log_is_named_with_its_line() {
    let home = tempdir().unwrap();
    assert!(lrlab(home.path(), &["train", "--out", "run"]).status.success());
    let run = fs::read_dir(home.path().join("run/runs")).unwrap().next().unwrap().unwrap().path();
    let log = run.join("events.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    // A torn last line is what a kill leaves behind: the rest is still good.
    fs::write(&log, text.trim_end().trim_end_matches('}')).unwrap();
    assert!(lrlab(home.path(), &["report", "run"]).status.success());
    // A damaged line in the middle is not.
    fs::write(&log, text.replacen("{\"step\"", "{\"stop\"", 1)).unwrap();
    let output = lrlab(home.path(), &["report", "run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("events.jsonl, line "), "{}", stderr(&output));
    fs::write(home.path().join("run/study.json"), "{}").unwrap();
    assert_eq!(lrlab(home.path(), &["report", "run"]).status.code(), Some(2));
}
