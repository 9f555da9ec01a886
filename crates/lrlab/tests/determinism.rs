//! Equal trials give equal bits, alone or beside others, on any number of threads.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{collections::BTreeMap, fs, path::Path, sync::atomic::AtomicBool};

use lrlab::{
    Arm, Question, StudySpec,
    analysis::planner::ComparePlanner,
    core::Protocol,
    investigate::Investigator,
    train::{StudyFolder, study::study_horizon},
};

fn study() -> StudySpec {
    let arm = |label: &str, text: &str| Arm { label: label.to_owned(), strategy: text.parse().unwrap() };
    StudySpec {
        title: "determinism".to_owned(),
        task: "digits".parse().unwrap(),
        arms: vec![
            arm("sgd", "sgd lr=0.1 momentum=0.9 | warmup 10% then cosine to 0"),
            arm("adamw", "adamw lr=0.01 | step every 1 epoch x0.5 | clip norm 1"),
            arm("diverging", "sgd lr=1e30"),
        ],
        seeds: vec![0, 7],
        budget: "2 epochs".parse().unwrap(),
        batch_size: None,
        protocol: Protocol::default(),
    }
}

/// Every event log below `folder`, by its path.
fn logs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for run in fs::read_dir(folder.join("runs")).unwrap() {
        let run = run.unwrap();
        found.insert(
            run.file_name().into_string().unwrap(),
            fs::read(run.path().join("events.jsonl")).unwrap(),
        );
    }
    found
}

fn logs_on(threads: usize) -> BTreeMap<String, Vec<u8>> {
    let home = tempfile::tempdir().unwrap();
    let folder = StudyFolder::create(&home.path().join("study"), Question::Compare(study())).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let stop = AtomicBool::new(false);
    let mut planner = ComparePlanner::new(study(), study_horizon(&study()).unwrap());
    pool.install(|| Investigator::new(&folder, &stop).ask(&mut planner, &())).unwrap();
    logs(folder.path())
}

#[test]
fn logs_are_the_same_bytes_on_any_number_of_threads() {
    let one = logs_on(1);
    assert_eq!(one.len(), 6);
    assert!(one.values().all(|log| log.len() > 100));
    for threads in [2, 5] {
        assert!(one == logs_on(threads), "logs differ between 1 and {threads} threads");
    }
}
