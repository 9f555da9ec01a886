//! A training that is killed goes on from its checkpoint with the very same log.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use tempfile::tempdir;

use crate::{compare::files, lrlab, stderr, stdout, succeed};

const TRAIN: [&str; 10] = [
    "train",
    "--task",
    "digits",
    "--strategy",
    "adam lr=0.01 | warmup 5% then cosine to 0 | clip norm 1",
    "--steps=1200",
    "--batch-size=8",
    "--seed=3",
    "--checkpoint-every=20 steps",
    "--out",
];

fn start(home: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("lrlab"));
    command.current_dir(home).args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a child said on stderr, once it is gone.
fn told(mut child: Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    text
}

fn log(folder: &Path) -> Vec<u8> {
    let files = files(folder);
    files.into_iter().find(|(name, _)| name.ends_with("events.jsonl")).unwrap().1
}

/// The folders of checkpoints of the runs in `folder`, whether or not they are there.
fn all_checkpoints(folder: &Path) -> Vec<PathBuf> {
    let runs = fs::read_dir(folder.join("runs")).into_iter().flatten();
    runs.filter_map(|run| Some(run.ok()?.path().join("checkpoints"))).collect()
}

/// That of the only run in `folder`.
fn checkpoints(folder: &Path) -> PathBuf {
    all_checkpoints(folder).remove(0)
}

/// The checkpoints in a folder, the newest first, but for those that are still written. The folder may
/// change meanwhile.
fn found(checkpoints: &Path) -> Vec<u64> {
    let names = fs::read_dir(checkpoints).into_iter().flatten();
    let update = |name: std::ffi::OsString| name.to_str()?.strip_suffix("-updates")?.parse().ok();
    let mut updates: Vec<u64> = names.filter_map(|entry| update(entry.ok()?.file_name())).collect();
    updates.sort_by_key(|update| std::cmp::Reverse(*update));
    updates
}

/// Those of the only run in `folder`.
fn updates(folder: &Path) -> Vec<u64> {
    found(&checkpoints(folder))
}

/// Kills a child once the runs in `folder` have so many checkpoints.
fn kill_at(child: Child, folder: &Path, count: usize) {
    kill_when(child, || {
        all_checkpoints(folder).iter().map(|checkpoints| found(checkpoints).len()).sum::<usize>() >= count
    });
}

fn kill_when(mut child: Child, is_time: impl Fn() -> bool) {
    while !is_time() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Starts [`TRAIN`] in `folder` and kills it once it has two checkpoints.
fn killed(home: &Path, folder: &str) -> PathBuf {
    let child = start(home, &[&TRAIN[..], &[folder]].concat());
    kill_at(child, &home.join(folder), 2);
    home.join(folder)
}

#[test]
fn killed_at_any_moment_and_resumed_the_log_is_the_same() {
    let home = tempdir().unwrap();
    let epochs = succeed(home.path(), &[&TRAIN[..], &["whole"]].concat());
    let whole = log(&home.path().join("whole"));
    let (mut moment, mut gone_on) = (0.618_034, 0);
    for folder in ["k1", "k2", "k3"] {
        killed(home.path(), folder);
        for _ in 0..4 {
            let mut child =
                start(home.path(), &["train", "--resume", "--checkpoint-every=9 steps", "--out", folder]);
            sleep(Duration::from_secs_f64(0.01 + 0.2 * moment));
            moment = (moment + 0.618_034) % 1.0;
            child.kill().unwrap();
            gone_on += usize::from(told(child).contains("Going on after"));
        }
        let rest = succeed(home.path(), &["train", "--resume", "--out", folder]);
        assert!(epochs.ends_with(&rest), "{rest}");
        assert!(whole == log(&home.path().join(folder)), "{folder}: not the log of an undisturbed training");
        assert!(!checkpoints(&home.path().join(folder)).exists(), "{folder}");
    }
    assert!(gone_on > 0, "no kill hit a resumed training");
}

#[cfg(unix)]
#[test]
fn at_ctrl_c_nothing_is_lost_and_the_interval_is_remembered() {
    let home = tempdir().unwrap();
    succeed(home.path(), &[&TRAIN[..], &["whole"]].concat());
    let mut child = start(home.path(), &[&TRAIN[..], &["run"]].concat());
    let run = home.path().join("run");
    while all_checkpoints(&run).first().is_none_or(|checkpoints| found(checkpoints).is_empty()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        sleep(Duration::from_millis(1));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let told = told(child);
    assert!(told.contains("continue with: lrlab train --resume --out run"), "{told}");

    let text = String::from_utf8(log(&run)).unwrap();
    let stopped = text.lines().filter(|line| line.starts_with("{\"step\"")).count() as u64;
    assert_eq!(updates(&run)[0], stopped, "the checkpoint is of the last update made");
    let child = start(home.path(), &["train", "--resume", "--out", "run"]);
    let later = |folder: &Path| updates(folder).first().is_some_and(|newest| *newest > stopped);
    kill_when(child, || later(&run));
    let newest = updates(&run)[0];
    assert!(newest.is_multiple_of(20), "every 20 steps without being told again, {newest}");

    succeed(home.path(), &["train", "--resume", "--out", "run"]);
    assert!(log(&home.path().join("whole")) == log(&run));
}

#[test]
fn an_interval_that_cannot_be_read_is_told() {
    let home = tempdir().unwrap();
    let folder = killed(home.path(), "run");
    fs::write(folder.join("checkpoint-every.txt"), "now and then").unwrap();
    let refused = lrlab(home.path(), &["train", "--resume", "--out", "run"]);
    assert_eq!(refused.status.code(), Some(2));
    for part in ["checkpoint-every.txt", "`now and then`", "`500 steps`"] {
        assert!(stderr(&refused).contains(part), "{part} in {}", stderr(&refused));
    }
}

#[test]
fn one_that_has_ended_says_so() {
    let home = tempdir().unwrap();
    succeed(home.path(), &["train", "--out", "run"]);
    let output = lrlab(home.path(), &["train", "--resume", "--out", "run"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("run has ended already: its budget is used up."), "{}", stderr(&output));
    assert!(stderr(&output).contains("Verdict:"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_damaged_checkpoint_is_refused_and_the_one_before_it_offered() {
    let home = tempdir().unwrap();
    succeed(home.path(), &[&TRAIN[..], &["whole"]].concat());
    let folder = killed(home.path(), "run");
    let [newest, older, ..] = updates(&folder)[..] else { panic!("{:?}", updates(&folder)) };
    let file = checkpoints(&folder).join(format!("{newest}-updates/optimizer.safetensors"));
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&file, bytes).unwrap();

    let output = lrlab(home.path(), &["train", "--resume", "--out", "run"]);
    assert_eq!(output.status.code(), Some(2));
    let refusal = stderr(&output);
    let offer = format!("lrlab train --resume --from-checkpoint {older} --out run");
    for part in ["error: the checkpoint is damaged", "optimizer.safetensors", "CRC-32", &offer] {
        assert!(refusal.contains(part), "{part} in {refusal}");
    }
    let none = lrlab(home.path(), &["train", "--resume", "--from-checkpoint", "1", "--out", "run"]);
    assert!(stderr(&none).contains(&format!("there are: {newest} and {older}")), "{}", stderr(&none));

    succeed(home.path(), &offer.split(' ').skip(1).collect::<Vec<_>>());
    assert!(log(&home.path().join("whole")) == log(&folder));
}

#[test]
fn where_no_checkpoint_serves_what_to_do_is_told() {
    let home = tempdir().unwrap();
    let folder = killed(home.path(), "run");
    for updates in updates(&folder) {
        fs::write(checkpoints(&folder).join(format!("{updates}-updates/state.json")), "{}").unwrap();
    }
    let output = lrlab(home.path(), &["train", "--resume", "--out", "run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no older one serves; train again"), "{}", stderr(&output));

    // The question of the folder is another one than the checkpoints answer.
    let study = folder.join("study.json");
    let text = fs::read_to_string(&study).unwrap();
    assert!(text.contains("\"lr\": 0.01"), "{text}");
    fs::write(&study, text.replace("\"lr\": 0.01", "\"lr\": 0.02")).unwrap();
    let output = lrlab(home.path(), &["train", "--resume", "--out", "run"]);
    assert_eq!(output.status.code(), Some(2));
    let refusal = stderr(&output);
    assert!(refusal.contains("strategy: `adam lr=0.01 |") && refusal.contains("here"), "{refusal}");
}

#[test]
fn what_cannot_be_resumed_says_what_can() {
    let home = tempdir().unwrap();
    let study = [
        "compare",
        "--as-written",
        "--task=line",
        "--strategy=sgd lr=0.1",
        "--strategy=sgd lr=0.05",
        "--out=c",
    ];
    succeed(home.path(), &[&study[..], &["--seeds=2", "--steps=5"]].concat());
    let refusal = |args: &[&str]| {
        let output = lrlab(home.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        stderr(&output)
    };
    let comparison = refusal(&["train", "--resume", "--out", "c"]);
    assert!(
        comparison.contains("holds a comparison; continue it with: lrlab compare --resume --out c"),
        "{comparison}"
    );
    assert!(refusal(&["train", "--resume", "--out", "none"]).contains("is no study that could go on"));
    let options = refusal(&["train", "--resume", "--out", "c", "--lr", "0.1"]);
    assert!(options.contains("cannot be used with"), "{options}");
    let every = refusal(&["train", "--checkpoint-every", "500"]);
    assert!(every.contains("expected `500 steps`, `1 epoch`"), "{every}");
    let none = refusal(&["train", "--checkpoint-every", "0 steps", "--out", "new"]);
    assert!(none.contains("comes to no step at all"), "{none}");
    assert!(!home.path().join("new").exists());
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_checkpoint_costs_neither_the_run_nor_the_last_one() {
    let home = tempdir().unwrap();
    succeed(home.path(), &[&TRAIN[..], &["whole"]].concat());
    let folder = killed(home.path(), "run");
    let kept = updates(&folder)[0];
    // No file may grow beyond 30 kB, less than the checkpoint has and, later, the log.
    let limited =
        "ulimit -f 60; trap '' XFSZ; exec \"$0\" train --resume --checkpoint-every='20 steps' --out run";
    let binary = assert_cmd::cargo::cargo_bin("lrlab");
    let output =
        Command::new("sh").current_dir(home.path()).arg("-c").arg(limited).arg(binary).output().unwrap();
    let text = stderr(&output);
    assert!(
        text.contains("warning: cannot write the checkpoint") && text.contains("training goes on"),
        "{text}"
    );
    // The log that could not be written in the end is what ended it.
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("once that is mended, continue with: lrlab train --resume --out run"), "{text}");
    assert_eq!(updates(&folder)[0], kept, "the last one that could be written is still there");
    succeed(home.path(), &["train", "--resume", "--out", "run"]);
    assert!(log(&home.path().join("whole")) == log(&folder));
}

/// A study whose two trials are long enough to be killed in.
const STUDY: [&str; 10] = [
    "compare",
    "--as-written",
    "--task=digits",
    "--strategy=a: sgd lr=0.1 momentum=0.9 | cosine to 0",
    "--strategy=b: adam lr=0.01",
    "--seed=0",
    "--steps=1200",
    "--batch-size=8",
    "--checkpoint-every=20 steps",
    "--out",
];

#[test]
fn trials_of_a_study_go_on_from_their_checkpoints() {
    let home = tempdir().unwrap();
    let logs = |folder: &str| -> Vec<(String, Vec<u8>)> {
        let files = files(&home.path().join(folder)).into_iter();
        files.filter(|(name, _)| name.ends_with("events.jsonl")).collect()
    };
    succeed(home.path(), &[&STUDY[..], &["whole"]].concat());
    for (folder, spoilt) in [("sound", false), ("spoilt", true)] {
        let child = start(home.path(), &[&STUDY[..], &[folder]].concat());
        let study = home.path().join(folder);
        kill_at(child, &study, 3);
        for checkpoints in all_checkpoints(&study).iter().filter(|_| spoilt) {
            for updates in found(checkpoints) {
                fs::write(checkpoints.join(format!("{updates}-updates/state.json")), "{}").unwrap();
            }
        }
        let output = lrlab(home.path(), &["compare", "--resume", "--out", folder]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stderr(&output);
        assert_eq!(text.contains("the checkpoint is damaged"), spoilt, "{text}");
        assert_eq!(text.contains("none of its checkpoints serves: it starts again"), spoilt, "{text}");
        assert!(logs("whole") == logs(folder), "{folder}: not the logs of an undisturbed study");
        let left = all_checkpoints(&study).into_iter().filter(|checkpoints| checkpoints.exists()).count();
        assert_eq!(left, 0, "{folder}: checkpoints are left");
    }
}
