use tempfile::tempdir;

use crate::{lrlab, stderr, stdout};

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
