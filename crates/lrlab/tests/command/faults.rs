//! Interruptions: nothing is lost, and a resumed study ends with the very same logs.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use tempfile::tempdir;

use crate::{compare::files, lrlab, stderr, succeed};

const STUDY: [&str; 13] = [
    "compare",
    "--as-written",
    "--task",
    "digits model=softmax",
    "--strategy",
    "a: sgd lr=0.1 momentum=0.9 | cosine to 0",
    "--strategy",
    "b: adam lr=0.01",
    "--seeds",
    "4",
    "--epochs",
    "6",
    "--out",
];

/// A study that no test sees the end of.
const LONG: [&str; 12] = [
    "compare",
    "--as-written",
    "--task",
    "digits",
    "--strategy",
    "sgd lr=0.1",
    "--seeds",
    "200",
    "--epochs",
    "20",
    "--out",
    "study",
];

fn start(home: &Path, args: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("lrlab"))
        .current_dir(home)
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn logs(folder: &Path) -> Vec<(String, Vec<u8>)> {
    files(folder).into_iter().filter(|(name, _)| name.ends_with("events.jsonl")).collect()
}

/// A study whose rates are searched, or chosen from a list of which half is given up early, and whose seeds
/// end with the answer.
const TUNED: [[&str; 13]; 2] = [tuned("--tune", "6"), tuned("--halving", "--rates=0.01,0.1,0.3,1")];

const fn tuned(how: &'static str, much: &'static str) -> [&'static str; 13] {
    [
        "compare",
        how,
        much,
        "--task",
        "digits model=softmax",
        "--strategy",
        "a: sgd momentum=0.9 | cosine to 0",
        "--strategy",
        "b: adam",
        "--seeds",
        "9",
        "--epochs=4",
        "--out",
    ]
}

#[test]
fn killed_at_any_moment_and_resumed_the_logs_are_the_same() {
    assert_eq!(survives_kills(&STUDY, 4), 8);
}

#[test]
fn what_a_killed_study_had_decided_is_decided_again() {
    for study in TUNED {
        let runs = survives_kills(&study, 2);
        assert!(runs > 18, "{runs} runs");
    }
}

/// Kills a study at moments of all kinds and resumes it; gives the number of its runs.
fn survives_kills(study: &[&str], rounds: usize) -> usize {
    let home = tempdir().unwrap();
    succeed(home.path(), &[study, &["whole"][..]].concat());
    let whole = logs(&home.path().join("whole"));

    // Moments spread over the study by the golden ratio, so that no two tests of them agree.
    let mut killed = 0;
    for (round, folder) in ["k1", "k2", "k3", "k4"].into_iter().enumerate().take(rounds) {
        let mut moment = 0.618_034 * (round + 1) as f64 % 1.0;
        let mut child = start(home.path(), &[study, &[folder][..]].concat());
        let mut attempts = 0;
        loop {
            sleep(Duration::from_secs_f64(0.02 + 0.4 * moment));
            moment = (moment + 0.618_034) % 1.0;
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success());
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
            attempts += 1;
            if !home.path().join(folder).join("study.json").exists() {
                // Killed before the study began: there is nothing to resume yet.
                child = start(home.path(), &[study, &[folder][..]].concat());
            } else if attempts < 4 {
                child = start(home.path(), &["compare", "--resume", "--out", folder]);
            } else {
                succeed(home.path(), &["compare", "--resume", "--out", folder]);
                break;
            }
        }
        assert!(
            whole == logs(&home.path().join(folder)),
            "{folder}: logs differ from an undisturbed study's"
        );
    }
    assert!(killed > 0, "no kill hit a running study");
    whole.len()
}

#[test]
fn control_c_keeps_what_is_done_and_says_how_to_go_on() {
    let home = tempdir().unwrap();
    let mut child = start(home.path(), &LONG);
    while !home.path().join("study/runs").exists() {
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(200));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let status = child.wait().unwrap();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(status.code(), Some(130), "{text}");
    assert!(text.contains("continue with: lrlab compare --resume --out study"), "{text}");
    for (name, log) in logs(&home.path().join("study")) {
        assert!(log.ends_with(b"\n"), "{name} ends in the middle of a line");
        for line in String::from_utf8(log).unwrap().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[test]
fn two_writers_never_share_a_study() {
    let home = tempdir().unwrap();
    let mut child = start(home.path(), &LONG);
    while !home.path().join("study/study.json").exists() {
        sleep(Duration::from_millis(20));
    }
    let second = lrlab(home.path(), &["compare", "--resume", "--out", "study"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(stderr(&second).contains("is being written by another lrlab"), "{}", stderr(&second));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_what_was_written_stays() {
    let home = tempdir().unwrap();
    succeed(home.path(), &[&STUDY[..], &["study"]].concat());
    // A log that cannot grow: the device that is always full.
    let run = std::fs::read_dir(home.path().join("study/runs")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(run.join("events.jsonl")).unwrap();
    std::os::unix::fs::symlink("/dev/full", run.join("events.jsonl")).unwrap();
    let output = lrlab(home.path(), &["compare", "--resume", "--out", "study"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("No space left on device"), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("continue with: lrlab compare --resume --out study"),
        "{}",
        stderr(&output)
    );
    std::fs::remove_file(run.join("events.jsonl")).unwrap();
    assert_eq!(logs(&home.path().join("study")).iter().filter(|(_, log)| log.len() > 1000).count(), 7);
}
