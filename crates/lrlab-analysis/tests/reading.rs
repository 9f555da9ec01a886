//! Logs and studies on disk: whole, torn and malformed ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

mod quadratic;

use std::{fs, path::Path};

use lrlab_analysis::{FoldError, ReadError, Run, StudyRuns};
use lrlab_core::{
    Arm, Event, Protocol, Question, StudySpec,
    horizon::Duration,
    layout::{EVENTS_FILE, RUNS_FOLDER, STUDY_FILE, StudyFile, run_folder},
};
use quadratic::{Quadratic, strategy, task};

/// The events that fold to `run`, probes after steps.
fn events(run: &Run) -> Vec<Event> {
    let mut events = vec![Event::Started(Box::new(run.started.clone()))];
    events.extend(run.steps.iter().map(|step| Event::Step(step.into())));
    events.extend(run.probes.iter().cloned().map(Event::Probed));
    events.extend(run.validated.iter().cloned().map(Event::Validated));
    events.extend(run.outcome.clone().map(|outcome| Event::Finished { outcome }));
    events
}

fn log(events: &[Event]) -> String {
    events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
}

fn line(seed: u64, lr: f64) -> Run {
    let mut run = Quadratic { seed, ..Quadratic::line() }.constant(lr);
    run.started.trial.strategy = strategy(&format!("sgd lr={lr}")).into();
    run
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_log_reads_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(EVENTS_FILE);
    let run = line(0, 0.05);
    fs::write(&path, log(&events(&run))).unwrap();
    assert_eq!(Run::read(&path).unwrap(), run);
}

#[test]
fn wherever_a_log_is_cut_off_its_whole_lines_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(EVENTS_FILE);
    let events = events(&line(0, 0.05));
    let text = log(&events);
    for cut in (0..text.len())
        .filter(|&cut| cut % 7 == 0 || text[..=cut].ends_with('\n') || text[..cut].ends_with('\n'))
    {
        fs::write(&path, &text[..cut]).unwrap();
        let whole = text[..cut].matches('\n').count();
        match Run::read(&path) {
            Ok(run) => {
                assert!(!run.is_complete() && whole > 0);
                assert_eq!(run, Run::fold(events[..whole].to_vec()).unwrap());
            }
            Err(ReadError::Nothing { .. }) => assert_eq!(whole, 0),
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
}

#[test]
fn a_malformed_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(EVENTS_FILE);
    let mut text = log(&events(&line(0, 0.05))[..3]);
    text.push_str("{\"step\": oops}\n");
    fs::write(&path, &text).unwrap();
    let error = Run::read(&path).unwrap_err().to_string();
    assert!(error.contains("events.jsonl, line 4: not an event of lrlab"), "{error}");
    // Cut off before its newline, the same line is no error.
    fs::write(&path, text.trim_end()).unwrap();
    assert_eq!(Run::read(&path).unwrap().steps.len(), 2);
    let missing = Run::read(&folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, ReadError::Io { .. }), "{missing}");
}

#[test]
fn events_out_of_order_make_no_run() {
    let whole = events(&line(0, 0.05));
    assert_eq!(Run::fold([]), Err(FoldError::Empty));
    let misplaced = |events: Vec<Event>| match Run::fold(events).unwrap_err() {
        FoldError::Misplaced { index, why } => (index, why),
        FoldError::Empty => panic!("it is not empty"),
    };
    assert_eq!(misplaced(whole[1..].to_vec()), (0, "a log begins with `started`"));
    assert_eq!(misplaced(vec![whole[0].clone(), whole[0].clone()]), (1, "a run starts once"));
    let twice = vec![whole[0].clone(), whole[1].clone(), whole[1].clone()];
    assert_eq!(misplaced(twice), (2, "steps count upwards"));
    let mut late = whole.clone();
    late.push(whole[1].clone());
    assert_eq!(misplaced(late), (whole.len(), "nothing follows `finished`"));
}

#[test]
fn of_several_spoilt_logs_the_first_by_name_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write_study(folder.path(), &[]);
    for index in 0..40 {
        let log = if index < 7 { "" } else { "spoilt\n" };
        write(folder.path(), &format!("{RUNS_FOLDER}/{index:03}/{EVENTS_FILE}"), log);
    }
    let error = StudyRuns::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("007") && error.contains("line 1"), "{error}");
}

#[test]
fn losses_are_averaged_over_epochs() {
    let mut run = line(0, 0.05);
    run.started.horizon.steps_per_epoch = 2;
    run.steps.truncate(7);
    run.steps.losses_mut().copy_from_slice(&[8.0, 4.0, 3.0, 1.0, f64::NAN, 1.0, 5.0]);
    assert_eq!(run.epoch_means()[..2], [6.0, 2.0]);
    assert_eq!((run.epoch_means().len(), run.epoch_means()[3]), (4, 5.0));
    assert_eq!((run.final_loss(), run.best_loss()), (Some(3.0), Some(2.0)));
    assert_eq!(run.rate(0).last(), Some((6, 0.05)));
    assert_eq!((run.rate(1).count(), run.updates()), (0, 7));
    run.steps.truncate(0);
    assert_eq!((run.final_loss(), run.best_loss(), run.flip_share(0..9)), (None, None, None));
}

fn spec() -> StudySpec {
    let arm = |label: &str, text: &str| Arm { label: label.to_owned(), strategy: strategy(text) };
    StudySpec {
        title: "Lines".to_owned(),
        task: task(),
        arms: vec![arm("low", "sgd lr=0.01"), arm("high", "sgd lr=0.1"), arm("high again", "sgd lr=0.1")],
        seeds: vec![7, 3],
        budget: Duration::Steps(15),
        batch_size: None,
        protocol: Protocol::default(),
    }
}

fn write_study(folder: &Path, runs: &[(usize, u64, f64)]) {
    let spec = spec();
    for &(arm, seed, lr) in runs {
        let name = run_folder(arm, &spec.arms[arm].label, seed);
        write(folder, &format!("{RUNS_FOLDER}/{name}/{EVENTS_FILE}"), &log(&events(&line(seed, lr))));
    }
    let file = StudyFile { lrlab: "test".to_owned(), question: Question::Compare(spec) };
    write(folder, STUDY_FILE, &serde_json::to_string(&file).unwrap());
}

#[test]
fn a_study_has_its_runs_by_arm_in_the_order_of_its_seeds() {
    let folder = tempfile::tempdir().unwrap();
    write_study(folder.path(), &[(0, 3, 0.01), (0, 7, 0.01), (1, 3, 0.1), (2, 3, 0.1)]);
    // Begun and cut off: within the first line, and after it.
    let cut = &log(&events(&line(7, 0.1)));
    write(folder.path(), "runs/001-high-seed7/events.jsonl", &cut[..40]);
    write(folder.path(), "runs/002-high-again-seed7/events.jsonl", cut.split_inclusive('\n').next().unwrap());
    let study = StudyRuns::read(folder.path()).unwrap();
    let seeds: Vec<(&str, Vec<u64>)> = study
        .arms
        .iter()
        .map(|arm| (arm.label.as_str(), arm.runs.iter().map(|run| run.started.trial.seed).collect()))
        .collect();
    assert_eq!(seeds, [("low", vec![7, 3]), ("high", vec![3]), ("high again", vec![3])]);
    assert_eq!(study.spec, spec());
}

#[test]
fn runs_that_a_study_did_not_ask_for_are_named() {
    for (seed, lr, why) in [
        (9, 0.1, "the study has no seed 9"),
        (3, 0.2, "the study has no such strategy"),
        (3, 0.01, "its strategy has a run with seed 3 already"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_study(folder.path(), &[(0, 3, 0.01)]);
        write(folder.path(), "runs/zzz/events.jsonl", &log(&events(&line(seed, lr))));
        let error = StudyRuns::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_folder_without_a_study_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = StudyRuns::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("holds no study.json"), "{error}");
    write(folder.path(), STUDY_FILE, "{}");
    let error = StudyRuns::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("study.json is not a study of lrlab"), "{error}");
    write_study(folder.path(), &[]);
    let study = StudyRuns::read(folder.path()).unwrap();
    assert!(study.arms.iter().all(|arm| arm.runs.is_empty()) && study.arms.len() == 3);
}
