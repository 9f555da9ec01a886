use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::{compare::files, lrlab, stderr, succeed};

/// A search that takes milliseconds.
const SMALL: [&str; 9] =
    ["find", "--task", "power-law dim=8 noise=0.3", "--optimizer", "sgd", "--steps", "120", "--out", "found"];

#[test]
fn finds_a_rate_says_what_it_cost_and_shows_it() {
    let home = tempdir().unwrap();
    let text = succeed(home.path(), &SMALL);
    for part in [
        "Range test: 2 sweeps",
        "fastai-valley",
        "The hint is",
        "Trainings of 120 steps",
        "gradient evaluations",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert!(text.contains("Use lr =") || text.contains("Undecided"), "{text}");
    assert!(text.contains("torch.optim.SGD(model.parameters(), lr="), "{text}");
    let found = home.path().join("found");
    for picture in ["range-test.png", "trainings.png"] {
        assert!(fs::read(found.join(picture)).unwrap().starts_with(b"\x89PNG"), "{picture}");
    }
    let page = fs::read_to_string(found.join("report.html")).unwrap();
    assert!(
        page.contains("<svg") && page.contains("default-src 'none'") && !page.contains("http://localhost")
    );
    let data: Value = serde_json::from_str(&fs::read_to_string(found.join("report.json")).unwrap()).unwrap();
    let rate = data["found"]["lr"].as_f64().unwrap();
    let [low, high] = [0, 1].map(|side| data["found"]["estimate"]["interval_90"][side].as_f64().unwrap());
    assert!(low <= rate && rate <= high, "{low} {rate} {high}");
    let spent = data["gradient_evaluations"]["all"].as_u64().unwrap();
    assert!(spent <= 20 * 120 + 300, "{spent} gradient evaluations");
}

#[test]
fn stops_after_the_range_test_if_told() {
    let home = tempdir().unwrap();
    let text = succeed(home.path(), &[&SMALL[..], &["--sweep-only", "--sweep-seeds", "3"]].concat());
    assert!(text.contains("3 sweeps") && !text.contains("Trainings of"), "{text}");
    assert!(text.contains("A range test is a hint"), "{text}");
    assert_eq!(fs::read_dir(home.path().join("found/runs")).unwrap().count(), 3);
}

#[test]
fn the_report_comes_from_the_logs_alone_and_a_search_goes_on_where_it_was() {
    let home = tempdir().unwrap();
    let first = succeed(home.path(), &SMALL);
    let found = home.path().join("found");
    let whole = files(&found);
    for name in ["report.html", "report.json", "trainings.png"] {
        fs::remove_file(found.join(name)).unwrap();
    }
    assert_eq!(succeed(home.path(), &["report", "found"]), first);
    assert_eq!(files(&found), whole);
    // As after a kill: one run is torn, the last ones were never begun.
    let mut runs: Vec<_> = fs::read_dir(found.join("runs")).unwrap().map(|run| run.unwrap().path()).collect();
    runs.sort();
    let log = runs[0].join("events.jsonl");
    let text = fs::read(&log).unwrap();
    fs::write(&log, &text[..text.len() / 2]).unwrap();
    fs::remove_dir_all(&runs[runs.len() - 1]).unwrap();
    let torn = lrlab(home.path(), &["report", "found"]);
    assert!(stderr(&torn).contains("lrlab find --resume --out found"), "{}", stderr(&torn));
    assert_eq!(succeed(home.path(), &["find", "--resume", "--out", "found"]), first);
    assert_eq!(files(&found), whole);
}

#[test]
fn finds_the_rate_of_each_group() {
    let home = tempdir().unwrap();
    let strategy = "for *.bias: sgd lr=0.1 | constant; for *: sgd lr=0.1 | constant";
    let text = succeed(
        home.path(),
        &[
            "find",
            "--task",
            "line",
            "--strategy",
            strategy,
            "--epochs",
            "30",
            "--per-group",
            "--effort",
            "60",
        ],
    );
    assert!(text.contains("Group *.bias: lr =") && text.contains("Group *: lr ="), "{text}");
}

#[test]
fn carries_the_rate_to_other_batches_and_schedules_with_what_that_assumes() {
    let home = tempdir().unwrap();
    let more = ["--for-batch-size", "64", "--for-schedule", "linear to 0"];
    let text = succeed(home.path(), &[&SMALL[..], &more].concat());
    assert!(text.contains("the linear rule gives lr =") && text.contains("it assumes that"), "{text}");
    assert!(text.contains("With `linear to 0` theory expects"), "{text}");
}

#[test]
fn refuses_what_cannot_be_searched() {
    let home = tempdir().unwrap();
    let refused = |args: &[&str], parts: &[&str]| {
        let output = lrlab(home.path(), &[&["find"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        for part in parts {
            assert!(stderr(&output).contains(part), "{args:?}: no {part} in {}", stderr(&output));
        }
    };
    refused(&["--effort", "1", "--octaves", "0"], &["4 trainings or more, not 1", "wider than 0 octaves"]);
    refused(&["--from", "1", "--to", "0.1"], &["not from 1 to 0.1"]);
    refused(
        &["--strategy", "sgd lr=0.1 | torch OneCycleLR(max_lr=0.1, total_steps=900)"],
        &["whatever lr is", "shares of the group's rate"],
    );
    refused(&["--task", "digit"], &["digits"]);
    let compared = home.path().join("compared");
    succeed(home.path(), &["train", "--epochs", "2", "--out", "compared"]);
    refused(&["--resume", "--out", compared.to_str().unwrap()], &["holds a comparison"]);
}
