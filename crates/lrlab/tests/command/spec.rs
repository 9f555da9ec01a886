//! Specs without training: `plot`, `check` and `convert`.

use std::fs;

use tempfile::tempdir;

use crate::{lrlab, stderr, stdout, succeed};

const WARMUP: &str = "warmup 5% then cosine to 0";

#[test]
fn schedules_are_drawn_over_each_other_in_the_terminal() {
    let home = tempdir().unwrap();
    let steps = ["StepLR(step_size=3, gamma=0.5)", "one-cycle"];
    let args =
        ["plot", WARMUP, steps[0], steps[1], "--epochs", "10", "--steps-per-epoch", "100", "--width", "80"];
    let plot = succeed(home.path(), &args);
    insta::assert_snapshot!("plot", plot);
    assert!(plot.lines().all(|line| line.chars().count() <= 80), "{plot}");
    let narrow = succeed(home.path(), &["plot", WARMUP, "--steps", "50", "--width", "40", "--ascii"]);
    assert!(narrow.is_ascii() && narrow.lines().all(|line| line.len() <= 40), "{narrow}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn pictures_and_data_are_written_by_their_ending() {
    let home = tempdir().unwrap();
    let strategy = "sgd lr=0.1 momentum=0.9 | cosine to 0 | momentum: linear from 90% to 100%";
    for file in ["rates.svg", "rates.png", "rates.csv"] {
        let told = succeed(home.path(), &["plot", strategy, WARMUP, "--steps", "100", "--log", "-o", file]);
        assert_eq!(told.trim(), file);
    }
    let png = fs::read(home.path().join("rates.png")).unwrap();
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let svg = fs::read_to_string(home.path().join("rates.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("momentum"), "{}", &svg[..200]);
    let csv = fs::read_to_string(home.path().join("rates.csv")).unwrap();
    assert_eq!(csv.lines().count(), 101, "{csv}");
    let output = lrlab(home.path(), &["plot", WARMUP, "-o", "rates.gif"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(".svg, .png or .csv"));
}

#[test]
fn specs_are_read_from_files_too() {
    let home = tempdir().unwrap();
    fs::write(home.path().join("points.csv"), "step,lr\n0,0.1\n50,0.01\n100,0\n").unwrap();
    fs::write(home.path().join("plan.toml"), "schedule = \"cosine to 10%\"\n").unwrap();
    fs::write(home.path().join("plan.json"), "{\"name\": \"cosine\", \"to\": \"10%\"}").unwrap();
    let text = |file: &str| succeed(home.path(), &["convert", file, "--to", "text"]);
    assert_eq!(text("plan.toml"), "cosine to 10%\n");
    assert_eq!(text("plan.json"), text("plan.toml"));
    assert!(text("points.csv").starts_with("piecewise lr 0.1 at 0 steps, lr 0.01 at 50 steps"));
    fs::write(home.path().join("broken.csv"), "step,lr\n5,0.1\n5,0.2\n").unwrap();
    let output = lrlab(home.path(), &["plot", "broken.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("broken.csv") && stderr(&output).contains('3'), "{}", stderr(&output));
}

#[test]
fn a_check_finds_something_or_is_clean() {
    let home = tempdir().unwrap();
    let clean =
        lrlab(home.path(), &["check", "adamw lr=3e-4 | warmup 2% then cosine to 10%", "--steps", "10000"]);
    assert_eq!((clean.status.code(), stdout(&clean)), (Some(0), "no findings\n".to_owned()));

    let args = [
        "check",
        "sgd lr=0.1 | torch CosineAnnealingLR(T_max=5)",
        "--epochs",
        "10",
        "--steps-per-epoch",
        "20",
    ];
    let found = lrlab(home.path(), &args);
    assert_eq!(found.status.code(), Some(1), "{}", stderr(&found));
    insta::assert_snapshot!("check", stdout(&found));
    let json = lrlab(home.path(), &[&args[..], &["--json"]].concat());
    let list: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert!(list[0]["code"].as_str().unwrap().starts_with("LR"), "{list}");
    assert!(list[0]["fix"].is_string() && json.status.code() == Some(1));

    let unfit = ["check", "for *.gain: sgd ; sgd lr=0.1", "--steps", "100", "--task", "digits model=softmax"];
    let found = lrlab(home.path(), &unfit);
    assert!(found.status.code() == Some(1) && stdout(&found).contains("*.gain"), "{}", stdout(&found));

    let refused = lrlab(home.path(), &["check", "cosin to 0"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn every_form_leads_back_to_the_same_spec() {
    let home = tempdir().unwrap();
    let strategy =
        "adamw lr=0.001 | warmup 5% then cosine to 10% | weight_decay: linear to 50% | clip norm 1";
    let convert = |spec: &str, form: &str| succeed(home.path(), &["convert", spec, "--to", form]);
    assert_eq!(convert(strategy, "text").trim(), strategy);
    for (form, file) in [("toml", "spec.toml"), ("json", "spec.json")] {
        fs::write(home.path().join(file), convert(strategy, form)).unwrap();
        assert_eq!(convert(file, "text").trim(), strategy, "{form}");
    }
    let code = convert("StepLR(step_size=30, gamma=0.1)", "torch");
    assert!(
        code.contains("StepLR(optimizer, step_size=30, gamma=0.1)") && code.contains("import torch"),
        "{code}"
    );
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    let home = tempdir().unwrap();
    for (args, expected) in [
        (&["--steps", "100", "--epochs", "3"][..], "no whole number of steps"),
        (&["--steps", "100", "--epochs", "4", "--steps-per-epoch", "20"], "are not 100 steps"),
        (&["--epochs", "4"], "how long is an epoch?"),
        (&["--steps-per-epoch", "4"], "how long is the training?"),
        (&["--steps", "0"], "0"),
    ] {
        let output = lrlab(home.path(), &[&["plot", "cosine"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
    }
}
