use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::{lrlab, stderr, succeed};

const ARMS: [&str; 6] = [
    "--strategy",
    "sgd lr=0.1 momentum=0.9",
    "--strategy",
    "mine: adam lr=0.01 | cosine to 0",
    "--strategy",
    "SGD(lr=0.1, momentum=0.9) | StepLR(step_size=1, gamma=0.5)",
];

/// Every file below a folder, by its path; wall-clock times left out.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "timing.jsonl" {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn compares_and_names_a_winner_in_pytorch() {
    let home = tempdir().unwrap();
    let text = succeed(
        home.path(),
        &[
            &["compare", "--as-written", "--no-early-stop", "--task", "digits model=softmax"][..],
            &["--seeds", "6", "--epochs", "2", "--out", "study"],
            &ARMS[..],
        ]
        .concat(),
    );
    for expected in [
        "mine",
        "at the rates as written",
        "best so far as a spec: ",
        "torch.optim.",
        "Report: study/report.html",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    let report: Value =
        serde_json::from_str(&fs::read_to_string(home.path().join("study/report.json")).unwrap()).unwrap();
    assert!(report.is_object());
    assert_eq!(fs::read_dir(home.path().join("study/runs")).unwrap().count(), 18);

    // Everything but the logs can be rebuilt from them, byte for byte.
    let before = files(&home.path().join("study"));
    for name in before.keys().filter(|name| !name.starts_with("runs/") && !name.starts_with("study.")) {
        fs::remove_file(home.path().join("study").join(name)).unwrap();
    }
    succeed(home.path(), &["report", "study"]);
    assert!(before == files(&home.path().join("study")), "the report differs when rebuilt");
}

#[test]
fn prints_json_for_tools() {
    let home = tempdir().unwrap();
    let text = succeed(
        home.path(),
        &[
            "compare",
            "--task",
            "noisy-line",
            "--strategy",
            "sgd lr=0.01",
            "--seeds",
            "3",
            "--steps",
            "40",
            "--json",
        ],
    );
    let json: Value = serde_json::from_str(&text).unwrap();
    assert!(json.is_object());
}

#[test]
fn a_diverging_arm_does_not_stop_the_study() {
    let home = tempdir().unwrap();
    let text = succeed(
        home.path(),
        &[
            "compare",
            "--as-written",
            "--task",
            "line",
            "--strategy",
            "wild: sgd lr=1e20",
            "--strategy",
            "calm: sgd lr=0.05",
            "--seeds",
            "2",
            "--epochs",
            "10",
        ],
    );
    assert!(text.contains("calm is the only strategy that brought its runs to their end"), "{text}");
    assert!(text.contains("diverged"), "{text}");
}

#[test]
fn leaves_what_is_there_alone() {
    let home = tempdir().unwrap();
    let args = [
        "compare",
        "--as-written",
        "--task",
        "line",
        "--strategy",
        "sgd lr=0.05",
        "--seeds",
        "1",
        "--epochs",
        "3",
        "--out",
        "study",
    ];
    succeed(home.path(), &args);
    let before = files(&home.path().join("study"));
    let again = lrlab(home.path(), &args);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("holds another study"), "{}", stderr(&again));
    assert!(stderr(&again).contains("--resume"), "{}", stderr(&again));
    assert!(before == files(&home.path().join("study")), "a refused command changed the folder");

    fs::create_dir(home.path().join("taken")).unwrap();
    fs::write(home.path().join("taken/thesis.txt"), "years of work").unwrap();
    let other = lrlab(home.path(), &["compare", "--task", "line", "--strategy", "sgd", "--out", "taken"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("is not empty"), "{}", stderr(&other));
    assert_eq!(files(&home.path().join("taken")).len(), 1);
}

#[test]
fn groups_have_strategies_of_their_own() {
    let home = tempdir().unwrap();
    let groups = "for *.weight: sgd lr=0.05 | cosine to 0 ; adam lr=0.01";
    let named = format!("mine: {groups}");
    let text = succeed(
        home.path(),
        &[
            "compare",
            "--as-written",
            "--task",
            "line",
            "--strategy",
            groups,
            "--strategy",
            &named,
            "--seeds",
            "1",
            "--epochs",
            "5",
        ],
    );
    assert!(text.contains("mine") && text.contains("for *.weight: sgd lr=0.05"), "{text}");
}

/// Two tasks, rates of each arm's own with the worse half given up, seeds until the answer is known.
const STUDY_FILE: &str = r#"
title = "Is a low rate enough?"
tasks = ["digits model=softmax", "line"]
budget = "40 steps"
seeds = 12
tune = { rates = [0.01, 0.03, 0.1], seeds = 2, halving = true }

[[arms]]
label = "plain"
strategy = "sgd"

[[arms]]
label = "crawling"
strategy = "sgd"
rates = [1e-6]
"#;

fn study_file(home: &Path, text: &str) {
    fs::write(home.join("study.toml"), text).unwrap();
}

/// Names of the runs of a study, in order.
fn runs(study: &Path) -> Vec<String> {
    let entries = fs::read_dir(study.join("runs")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Whether a run's log ends as halted.
fn is_halted(study: &Path, run: &str) -> bool {
    let log = fs::read_to_string(study.join("runs").join(run).join("events.jsonl")).unwrap();
    log.lines().last().unwrap().contains("halted")
}

#[test]
fn a_study_file_is_run_task_by_task_and_ends_with_a_recommendation() {
    let home = tempdir().unwrap();
    study_file(home.path(), STUDY_FILE);
    let text = succeed(home.path(), &["compare", "study.toml", "--out", "out"]);
    for expected in [
        "Is a low rate enough?: digits model=softmax",
        "Is a low rate enough?: line",
        "Each strategy at the best of its own 1 to 3 rates, tried with 2 seeds",
        "stopped early: ",
        "Take plain: its ",
        "runs were not needed: the answer was known.",
        "As a spec: sgd lr=",
        "Report: out/report.html",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    let page = fs::read_to_string(home.path().join("out/report.html")).unwrap();
    assert!(page.contains("Is a low rate enough?") && page.contains("Take plain: its "), "the report's text");
    // Everything but the logs can be rebuilt from them: what was decided is worked out again.
    let before = files(&home.path().join("out"));
    let again = succeed(home.path(), &["report", "out"]);
    assert_eq!(again, text);
    assert!(before == files(&home.path().join("out")), "the report differs when rebuilt");
}

#[test]
fn a_study_file_goes_on_in_its_folder_and_in_no_other() {
    let home = tempdir().unwrap();
    study_file(home.path(), STUDY_FILE);
    let text = succeed(home.path(), &["compare", "study.toml", "--out", "out"]);
    let before = files(&home.path().join("out"));
    // As after a kill between the first task's folder and the second's.
    fs::remove_dir_all(home.path().join("out/2-line")).unwrap();
    let resume = ["compare", "study.toml", "--resume", "--out", "out"];
    assert_eq!(succeed(home.path(), &resume), text);
    assert!(before == files(&home.path().join("out")), "the study differs after going on");
    study_file(home.path(), &STUDY_FILE.replace("seeds = 12", "seeds = 11"));
    let refused = lrlab(home.path(), &resume);
    let told = stderr(&refused);
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(
        told.contains("study.toml asks another question than the study in out/1-digits-model-softmax"),
        "{told}"
    );
    assert!(before == files(&home.path().join("out")), "a refusal changes nothing");
}

#[test]
fn what_does_not_matter_is_the_users_to_say() {
    let home = tempdir().unwrap();
    let study = |equivalence: &str| -> Value {
        let args =
            ["compare", "--task", "digits model=softmax", "--as-written", "--epochs", "1", "--seeds", "6"];
        let arms = ["--strategy", "a: sgd lr=0.2 momentum=0.5", "--strategy", "b: sgd lr=0.4", "--json"];
        let own = ["--equivalence", equivalence];
        serde_json::from_str(&succeed(home.path(), &[&args[..], &arms, &own].concat())).unwrap()
    };
    let (strict, wide) = (&study("0")["studies"][0], &study("0.9")["studies"][0]);
    assert_eq!(strict["margin"], 0.0);
    assert!(wide["margin"].as_f64() > Some(0.1), "{}", wide["margin"]);
    let words = |study: &Value| study["recommendation"].as_str().unwrap().to_owned();
    assert!(!words(strict).contains("tied"), "{}", words(strict));
    assert!(
        words(wide).contains("a and b are tied") || words(wide).contains("b and a are tied"),
        "{}",
        words(wide)
    );
    let refused = lrlab(home.path(), &["compare", "--strategy", "sgd", "--equivalence=-1"]);
    let told = stderr(&refused);
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("equivalence") && told.contains("from 0 to below 1"), "{told}");
}

#[test]
fn the_data_tell_how_each_rate_was_chosen() {
    let home = tempdir().unwrap();
    study_file(home.path(), STUDY_FILE);
    let text = succeed(home.path(), &["compare", "study.toml", "--out", "out", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let arm = &report["studies"][1]["strategies"][0]["tuning"];
    assert_eq!((arm["trials"].as_u64(), arm["rates"].as_array().unwrap().len()), (Some(6), 3), "{arm}");
    let given_up = |rate: &&Value| rate["given_up"] == true;
    assert_eq!(arm["rates"].as_array().unwrap().iter().filter(given_up).count(), 2, "{arm}");
    assert!(arm["gradient_evaluations"].as_u64() > Some(0), "{arm}");
}

#[test]
fn an_obvious_answer_saves_seeds_and_the_rest_are_not_run() {
    let home = tempdir().unwrap();
    study_file(home.path(), STUDY_FILE);
    succeed(home.path(), &["compare", "study.toml", "--out", "out"]);
    let study = home.path().join("out/1-digits-model-softmax");
    let compared = |arm: &str| runs(&study).iter().filter(|name| name.starts_with(arm)).count();
    // Six seeds are the fewest that can tell anything.
    assert_eq!([compared("000-plain"), compared("001-crawling")], [6, 6]);
    let all = STUDY_FILE.replace("seeds = 12", "seeds = 12\nstop_early = false");
    study_file(home.path(), &all);
    succeed(home.path(), &["compare", "study.toml", "--out", "all"]);
    let study = home.path().join("all/1-digits-model-softmax");
    assert_eq!(runs(&study).iter().filter(|name| !name.starts_with("tune")).count(), 24);
}

#[test]
fn rates_that_were_given_up_show_as_stopped() {
    let home = tempdir().unwrap();
    study_file(home.path(), STUDY_FILE);
    succeed(home.path(), &["compare", "study.toml", "--out", "out"]);
    let study = home.path().join("out/2-line");
    let tried: Vec<String> = runs(&study).into_iter().filter(|name| name.starts_with("tune-000")).collect();
    let halted = tried.iter().filter(|name| is_halted(&study, name)).count();
    // Three rates with two seeds each: one rate is given up after 10 steps, another after 20.
    assert_eq!((tried.len(), halted), (6, 4), "{tried:?}");
    let log = study.join("runs").join(tried.iter().find(|name| is_halted(&study, name)).unwrap());
    let log = fs::read_to_string(log.join("events.jsonl")).unwrap();
    assert!(log.contains("given up at update"), "{}", log.lines().last().unwrap());
}

#[test]
fn arms_that_are_the_same_are_a_tie() {
    let home = tempdir().unwrap();
    let args = ["compare", "--task", "line", "--as-written", "--steps", "20", "--target", "1e-30"];
    let arms = ["--strategy", "a: sgd lr=0.05", "--strategy", "b: sgd lr=0.05"];
    let text = succeed(home.path(), &[&args[..], &arms].concat());
    for expected in [
        "a and b are tied on 6 shared seeds",
        "8 of 20 runs were not needed",
        "Compared at one shared rate, lr = 0.05",
        "No run reached the target of 0.000000000000000000000000000001",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
}

#[test]
fn mistakes_in_a_study_file_are_told_by_line() {
    let home = tempdir().unwrap();
    let arm = "[[arms]]\nstrategy = \"sgd lr=0.1\"\n";
    let head = "task = \"line\"\nbudget = \"9 steps\"\n";
    let mistakes = [
        format!("{head}sed = 10\n{arm}"),
        format!("{head}{arm}lable = \"x\"\n"),
        head.to_owned(),
        format!("{head}arms = []\n"),
        format!("budget = \"9 steps\"\n{arm}"),
        format!("{head}tasks = [\"line\", \"line\"]\n{arm}"),
        format!("task = \"lime\"\nbudget = \"9 steps\"\n{arm}"),
        format!("task = \"line\"\nbudget = \"9\"\n{arm}"),
        format!("{head}seeds = \"ten\"\n{arm}"),
        format!("{head}seeds = [1, 2, 1]\n{arm}"),
        format!("{head}tune = \"by hand\"\n{arm}"),
        format!("{head}tune = {{ efort = 3 }}\n{arm}"),
        format!("{head}tune = {{ effort = 1 }}\n{arm}"),
        format!("{head}tune = {{ effort = 9, rates = [0.1] }}\n{arm}"),
        format!("{head}tune = {{ effort = 9, halving = true }}\n{arm}"),
        format!("{head}tune = {{ rates = [] }}\n{arm}"),
        format!("{head}target = nan\n{arm}"),
        format!("{head}{arm}rates = [0.1, -1]\n"),
        format!("{head}{arm}rates = [0.1]\n{arm}label = \"x\"\n"),
        format!("{head}{arm}{arm}"),
        format!("{head}[[arms]]\nstrategy = \"sgd | cosin\"\n"),
        format!("{head}[[arms]]\nstrategy = \"sgd | torch OneCycleLR(max_lr=0.1, total_steps=9)\"\n"),
        format!("{head}[[arms\n"),
    ];
    let mut told = String::new();
    for text in &mistakes {
        study_file(home.path(), text);
        let output = lrlab(home.path(), &["compare", "study.toml"]);
        assert_eq!(output.status.code(), Some(2), "{text}\n{}", stderr(&output));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "{text} left something behind");
        told.extend(["-----\n", text.as_str(), "\n", &stderr(&output), "\n"]);
    }
    insta::assert_snapshot!("study_file_mistakes", told);
    let output = lrlab(home.path(), &["compare", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere.toml: cannot be read"), "{}", stderr(&output));
}

#[test]
fn every_example_in_specs_studies_can_be_run() {
    let studies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/studies");
    let mut seen = 0;
    for entry in fs::read_dir(studies).unwrap() {
        let path = entry.unwrap().path();
        let home = tempdir().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        // Short, so that it is the file that is tested and not the tasks.
        let budget = text.lines().find(|line| line.starts_with("budget")).unwrap();
        let tune = text.lines().find(|line| line.starts_with("tune = { effort"));
        let mut short = text.replace(budget, "budget = \"20 steps\"\nbatch_size = 8");
        if let Some(tune) = tune {
            short = short.replace(tune, "tune = { factors = [0.5, 1] }");
        }
        study_file(home.path(), &short);
        succeed(home.path(), &["compare", "study.toml", "--out", "out"]);
        seen += 1;
    }
    assert!(seen >= 3, "{seen} examples");
}
