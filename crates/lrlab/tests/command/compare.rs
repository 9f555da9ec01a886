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
            &["compare", "--task", "digits model=softmax", "--seeds", "6", "--epochs", "2", "--out", "study"],
            &ARMS[..],
        ]
        .concat(),
    );
    for expected in ["mine", "Best: ", "torch.optim.", "Report: study/report.html"] {
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
    assert!(text.contains("Best: calm"), "{text}");
    assert!(text.contains("diverged"), "{text}");
}

#[test]
fn leaves_what_is_there_alone() {
    let home = tempdir().unwrap();
    let args = [
        "compare",
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
