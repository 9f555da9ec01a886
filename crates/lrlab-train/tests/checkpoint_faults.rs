//! Checkpoints that are damaged or another trial's: refused with what differs, and nothing changes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use lrlab_core::TrialSpec;
use lrlab_train::{
    TrainError, Trial,
    checkpoint::{CheckpointError, Checkpoints},
    log::Recorder,
    task::Quadratic,
};
use proptest::prelude::*;
use shared::{Events, spec};
use tempfile::{TempDir, tempdir};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn adam() -> TrialSpec {
    TrialSpec { measure: true, ..spec("wine", "adam lr=0.01 | cosine to 0", 3, "30 steps") }
}

/// A checkpoint of `spec` after 7 updates.
fn saved(spec: &TrialSpec) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("after-7");
    let mut trial = Trial::new(spec).unwrap();
    trial.run_until(7, &mut Events::default()).unwrap();
    trial.save(&path).unwrap();
    (folder, path)
}

fn refusal(spec: &TrialSpec, path: &Path) -> String {
    Trial::load(spec, path).unwrap_err().to_string()
}

const FILES: [&str; 5] = [
    "manifest.jsonl",
    "state.json",
    "parameters.safetensors",
    "optimizer.safetensors",
    "training.safetensors",
];

#[test]
fn it_holds_the_files_that_are_documented() {
    let (_folder, path) = saved(&adam());
    let mut names: Vec<String> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut files = FILES.map(str::to_owned);
    files.sort();
    assert_eq!(names, files);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "and no draft beside it");
}

#[test]
fn what_differs_is_named() {
    let (_folder, path) = saved(&adam());
    let other = |change: fn(&mut TrialSpec)| {
        let mut spec = adam();
        change(&mut spec);
        refusal(&spec, &path)
    };
    for (told, parts) in [
        (other(|spec| spec.seed = 4), &["seed: 3 there, 4 here"][..]),
        (
            other(|spec| spec.strategy = Arc::new("sgd lr=0.01 | cosine to 0".parse().unwrap())),
            &["strategy: `adam lr=0.01 | cosine to 0` there, `sgd lr=0.01 | cosine to 0` here"],
        ),
        (
            other(|spec| spec.task = "wine model=softmax".parse().unwrap()),
            &["task: `wine` there, `wine model=softmax` here"],
        ),
        (
            other(|spec| spec.budget = "40 steps".parse().unwrap()),
            &["budget: 30 steps there, 40 steps here", "length: 30 steps"],
        ),
        (
            other(|spec| spec.batch_size = Some(8)),
            &["rows of a batch: the task's own there, 8 here", "length: "],
        ),
        (other(|spec| spec.measure = false), &["measurements: true there, false here"]),
    ] {
        assert!(told.contains("is of another trial:"), "{told}");
        for part in parts {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}

#[test]
fn other_shapes_and_other_optimizers_of_the_same_spec_are_named() {
    let quadratic = |coordinates: usize| {
        let task = Quadratic::new(&vec![1.0; coordinates], 0.0, 1.0, 0);
        Trial::with_task(&spec("quadratic", "adam lr=0.01", 0, "30 steps"), Box::new(task)).unwrap()
    };
    let folder = tempdir().unwrap();
    let path = folder.path().join("here");
    quadratic(3).save(&path).unwrap();
    let told = quadratic(4).restore(&path).unwrap_err().to_string();
    for part in [
        "parameter x: of shape [3] there, of shape [4] here",
        "optimizer slot x/exp_avg: of shape [3] there, of shape [4] here",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    // What code builds may be another optimizer than the spec says.
    let stand_in = spec("quadratic", "adam lr=0.01", 0, "30 steps");
    let task = Box::new(Quadratic::new(&[1.0; 3], 0.0, 1.0, 0));
    let strategy: lrlab_core::Strategy = "sgd lr=0.01 momentum=0.9".parse().unwrap();
    let mut other = Trial::with_strategy(&stand_in, task, &|horizon| strategy.build(horizon)).unwrap();
    let told = other.restore(&path).unwrap_err().to_string();
    for part in [
        "optimizer slot x/momentum_buffer: none there, of shape [3] here",
        "optimizer slot x/exp_avg: of shape [3] there, none here",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn another_version_is_refused() {
    let (_folder, path) = saved(&adam());
    let manifest = path.join("manifest.jsonl");
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text.lines().next().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let line = line.replace(&format!("\"lrlab\":\"{version}\""), "\"lrlab\":\"0.0.9\"");
    let seal = format!("{{\"crc32\":\"{:08x}\"}}\n", crc32fast::hash(line.as_bytes()));
    fs::write(&manifest, format!("{line}\n{seal}")).unwrap();
    let told = refusal(&adam(), &path);
    assert!(told.contains(&format!("version of lrlab: 0.0.9 there, {version} here")), "{told}");
}

#[test]
fn a_folder_that_is_there_is_not_replaced_and_an_ended_trial_not_saved() {
    let (_folder, path) = saved(&adam());
    let mut trial = Trial::load(&adam(), &path).unwrap();
    let told = trial.save(&path).unwrap_err().to_string();
    assert!(told.contains("is there already"), "{told}");
    trial.run(&mut Events::default()).unwrap();
    let told = trial.save(&path.with_file_name("late")).unwrap_err().to_string();
    assert!(told.contains("has ended after 30 updates"), "{told}");
    assert!(refusal(&adam(), &path.with_file_name("late")).contains("cannot be read"));
}

/// A run of [`adam`] that was dropped after 17 updates, with checkpoints after 10 and 15.
fn run() -> (TempDir, Checkpoints) {
    let folder = tempdir().unwrap();
    let checkpoints = Checkpoints::of_run(folder.path(), "5 steps".parse().unwrap());
    let mut trial = Trial::new(&adam()).unwrap();
    let mut recorder = Recorder::begin(folder.path(), &GO_ON).unwrap();
    let ended = checkpoints.run_until(&mut trial, 17, &mut recorder, &mut |why| panic!("{why}")).unwrap();
    assert_eq!(ended, None);
    (folder, checkpoints)
}

#[test]
fn the_newest_two_are_kept_and_the_older_serves_where_the_newer_is_damaged() {
    let (folder, checkpoints) = run();
    let found = checkpoints.found().unwrap();
    assert_eq!(found.iter().map(|checkpoint| checkpoint.t).collect::<Vec<_>>(), [15, 10]);
    let state = found[0].path.join("state.json");
    let bytes = fs::read(&state).unwrap();
    fs::write(&state, &bytes[1..]).unwrap();
    let mut trial = Trial::new(&adam()).unwrap();
    let told = checkpoints.check(&found[0], &trial).unwrap_err();
    assert!(told.is_damage() && told.to_string().contains("state.json"), "{told}");
    assert!(checkpoints.check(&found[1], &trial).is_ok());

    let mut refused = Vec::new();
    let recorder =
        checkpoints.resume(&mut trial, u64::MAX, &GO_ON, &mut |why| refused.push(why.to_string())).unwrap();
    assert!(recorder.is_some() && refused.len() == 1 && refused[0].contains("instead of the"), "{refused:?}");
    let left = checkpoints.found().unwrap();
    assert_eq!(
        left.iter().map(|checkpoint| checkpoint.t).collect::<Vec<_>>(),
        [10],
        "the damaged one is gone"
    );
    trial.run(&mut recorder.unwrap()).unwrap();
    let resumed = fs::read(folder.path().join("events.jsonl")).unwrap();
    let whole = tempdir().unwrap();
    let mut recorder = Recorder::begin(whole.path(), &GO_ON).unwrap();
    Trial::new(&adam()).unwrap().run(&mut recorder).unwrap();
    assert!(resumed == fs::read(whole.path().join("events.jsonl")).unwrap());
}

#[test]
fn a_log_that_is_not_the_one_of_the_checkpoint_is_refused() {
    for spoil in [
        (|log: &mut Vec<u8>| log.truncate(log.len() / 3)) as fn(&mut Vec<u8>),
        |log| log[100] ^= 1,
        Vec::clear,
    ] {
        let (folder, checkpoints) = run();
        let path = folder.path().join("events.jsonl");
        let mut log = fs::read(&path).unwrap();
        spoil(&mut log);
        fs::write(&path, &log).unwrap();
        let mut trial = Trial::new(&adam()).unwrap();
        let mut refused = Vec::new();
        let none = checkpoints
            .resume(&mut trial, u64::MAX, &GO_ON, &mut |why| refused.push(why.to_string()))
            .unwrap();
        assert!(none.is_none() && refused.len() == 2, "{refused:?}");
        assert!(
            refused.iter().all(|told| told.contains("events.jsonl") && told.contains("log")),
            "{refused:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), log, "and the log stays as it is");
    }
}

#[cfg(unix)]
#[test]
fn where_one_cannot_be_written_training_goes_on_and_the_last_one_stays() {
    let (folder, checkpoints) = run();
    let place = folder.path().join("checkpoints");
    // A file where the next draft has to be made.
    fs::write(place.join("20-updates.draft"), "in the way").unwrap();
    let mut trial = Trial::new(&adam()).unwrap();
    let mut recorder =
        checkpoints.resume(&mut trial, u64::MAX, &GO_ON, &mut |why| panic!("{why}")).unwrap().unwrap();
    let mut told = Vec::new();
    let ended =
        checkpoints.run_until(&mut trial, 22, &mut recorder, &mut |why| told.push(why.to_string())).unwrap();
    assert_eq!(ended, None);
    assert!(told.len() == 1 && told[0].contains("cannot write the checkpoint"), "{told:?}");
    assert!(checkpoints.check(&checkpoints.found().unwrap()[0], &Trial::new(&adam()).unwrap()).is_ok());
    assert_eq!(checkpoints.found().unwrap()[0].t, 15);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_byte_or_a_cut_anywhere_is_refused(
        file in prop::sample::select(FILES.to_vec()),
        at in any::<prop::sample::Index>(),
        flip in 0_u8..,
    ) {
        let spec = spec("line", "adam lr=0.01", 3, "30 steps");
        let (_folder, path) = saved(&spec);
        let file = path.join(file);
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        // A flip of nothing stands for a cut.
        if flip == 0 { bytes.truncate(at) } else { bytes[at] ^= flip }
        fs::write(&file, bytes).unwrap();
        let mut trial = Trial::new(&spec).unwrap();
        let error = trial.restore(&path).unwrap_err();
        prop_assert!(matches!(error, CheckpointError::Damaged { .. }), "{}", error);
        let (mut events, mut fresh) = (Events::default(), Events::default());
        trial.run(&mut events).unwrap();
        Trial::new(&spec).unwrap().run(&mut fresh).unwrap();
        prop_assert_eq!(events.0, fresh.0, "and the trial is as it was");
    }
}

#[test]
fn a_missing_checkpoint_is_an_error_and_no_panic() {
    let folder = tempdir().unwrap();
    let error = Trial::load(&adam(), folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint(CheckpointError::Unreadable { .. })), "{error}");
}
