//! Equal trials give equal bits: alone, beside others, on any number of threads, measured or not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{collections::BTreeMap, fs, path::Path, sync::atomic::AtomicBool};

use lrlab_core::{Arm, Event, Protocol, StudySpec, event::Probe};
use lrlab_train::{StudyFolder, run_study};
use shared::{run, spec};

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
    let folder = StudyFolder::create(&home.path().join("study"), study()).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let tally = pool.install(|| run_study(&folder, &AtomicBool::new(false), &())).unwrap();
    assert_eq!(tally.ended, 6);
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

#[test]
fn measurements_leave_training_undisturbed() {
    for (task, strategy, budget) in [
        ("digits", "sgd lr=0.1 momentum=0.9 | cosine to 0", "2 epochs"),
        ("digits model=softmax", "adam lr=0.01", "1 epoch"),
        ("noisy-line", "sgd lr=0.03", "50 steps"),
        ("line", "sgd lr=0.1", "15 steps"),
        ("quadratic spectrum=1,10,100 noise=0.1", "sgd lr=0.01 momentum=0.5", "40 steps"),
        ("breast-cancer", "adam lr=0.01", "2 epochs"),
        ("wine model=softmax", "sgd lr=0.1", "2 epochs"),
        ("mnist-1d hidden=8", "sgd lr=0.1", "1 epoch"),
        ("modular-addition hidden=8", "sgd lr=0.1", "2 epochs"),
        ("teacher-student noise=0.1", "sgd lr=0.1", "40 steps"),
        ("deep-linear data=stream", "sgd lr=0.1", "40 steps"),
        ("power-law noise=0.1", "sgd lr=0.1", "40 steps"),
        ("rosenbrock noise=0.1", "sgd lr=0.001", "40 steps"),
    ] {
        let mut trial = spec(task, strategy, 3, budget);
        let steps = |events: Vec<Event>| -> Vec<Event> {
            events.into_iter().filter(|event| matches!(event, Event::Step(_) | Event::Validated(_))).collect()
        };
        let plain = run(&trial);
        assert!(!plain.iter().any(|event| matches!(event, Event::Probed(_))));
        trial.measure = true;
        let measured = run(&trial);
        let branches = measured
            .iter()
            .filter(|event| matches!(event, Event::Probed(p) if matches!(p.probe, Probe::Branch { .. })));
        assert_eq!(branches.count(), 1, "{task}: one set of branches");
        assert_eq!(steps(plain), steps(measured), "{task}, {strategy}");
    }
}
