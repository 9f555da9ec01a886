//! Times what `cargo xtask bench` shows, and prints it as one JSON object.
//!
//! Every figure is the least of several repeats, and variants that are compared take turns, so that
//! noise of the machine drops out. `--quick` repeats less.

use std::{
    error::Error,
    hint::black_box,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use lrlab::{
    Arm, Event, Protocol, Question, StudySpec, TrialSpec,
    analysis::planner::ComparePlanner,
    investigate::Investigator,
    train::{
        Observer, StudyFolder, TrainError, Trial, clock::Stopwatch, log::Recorder, study::study_horizon,
    },
};
use rayon::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The task that most figures are about: an MLP 64-128-10, batches of 32.
const DIGITS: &str = "digits";
const DIGITS_OPTIMIZER: &str = "sgd lr=0.1 momentum=0.9";
const EPOCHS: f64 = 20.0;

/// The study's strategies; PyTorch's side of the benchmark has the same five.
const SCHEDULES: [(&str, &str); 5] = [
    ("constant", "constant"),
    ("step", "step every 5 epochs x0.5"),
    ("exponential", "exponential x0.9 every epoch"),
    ("cosine", "cosine to 0"),
    ("warmup_cosine", "warmup 1 epoch then cosine to 0"),
];
const SEEDS: u64 = 5;
const THREADS: usize = 2;

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
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (repeats, study_repeats) = if quick { (3, 1) } else { (15, 3) };

    let line_us = line_step_us(repeats)?;
    let digits = digits_costs(repeats)?;
    let study = study_seconds(study_repeats)?;
    let figures = serde_json::json!({
        "line_step_us": line_us,
        "digits_step_us": digits.bare,
        "logging_us": digits.logged - digits.bare,
        "logging_percent": 100.0 * (digits.logged / digits.bare - 1.0),
        "measuring_percent": 100.0 * (digits.measured / digits.bare - 1.0),
        "study_trained_s": study.trained,
        "study_recorded_s": study.recorded,
    });
    println!("{figures}");
    Ok(())
}

fn trial(task: &str, strategy: &str, budget: &str, measure: bool) -> Result<TrialSpec> {
    Ok(TrialSpec {
        task: task.parse()?,
        strategy: Arc::new(strategy.parse()?),
        seed: 0,
        budget: budget.parse()?,
        batch_size: None,
        measure,
        stop: None,
    })
}

/// Seconds of one run of `spec`, which is built beforehand.
fn seconds(spec: &TrialSpec, observer: &mut dyn Observer) -> Result<f64> {
    let mut trial = Trial::new(spec)?;
    let watch = Stopwatch::start();
    trial.run(observer)?;
    Ok(watch.elapsed().as_secs_f64())
}

/// Microseconds of a training step of the first program, its validation after every step included.
fn line_step_us(repeats: usize) -> Result<f64> {
    let steps = 2000;
    let spec = trial("line", "sgd lr=0.1 | step every 500 epochs x0.5", &format!("{steps} steps"), false)?;
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        best = best.min(seconds(&spec, &mut Ignore)?);
    }
    Ok(best / f64::from(steps) * 1e6)
}

/// Microseconds of a step on the digits, validation after every epoch included.
struct DigitsCosts {
    /// Training alone.
    bare: f64,
    /// With the log written.
    logged: f64,
    /// With everything measured that verdicts rest on.
    measured: f64,
}

fn digits_costs(repeats: usize) -> Result<DigitsCosts> {
    let budget = format!("{EPOCHS} epochs");
    let bare = trial(DIGITS, DIGITS_OPTIMIZER, &budget, false)?;
    let measured = trial(DIGITS, DIGITS_OPTIMIZER, &budget, true)?;
    let steps = Trial::new(&bare)?.horizon().total_steps as f64;
    let folder = tempfile::tempdir()?;
    let stop = AtomicBool::new(false);
    let mut best = [f64::INFINITY; 3];
    for _ in 0..repeats {
        best[0] = best[0].min(seconds(&bare, &mut Ignore)?);
        best[1] = best[1].min(seconds(&bare, &mut Recorder::begin(folder.path(), &stop)?)?);
        best[2] = best[2].min(seconds(&measured, &mut Ignore)?);
    }
    let [bare, logged, measured] = best.map(|seconds| seconds / steps * 1e6);
    Ok(DigitsCosts { bare, logged, measured })
}

/// Seconds of the study of five strategies and five seeds on two threads.
struct StudySeconds {
    /// Training alone, as PyTorch's side does it.
    trained: f64,
    /// As `lrlab compare` does it: everything measured and logged.
    recorded: f64,
}

fn study_seconds(repeats: usize) -> Result<StudySeconds> {
    let arms = SCHEDULES
        .iter()
        .map(|(label, schedule)| {
            let strategy = format!("{DIGITS_OPTIMIZER} | {schedule}").parse()?;
            Ok(Arm { label: (*label).to_owned(), strategy })
        })
        .collect::<Result<Vec<Arm>>>()?;
    let spec = StudySpec {
        title: "five strategies on the digits".to_owned(),
        task: DIGITS.parse()?,
        arms,
        seeds: (0..SEEDS).collect(),
        budget: lrlab::Duration::Epochs(EPOCHS),
        batch_size: None,
        protocol: Protocol::default(),
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    let mut best = StudySeconds { trained: f64::INFINITY, recorded: f64::INFINITY };
    for _ in 0..repeats {
        best.trained = best.trained.min(threads.install(|| trained(&spec))?);
        let folder = tempfile::tempdir()?;
        best.recorded = best.recorded.min(threads.install(|| recorded(&spec, folder.path()))?);
    }
    Ok(best)
}

fn trained(spec: &StudySpec) -> Result<f64> {
    let trials: Vec<TrialSpec> =
        spec.trials().map(|(_, trial)| TrialSpec { measure: false, ..trial }).collect();
    let watch = Stopwatch::start();
    trials.par_iter().with_max_len(1).try_for_each(|spec| -> Result<()> {
        Trial::new(spec)?.run(&mut Ignore)?;
        Ok(())
    })?;
    Ok(watch.elapsed().as_secs_f64())
}

fn recorded(spec: &StudySpec, path: &Path) -> Result<f64> {
    let watch = Stopwatch::start();
    let folder = StudyFolder::create(&path.join("study"), Question::Compare(spec.clone()))?;
    let mut planner = ComparePlanner::new(spec.clone(), study_horizon(spec)?);
    Investigator::new(&folder, &AtomicBool::new(false)).ask(&mut planner, &())?;
    Ok(watch.elapsed().as_secs_f64())
}
