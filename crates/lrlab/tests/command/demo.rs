use std::fs;

use tempfile::tempdir;

use crate::{compare::files, lrlab, stderr, stdout, succeed};

#[test]
fn without_a_command_three_acts_are_played() {
    let home = tempdir().unwrap();
    let output = lrlab(home.path(), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress bar without a terminal");
    let text = stdout(&output);
    for expected in [
        "(curvature 16.70)",
        "0.1198",
        "A constant 0.1 ends at 0.0855; halving it every 5 steps",
        "14 of 14 steps leapt across",
        "median excess loss",
        "warmup + cosine",
        "Best: ",
        "torch.optim.SGD(",
        "Report: lrlab-runs/demo-1/report.html",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour codes");
    // The words of act A, against theory.
    let words: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("0.").filter(|_| line.contains("leapt across")))
        .filter_map(|line| line.split(':').next()?.split_whitespace().last())
        .collect();
    assert_eq!(words, ["diverged", "jumping", "settled", "settled", "crawling"], "{text}");
    assert!(home.path().join("lrlab-runs/demo-1/report.html").exists());
}

#[test]
fn an_interrupted_demo_goes_on_where_it_was() {
    let home = tempdir().unwrap();
    let text = succeed(home.path(), &["demo", "--out", "demo"]);
    let before = files(&home.path().join("demo"));
    // As if it had been killed in act B: some trials done, act C never begun.
    fs::remove_dir_all(home.path().join("demo/c-digits")).unwrap();
    let runs = fs::read_dir(home.path().join("demo/b-noise/runs")).unwrap();
    for run in runs.take(50) {
        fs::remove_dir_all(run.unwrap().path()).unwrap();
    }
    let again = lrlab(home.path(), &["demo", "--out", "demo"]);
    assert_eq!(again.status.code(), Some(2), "a demo is not overwritten: {}", stdout(&again));
    assert_eq!(succeed(home.path(), &["demo", "--resume", "--out", "demo"]), text);
    assert!(before == files(&home.path().join("demo")), "files differ from an undisturbed demo's");
}
