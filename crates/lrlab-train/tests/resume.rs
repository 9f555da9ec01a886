//! A trial that is dropped at any step and goes on from its checkpoint writes the log of one that was never
//! interrupted, byte for byte.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    sync::atomic::AtomicBool,
};

use lrlab_core::{
    Event, Outcome, TrialSpec, optimizer::registry::OPTIMIZERS, schedule::registry::SCHEDULES,
    scheduler::torch::CLASSES, signal::SIGNALS,
};
use lrlab_train::{
    Observer, TrainError, Trial,
    checkpoint::{Checkpoints, LogMark},
    log::Recorder,
    task::{self, TASKS},
};
use proptest::prelude::*;
use shared::spec;
use tempfile::tempdir;

static GO_ON: AtomicBool = AtomicBool::new(false);

fn log(run: &Path) -> Vec<u8> {
    fs::read(run.join("events.jsonl")).unwrap()
}

/// The log of `spec`, trained without an interruption and without a checkpoint.
fn undisturbed(spec: &TrialSpec) -> Vec<u8> {
    let folder = tempdir().unwrap();
    let mut recorder = Recorder::begin(folder.path(), &GO_ON).unwrap();
    Trial::new(spec).unwrap().run(&mut recorder).unwrap();
    log(folder.path())
}

/// Asks for a stop after so many updates.
struct StopAfter<'a> {
    recorder: &'a mut Recorder<'static>,
    updates: u64,
    made: u64,
}

impl Observer for StopAfter<'_> {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        if let Event::Step(step) = event {
            self.made = step.t + 1;
        }
        self.recorder.on_event(event)
    }

    fn wants_stop(&self) -> bool {
        self.made >= self.updates
    }

    fn mark(&mut self) -> Result<Option<LogMark>, TrainError> {
        self.recorder.mark()
    }
}

/// The log of `spec`, interrupted after each of these updates in turn: now dropped, as a kill would, with what
/// a kill can leave at the end of a log, now stopped; a checkpoint is made every so many steps.
fn killed(spec: &TrialSpec, every: u64, kills: &[u64]) -> Vec<u8> {
    let folder = tempdir().unwrap();
    let run = folder.path();
    let checkpoints = Checkpoints::of_run(run, format!("{every} steps").parse().unwrap());
    let mut refused = Vec::new();
    for (index, &kill) in kills.iter().chain([&u64::MAX]).enumerate() {
        let mut trial = Trial::new(spec).unwrap();
        let resumed = checkpoints
            .resume(&mut trial, u64::MAX, &GO_ON, &mut |why| refused.push(why.to_string()))
            .unwrap();
        let mut recorder = resumed.unwrap_or_else(|| Recorder::begin(run, &GO_ON).unwrap());
        let mut tell = |why: &TrainError| panic!("{why}");
        if index % 2 == 1 && kill < u64::MAX {
            let made = trial.t();
            let mut observer = StopAfter { recorder: &mut recorder, updates: kill, made };
            let ended = checkpoints.run_until(&mut trial, u64::MAX, &mut observer, &mut tell).unwrap();
            if ended != Some(Outcome::Stopped) {
                break;
            }
            assert_eq!(checkpoints.found().unwrap()[0].t, trial.t(), "nothing is lost where it is stopped");
            continue;
        }
        let ended = checkpoints.run_until(&mut trial, kill, &mut recorder, &mut tell).unwrap();
        drop((trial, recorder));
        if ended.is_some() {
            break;
        }
        let torn = File::options().append(true).open(run.join("events.jsonl"));
        torn.unwrap().write_all(b"{\"step\":{\"t\":").unwrap();
    }
    assert_eq!(refused, [""; 0]);
    assert!(!run.join("checkpoints").exists(), "a run that has ended needs none");
    log(run)
}

fn resumes(spec: &TrialSpec, every: u64, kills: &[u64]) {
    let (whole, resumed) = (undisturbed(spec), killed(spec, every, kills));
    if whole != resumed {
        let lines = |log: &[u8]| String::from_utf8_lossy(log).lines().map(str::to_owned).collect::<Vec<_>>();
        let (whole, resumed) = (lines(&whole), lines(&resumed));
        let at =
            whole.iter().zip(&resumed).position(|(a, b)| a != b).unwrap_or(whole.len().min(resumed.len()));
        panic!(
            "{spec:?}, every {every} steps, killed after {kills:?}: line {at} is\n{:?}\ninstead of\n{:?}",
            resumed.get(at),
            whole.get(at)
        );
    }
}

/// Strategies with this optimizer: for every parameter, or for matrices alone where it takes no others.
fn strategies(optimizer: &str) -> [String; 2] {
    [optimizer.to_owned(), format!("for *.weight: {optimizer} ; adamw lr=0.01")]
}

#[test]
fn every_optimizer_goes_on() {
    for entry in OPTIMIZERS {
        let specs = strategies(entry.name)
            .map(|text| TrialSpec { measure: true, ..spec("wine", &text, 3, "25 steps") });
        let fits = specs.iter().find(|spec| Trial::new(spec).is_ok());
        let spec = fits.unwrap_or_else(|| panic!("{}: {:?}", entry.name, Trial::new(&specs[1]).err()));
        resumes(spec, 4, &[3, 10, 17, 22]);
    }
}

#[test]
fn every_schedule_and_signal_goes_on() {
    let plans = SCHEDULES.iter().map(|entry| entry.example.to_owned());
    let signals = SIGNALS.iter().map(|entry| format!("constant | {}", entry.example));
    for plan in plans.chain(signals) {
        // An epoch is one step here, and long enough for what the examples speak of.
        let trial =
            spec("quadratic noise=0.1", &format!("sgd lr=0.05 momentum=0.5 | {plan}"), 0, "1000 steps");
        resumes(&trial, 64, &[100, 130, 700]);
    }
}

/// A call of each of PyTorch's schedulers.
const CALLS: [&str; 16] = [
    "LambdaLR(lambda epoch: 0.95 ** epoch)",
    "MultiplicativeLR(lambda epoch: 0.95)",
    "StepLR(step_size=5, gamma=0.5)",
    "MultiStepLR([3, 9, 30], gamma=0.5)",
    "ConstantLR(factor=0.5, total_iters=7)",
    "LinearLR(start_factor=0.2, total_iters=9)",
    "ExponentialLR(0.9)",
    "PolynomialLR(total_iters=30, power=2.0)",
    "CosineAnnealingLR(T_max=9)",
    "CosineAnnealingWarmRestarts(T_0=4, T_mult=2)",
    "CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=4)",
    "OneCycleLR(max_lr=0.1, total_steps=60)",
    "ReduceLROnPlateau(patience=1, factor=0.5)",
    "SequentialLR([LinearLR(total_iters=5), ExponentialLR(0.9)], [5])",
    "ChainedScheduler([ConstantLR(), ExponentialLR(0.95)])",
    "SWALR(swa_lr=0.01, anneal_epochs=9)",
];

#[test]
fn every_scheduler_of_pytorch_goes_on() {
    for (class, call) in CLASSES.into_iter().zip(CALLS) {
        assert!(call.starts_with(class), "{class}: {call}");
        let strategy = format!("sgd lr=0.05 momentum=0.5 | torch {call}");
        resumes(&spec("quadratic noise=0.1", &strategy, 0, "40 steps"), 4, &[3, 9, 21, 38]);
    }
}

/// Parameters up to which a task is measured as well: probes of larger models take too long for a test.
const MEASURED: usize = 20_000;

#[test]
fn every_task_goes_on() {
    let mut tried = 0;
    for entry in TASKS {
        // Those that want a file of the user's are trained in tests of their own.
        let Ok(mut built) = task::build(&entry.name.parse().unwrap(), 3) else { continue };
        let mut parameters = 0;
        built.visit(&mut |param| parameters += param.value.len());
        let trial = spec(entry.name, "sgd lr=0.001 momentum=0.9", 3, "6 steps");
        resumes(&TrialSpec { measure: parameters <= MEASURED, batch_size: Some(1), ..trial }, 2, &[3, 5]);
        tried += 1;
    }
    assert!(tried >= 13, "{tried}");
}

fn trials() -> impl Strategy<Value = TrialSpec> {
    let plan = prop_oneof![
        4 => prop::sample::select(SCHEDULES.iter().map(|entry| entry.example.to_owned()).collect::<Vec<_>>()),
        2 => prop::sample::select(CALLS.map(|call| format!("torch {call} per step")).to_vec()),
        1 => prop::sample::select(CALLS.map(|call| format!("torch {call}")).to_vec()),
    ];
    let signal = prop::option::of(prop::sample::select(vec![
        "plateau patience 2 steps x0.5",
        "greedy patience 1 step x0.9 smoothed=3",
    ]));
    let task = prop::sample::select(vec![
        "wine",
        "wine model=softmax",
        "quadratic",
        "quadratic noise=0.1",
        "noisy-line",
        "line",
        "rosenbrock noise=0.1",
        "teacher-student noise=0.1",
    ]);
    let clip = prop::sample::select(vec![
        "",
        " | clip norm 0.5",
        " | clip value 0.1",
        " | accumulate 2 batches",
        " | skip non-finite",
        " | ema 0.9",
        " | ema 0.9 | swa from 5 steps every 3 steps judged",
    ]);
    let rows = prop::option::of(1_usize..20);
    let optimizer = prop::sample::select(OPTIMIZERS.to_vec());
    (optimizer, plan, signal, clip, task, rows, 5_u64..60, any::<bool>(), 0_u64..4).prop_filter_map(
        "what cannot be built",
        |(entry, plan, signal, clip, task, rows, steps, measure, seed)| {
            let signal = signal.map_or_else(String::new, |signal| format!(" | {signal}"));
            let tail = format!(" | {plan}{signal}{clip}");
            let wanted = |text: String| {
                let strategy = (text + &tail).parse().ok()?;
                let (strategy, budget) = (std::sync::Arc::new(strategy), format!("{steps} steps"));
                let spec =
                    TrialSpec { batch_size: rows, measure, strategy, ..spec(task, "sgd", seed, &budget) };
                Trial::new(&spec).is_ok().then_some(spec)
            };
            strategies(entry.name).into_iter().find_map(wanted)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_trained_and_wherever_it_is_killed(
        trial in trials(),
        every in 1_u64..25,
        kills in prop::collection::vec(0_u64..60, 1..4),
    ) {
        resumes(&trial, every, &kills);
    }
}
