//! Times what trials by the thousand cost beyond their training, and prints it as one JSON object for
//! `cargo xtask bench`.
//!
//! The same trials are run as a study, with queue, planner, logs and results, and bare: a plain loop that
//! keeps nothing. Each side is a process of its own, so that its peak memory is its own too; sides that
//! are compared take turns. 10,000 trials, or 1,000 with `--quick`.
//!
//! What the studies write is deleted after the last is timed: ext4 goes out of its way, for half a minute,
//! not to use the inodes of deleted files again, which would be measured with the study that follows.

use std::{
    env,
    error::Error,
    fs,
    hint::black_box,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::AtomicBool,
};

use lrlab::{
    Arm, Duration, Event, Protocol, Question, StudySpec,
    analysis::planner::ComparePlanner,
    investigate::Investigator,
    train::{Observer, StudyFolder, TrainError, Trial, clock::Stopwatch, study::study_horizon},
};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ARMS: [&str; 5] = [
    "sgd lr=0.1 momentum=0.9",
    "sgd lr=0.1 momentum=0.9 | step every 1 epoch x0.5",
    "sgd lr=0.1 momentum=0.9 | exponential x0.9 every epoch",
    "sgd lr=0.1 momentum=0.9 | cosine to 0",
    "sgd lr=0.1 momentum=0.9 | warmup 10% then cosine to 0",
];

/// Five updates of a straight line: what is left is what a trial costs around its training.
const TRIVIAL: (&str, u64) = ("line", 5);
/// About 10 ms of training on the digits, measurements included.
const SHORT: (&str, u64) = ("digits", 75);

/// Which trials of a study a plain loop runs: every so many, from one on.
#[derive(Clone, Copy)]
struct Share {
    first: usize,
    every: usize,
}

/// Receives events and does nothing with them.
struct Ignore;

impl Observer for Ignore {
    fn on_event(&mut self, event: &Event) -> std::result::Result<(), TrainError> {
        black_box(event);
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let figures = match arguments.as_slice() {
        [] => figures(10_000, 3)?,
        ["--quick"] => figures(1000, 2)?,
        ["study", task, steps, trials, threads, folder] => {
            study(&spec(task, steps.parse()?, trials.parse()?)?, threads.parse()?, Path::new(folder))?
        }
        ["bare", task, steps, trials, first, every] => {
            let share = Share { first: first.parse()?, every: every.parse()? };
            bare(&spec(task, steps.parse()?, trials.parse()?)?, share)?
        }
        _ => return Err(format!("no such arguments: {arguments:?}; give none, or --quick").into()),
    };
    println!("{figures}");
    Ok(())
}

fn figures(trials: u64, turns: usize) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let (overhead_ms, growth) = trivial(trials, turns, folder.path())?;
    let throughput = throughput(trials, &folder.path().join("short"))?;
    Ok(json!({
        "trials": trials,
        "overhead_ms": overhead_ms,
        "memory_bytes_per_trial": growth,
        "study_s": throughput.study,
        "two_processes_s": throughput.bare,
        "short_trial_ms": 2000.0 * throughput.bare / trials as f64,
        "throughput_share": throughput.bare / throughput.study,
    }))
}

/// Milliseconds that a study adds to a trial on one thread, the least over `turns`; and the bytes by which a
/// study's peak memory grows with each trial from a tenth of them to all, where the system tells.
fn trivial(trials: u64, turns: usize, folder: &Path) -> Result<(f64, Option<f64>)> {
    let (mut recorded, mut alone) = (f64::INFINITY, f64::INFINITY);
    let mut peak = None;
    let all = Share { first: 0, every: 1 };
    for turn in 0..turns {
        alone = alone.min(number(&told(&mut bare_process(TRIVIAL, trials, all)?)?, "seconds")?);
        let study = told(&mut study_process(TRIVIAL, trials, 1, &folder.join(turn.to_string()))?)?;
        recorded = recorded.min(number(&study, "seconds")?);
        peak = study["peak_bytes"].as_f64();
    }
    let few = trials / 10;
    let before = told(&mut study_process(TRIVIAL, few, 1, &folder.join("few"))?)?["peak_bytes"].as_f64();
    let growth = peak.zip(before).map(|(peak, before)| (peak - before) / (trials - few) as f64);
    Ok((1000.0 * (recorded - alone) / trials as f64, growth))
}

/// Seconds for the same short trials.
struct Throughput {
    /// As one study on two threads.
    study: f64,
    /// In two processes, each with every second trial.
    bare: f64,
}

/// The study stands between two halves of the bare trials, so that a machine that grows slower or faster
/// does so for both.
fn throughput(trials: u64, folder: &Path) -> Result<Throughput> {
    let half = |from: usize| -> Result<f64> {
        let watch = Stopwatch::start();
        let mut first = bare_process(SHORT, trials, Share { first: from, every: 4 })?.spawn()?;
        let mut second = bare_process(SHORT, trials, Share { first: from + 1, every: 4 })?.spawn()?;
        if !(first.wait()?.success() & second.wait()?.success()) {
            return Err("a bare process failed".into());
        }
        Ok(watch.elapsed().as_secs_f64())
    };
    let before = half(0)?;
    let watch = Stopwatch::start();
    told(&mut study_process(SHORT, trials, 2, folder)?)?;
    let study = watch.elapsed().as_secs_f64();
    Ok(Throughput { study, bare: before + half(2)? })
}

fn spec(task: &str, steps: u64, trials: u64) -> Result<StudySpec> {
    let arm = |strategy: &&str| -> Result<Arm> {
        Ok(Arm { label: (*strategy).to_owned(), strategy: strategy.parse()? })
    };
    Ok(StudySpec {
        title: "trials by the thousand".to_owned(),
        task: task.parse()?,
        arms: ARMS.iter().map(arm).collect::<Result<Vec<Arm>>>()?,
        seeds: (0..trials / ARMS.len() as u64).collect(),
        budget: Duration::Steps(steps),
        batch_size: None,
        protocol: Protocol::default(),
    })
}

/// Runs the trials as `lrlab compare` does.
fn study(spec: &StudySpec, threads: usize, folder: &Path) -> Result<Value> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let watch = Stopwatch::start();
    let begun = StudyFolder::create(folder, Question::Compare(spec.clone()))?;
    let mut planner = ComparePlanner::new(spec.clone(), study_horizon(spec)?);
    let stop = AtomicBool::new(false);
    threads.install(|| Investigator::new(&begun, &stop).ask(&mut planner, &()))?;
    Ok(json!({ "seconds": watch.elapsed().as_secs_f64(), "peak_bytes": peak_bytes() }))
}

/// Runs the share of the trials in a plain loop.
fn bare(spec: &StudySpec, share: Share) -> Result<Value> {
    let watch = Stopwatch::start();
    for (_, trial) in spec.trials().skip(share.first).step_by(share.every) {
        Trial::new(&trial)?.run(&mut Ignore)?;
    }
    Ok(json!({ "seconds": watch.elapsed().as_secs_f64(), "peak_bytes": peak_bytes() }))
}

fn study_process(work: (&str, u64), trials: u64, threads: usize, folder: &Path) -> Result<Command> {
    let (task, steps) = work;
    let mut command =
        itself(&["study", task, &steps.to_string(), &trials.to_string(), &threads.to_string()])?;
    command.arg(folder);
    Ok(command)
}

fn bare_process(work: (&str, u64), trials: u64, share: Share) -> Result<Command> {
    let (task, steps) = work;
    let Share { first, every } = share;
    itself(&["bare", task, &steps.to_string(), &trials.to_string(), &first.to_string(), &every.to_string()])
}

fn itself(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

/// What a process prints.
fn told(command: &mut Command) -> Result<Value> {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn number(figures: &Value, name: &str) -> Result<f64> {
    figures[name].as_f64().ok_or_else(|| format!("{figures} have no {name}").into())
}

/// The most memory that this process has had, where the system tells.
fn peak_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| 1024.0 * kib)
}
