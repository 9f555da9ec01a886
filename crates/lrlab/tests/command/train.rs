use std::{fs, path::PathBuf};

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

const SPECS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");

/// The TOML files of a folder.
fn toml_files(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn every_example_strategy_trains() {
    let home = tempdir().unwrap();
    let files = toml_files(SPECS);
    assert!(files.len() >= 3);
    for path in files {
        let task = ["train", "--task", "digits model=softmax", "--epochs", "10", "--strategy"];
        let text = succeed(home.path(), &[&task[..], &[path.to_str().unwrap()]].concat());
        assert_eq!(text.lines().count(), 10, "{path:?}: {text}");
    }
}

/// `93750 steps`, or `90 epochs of 5005 steps`, as a recipe's header tells its length.
fn length_of(recipe: &str) -> Vec<String> {
    let line = recipe.lines().find_map(|line| line.strip_prefix("# Horizon: ")).unwrap();
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    match &words[..] {
        [steps, unit] if unit == "steps" => vec!["--steps".to_owned(), steps.clone()],
        [epochs, of, word, steps, unit] if of == "epochs" && word == "of" && unit == "steps" => {
            ["--epochs", epochs, "--steps-per-epoch", steps].map(str::to_owned).to_vec()
        }
        other => panic!("no length: {other:?}"),
    }
}

#[test]
fn every_recipe_is_drawn_and_converted_over_its_own_length_and_the_short_ones_train() {
    let home = tempdir().unwrap();
    let files = toml_files(&format!("{SPECS}/recipes"));
    let mut trained = 0;
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let (path, length) = (path.to_str().unwrap(), length_of(&text));
        let length: Vec<&str> = length.iter().map(String::as_str).collect();
        let plot = succeed(home.path(), &[&["plot", path][..], &length].concat());
        assert!(plot.contains("learning rate"), "{path}: {plot}");
        let code = succeed(home.path(), &[&["convert", path, "--to", "torch"][..], &length].concat());
        assert!(code.contains("optimizer.step()"), "{path}: {code}");
        let steps: u64 = length.iter().filter_map(|word| word.parse::<u64>().ok()).product();
        if steps <= 20_000 {
            let args = ["train", "--task", "quadratic", "--strategy", path];
            let trained_lines = succeed(home.path(), &[&args[..], &length].concat());
            assert!(trained_lines.contains("Epoch 1:"), "{path}");
            trained += 1;
        }
    }
    assert!(files.len() >= 15 && trained >= 2, "{} files, {trained} trained", files.len());
}

#[test]
fn momentum_may_begin_at_zero() {
    let home = tempdir().unwrap();
    for schedule in [
        "constant | momentum: linear to value 0.5",
        "torch OneCycleLR(max_lr=0.1, total_steps=16)",
        "torch CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=5)",
    ] {
        let text = succeed(home.path(), &["train", "--schedule", schedule]);
        assert_eq!(text.lines().count(), 15, "{schedule}: {text}");
    }
}
