//! Recorded trainings: what other code ran, read as a study.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path};

use lrlab_analysis::{ReadError, StudyRuns, compare};
use lrlab_core::{
    Duration, Event, Horizon, Outcome, Question, Strategy, TaskSpec, TrialSpec,
    event::{Metric, Started, Step, Validated},
    layout::{EVENTS_FILE, RUNS_FOLDER, STUDY_FILE, StudyFile},
    study::RecordedSpec,
};

fn record(folder: &Path, name: &str, label: Option<&str>, seed: u64, end: Option<Outcome>) {
    let trial = TrialSpec {
        task: TaskSpec { name: "Net".to_owned(), args: [].into() },
        strategy: Strategy::as_recorded("SGD(lr=0.1)").into(),
        seed,
        budget: Duration::Steps(0),
        batch_size: None,
        measure: false,
        stop: None,
    };
    let started = Started {
        trial,
        label: label.map(str::to_owned),
        lrlab: "test".to_owned(),
        horizon: Horizon::new(0, 0),
        parameters: 1,
        groups: vec!["*".to_owned()],
        full_batch: false,
        objective: "validation loss".to_owned(),
        untrained: None,
        data: Vec::new(),
        bowl: None,
    };
    let mut events = vec![Event::Started(Box::new(started))];
    events.extend((0..3).map(|t| Event::Step(Step { t, loss: 1.0, lr: vec![0.1], ..Step::default() })));
    let value = Metric(0.5 + seed as f64);
    events
        .push(Event::Validated(Validated { t: 3, metrics: [("validation loss".to_owned(), value)].into() }));
    events.extend(end.map(|outcome| Event::Finished { outcome }));
    let run = folder.join(RUNS_FOLDER).join(name);
    fs::create_dir_all(&run).unwrap();
    let lines: String = events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
    fs::write(run.join(EVENTS_FILE), lines).unwrap();
    let question = Question::Recorded(RecordedSpec { title: "recorded".to_owned() });
    let file = StudyFile { lrlab: "test".to_owned(), question };
    fs::write(folder.join(STUDY_FILE), serde_json::to_string(&file).unwrap()).unwrap();
}

#[test]
fn arms_and_seeds_are_what_lies_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "000-b-seed1", Some("b"), 1, Some(Outcome::Completed));
    record(folder.path(), "000-b-seed0", Some("b"), 0, Some(Outcome::Completed));
    record(folder.path(), "001-a-seed0", Some("a"), 0, None);
    let study = StudyRuns::read(folder.path()).unwrap();
    let arms: Vec<(&str, Vec<u64>)> = (study.arms.iter())
        .map(|arm| (&*arm.label, arm.runs.iter().map(|run| run.started.trial.seed).collect()))
        .collect();
    assert_eq!(arms, [("b", vec![0, 1]), ("a", vec![0])]);
    assert_eq!((study.spec.seeds.as_slice(), study.spec.is_recorded()), (&[0, 1][..], true));
    // One that has no end counts as stopped, and updates made as the length where none was said.
    assert_eq!(study.arms[1].runs[0].outcome, Some(Outcome::Stopped));
    assert_eq!(study.arms[1].runs[0].started.horizon.total_steps, 3);
    let comparison = compare(&study);
    assert_eq!(comparison.best, Some(0));
    assert_eq!((comparison.rows[0].runs, comparison.rows[1].runs), (2, 1));
    assert_eq!((comparison.rows[0].failed, comparison.rows[1].failed), (0, 1));
}

#[test]
fn a_run_without_a_label_and_a_run_twice_are_strays() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "000-a-seed0", None, 0, None);
    let stray = |why: &str| match StudyRuns::read(folder.path()) {
        Err(ReadError::Stray { why: told, .. }) => assert!(told.contains(why), "{told}"),
        other => panic!("{other:?}"),
    };
    stray("names no arm");
    record(folder.path(), "000-a-seed0", Some("a"), 0, None);
    record(folder.path(), "001-a-seed0", Some("a"), 0, None);
    stray("has a run with seed 0 already");
}

#[test]
fn a_strategy_in_words_reads_back_and_cannot_be_built() {
    let strategy = Strategy::as_recorded("SGD(lr=0.1) | mine");
    let text = serde_json::to_string(&strategy).unwrap();
    assert_eq!(text, r#"{"recorded":"SGD(lr=0.1) | mine"}"#);
    assert_eq!(serde_json::from_str::<Strategy>(&text).unwrap(), strategy);
    assert!(serde_json::from_str::<Strategy>(r#"{"recorded":"SGD","optimizer":"sgd lr=0.1"}"#).is_err());
    assert!(strategy.to_torch_code(Horizon::new(10, 1)).is_err());
    let refused = strategy.build(Horizon::new(10, 1)).unwrap_err().to_string();
    assert!(refused.contains("cannot be built"), "{refused}");
    assert!(strategy.lr().is_nan());
}
