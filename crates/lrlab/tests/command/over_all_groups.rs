//! What a strategy does over all of its groups, from the command line to the report.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::{lrlab, stderr, stdout, succeed};

/// The lines of the one log in a study's folder.
fn log(study: &Path) -> Vec<Value> {
    let run = fs::read_dir(study.join("runs")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(run.join("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Trains `strategy` on a small classifier for 4 epochs; its log.
fn train(home: &Path, strategy: &str) -> Vec<Value> {
    let task = [
        "train",
        "--task",
        "digits model=softmax",
        "--epochs",
        "4",
        "--out",
        "study",
        "--strategy",
        strategy,
    ];
    let text = succeed(home, &task);
    assert_eq!(text.lines().count(), 4, "{text}");
    log(&home.join("study"))
}

fn last_metrics(log: &[Value]) -> Vec<String> {
    let metrics = log.iter().rev().find_map(|event| event["validated"]["metrics"].as_object()).unwrap();
    metrics.keys().cloned().collect()
}

#[test]
fn averages_are_told_beside_the_weights() {
    let home = tempdir().unwrap();
    let log = train(home.path(), "sgd lr=0.1 momentum=0.9 | cosine to 0 | ema 0.99 | swa from 50% judged");
    let both = ["accuracy", "loss"].map(|metric| format!("validation {metric}"));
    let expected: Vec<String> = ["ema ", "raw ", ""]
        .iter()
        .flat_map(|word| both.iter().map(move |metric| format!("{word}{metric}")))
        .collect();
    assert_eq!(last_metrics(&log), expected);
    let text = succeed(home.path(), &["report", "study"]);
    assert!(text.contains("swa from 50% judged"), "{text}");
    let report: Value =
        serde_json::from_str(&fs::read_to_string(home.path().join("study/report.json")).unwrap()).unwrap();
    let told = &report["studies"][0]["strategies"][0]["trials"][0]["last_metrics"];
    assert!(told["ema validation loss"].is_number() && told["raw validation loss"].is_number(), "{told}");
}

#[test]
fn accumulation_makes_fewer_steps_of_the_same_data() {
    let home = tempdir().unwrap();
    let steps = |strategy: &str| {
        let home = tempdir().unwrap();
        train(home.path(), strategy).iter().filter(|event| event["step"].is_object()).count()
    };
    let (each, accumulated) = (steps("sgd lr=0.1"), steps("sgd lr=0.1 | accumulate 4 batches"));
    assert_eq!(accumulated, 4 * (each / 4).div_ceil(4));
    // Compared over epochs they see the same data; over steps they do not, and that is told.
    let arms = ["--strategy", "one: sgd lr=0.1", "--strategy", "four: sgd lr=0.1 | accumulate 4 batches"];
    let compare = |length: [&str; 2], out: &str| {
        let args =
            ["compare", "--as-written", "--no-early-stop", "--task", "digits model=softmax", "--seeds", "2"];
        let text = succeed(home.path(), &[&args[..], &length, &["--out", out], &arms].concat());
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(!compare(["--epochs", "2"], "epochs").contains("trains for"));
    assert!(compare(["--steps", "50"], "steps").contains("four trains for 4.2 epochs, one for 1.1 epochs"));
}

#[test]
fn all_of_it_at_once_is_searched_compared_and_resumed() {
    let home = tempdir().unwrap();
    let strategy = "sgd lr=0.1 momentum=0.9 weight_decay=0.001 | cosine to 0 | clip norm 1 | accumulate 2 batches | skip \
                    non-finite | no decay for *.bias | ema 0.9 judged | swa from 50%";
    let log = train(home.path(), strategy);
    assert!(last_metrics(&log).iter().any(|name| name == "swa validation loss"));
    let find = [
        "find",
        "--task",
        "quadratic spectrum=1,10",
        "--strategy",
        "sgd | accumulate 1 batches | ema 0.5 judged",
    ];
    let text = succeed(home.path(), &[&find[..], &["--steps", "60", "--out", "found"]].concat());
    assert!(text.contains("ema 0.5 judged"), "{text}");
    let code = succeed(
        home.path(),
        &["convert", strategy, "--to", "torch", "--steps", "100", "--steps-per-epoch", "10"],
    );
    for part in ["AveragedModel", "share = min(2", "torch.isfinite", "clip_grad_norm_", "weight_decay=0.0"] {
        assert!(code.contains(part), "{part} in\n{code}");
    }
}

#[test]
fn mistakes_say_what_is_there() {
    let home = tempdir().unwrap();
    for (strategy, expected) in [
        (
            "sgd | accumulate 1000 batches",
            "`accumulate 1000 batches` fits no epoch of this task, which has 45",
        ),
        ("sgd | accumulate 0 batches", "accumulate"),
        ("sgd | accumulate 2.5 batches", "accumulate"),
        ("adamw | no decay for *.scale", "`no decay for *.scale` fits no parameter; the parameters are "),
        ("adamw | no decay *.bias", "`no decay for`"),
        ("sgd | swa from 20 epochs", "would begin after step"),
        ("sgd | swa every 2 epochs", "`swa from TIME`"),
        ("sgd | ema 1", "ema"),
        ("sgd | ema 0.9 | ema 0.99", "`ema`"),
        ("sgd | ema 0.9 judged | swa from 50% judged", "`judged`"),
        ("sgd | skip nan", "`skip non-finite`"),
        ("for *.bias: sgd lr=0.1", "no group of the strategy takes parameter"),
        ("for *.gain: sgd ; adamw", "group `*.gain` of the strategy takes no parameter; the parameters are "),
    ] {
        let output =
            lrlab(home.path(), &["train", "--task", "digits", "--epochs", "15", "--strategy", strategy]);
        assert_eq!(output.status.code(), Some(2), "{strategy}: {}", stdout(&output));
        assert!(stderr(&output).contains(expected), "{strategy}: {}", stderr(&output));
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn what_acts_is_a_column_where_it_is_not_the_rate() {
    let head = |strategy: &str| {
        let home = tempdir().unwrap();
        train(home.path(), strategy);
        succeed(home.path(), &["report", "study"]);
        let curves = fs::read_to_string(home.path().join("study/curves.csv")).unwrap();
        curves.lines().take(2).map(str::to_owned).collect::<Vec<String>>()
    };
    assert!(head("sgd lr=0.1")[0].ends_with(",t,loss,lr"));
    let [names, first] = &head("schedule-free-sgd lr=0.5 warmup_steps=10")[..] else { panic!("two lines") };
    assert!(names.ends_with(",t,loss,lr,effective_lr"), "{names}");
    assert!(first.ends_with(",0.5,0.05"), "{first}");
}
