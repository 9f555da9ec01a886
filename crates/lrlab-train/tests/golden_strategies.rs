//! What a strategy does over all of its groups, step by step against the PyTorch code that it is converted
//! to: accumulation, clipping, skipped updates, masks over weight decay, averages of the weights.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "shared/rows.rs"]
mod rows;
mod shared;

use std::{collections::BTreeMap, fs::File, path::Path};

use lrlab_core::{Event, Horizon, Strategy, event::Validated};
use lrlab_train::Trial;
use rows::Rows;
use serde::Deserialize;
use shared::{Events, spec};

#[derive(Deserialize)]
struct Golden {
    batch: usize,
    epochs: u64,
    inputs: Vec<[f32; 3]>,
    targets: Vec<f32>,
    weights: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    code: String,
    steps_per_epoch: u64,
    /// What the loss of a batch is multiplied with.
    spoilt: BTreeMap<usize, String>,
    f32: Course,
    /// The last look of a training in f64.
    f64: Look,
}

#[derive(Deserialize)]
struct Course {
    losses: Vec<f64>,
    looks: Vec<Look>,
}

#[derive(Deserialize)]
struct Look {
    epoch: u64,
    raw: Vec<f64>,
    ema: Option<Vec<f64>>,
    swa: Option<Vec<f64>>,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/strategies.json");
    serde_json::from_reader(File::open(path).unwrap()).unwrap()
}

fn trained(golden: &Golden, case: &Case) -> Vec<Event> {
    let mut task = Rows::new(golden.inputs.clone(), golden.targets.clone(), golden.batch);
    assert_eq!([&task.weight[..], &task.bias].concat(), golden.weights);
    task.spoilt = case.spoilt.iter().map(|(&batch, value)| (batch, value.parse().unwrap())).collect();
    let spec = spec("line", &case.text, 0, &format!("{} epochs", golden.epochs));
    let mut events = Events::default();
    Trial::with_task(&spec, Box::new(task)).unwrap().run(&mut events).unwrap();
    events.0
}

/// The weights that a validation tells under names that begin with `prefix`.
fn weights(validated: &Validated, prefix: &str) -> Vec<f64> {
    (0..4).filter_map(|i| validated.metrics.get(&format!("{prefix}w{i}"))).map(|metric| metric.0).collect()
}

/// The largest distance between the weights of a look and those of `validated`, in units of the largest.
fn distance(look: &Look, validated: &Validated, text: &str) -> f64 {
    let judge = ["ema", "swa"].into_iter().find(|word| text.contains(word) && text.contains("judged"));
    let found = [("raw", Some(&look.raw)), ("ema", look.ema.as_ref()), ("swa", look.swa.as_ref())];
    // Before the average that judges has begun, the weights do.
    let judge = judge.filter(|judge| found.iter().any(|(word, theirs)| word == judge && theirs.is_some()));
    let mut largest = 0.0_f64;
    for (word, theirs) in found {
        let plain = word == judge.unwrap_or("raw");
        let own = weights(validated, &if plain { String::new() } else { format!("{word} ") });
        let Some(theirs) = theirs else {
            assert!(own.is_empty() || plain, "{text}: {word} at step {}", validated.t);
            continue;
        };
        assert_eq!(own.len(), 4, "{text}: {word} at step {}: {:?}", validated.t, validated.metrics);
        let size = theirs.iter().fold(0.0_f64, |size, weight| size.max(weight.abs()));
        largest = own.iter().zip(theirs).fold(largest, |d, (own, torch)| d.max((own - torch).abs() / size));
    }
    largest
}

#[test]
fn the_stored_code_is_what_is_written_now() {
    let golden = golden();
    for case in &golden.cases {
        let horizon = Horizon::new(golden.epochs * case.steps_per_epoch, case.steps_per_epoch);
        let code = case.text.parse::<Strategy>().unwrap().to_torch_code(horizon).unwrap();
        assert_eq!(
            code.trim_end(),
            case.code.trim_end(),
            "{}: make strategies.json again with `cargo xtask golden --python PYTHON strategies`",
            case.text
        );
    }
}

#[test]
fn losses_and_weights_are_pytorchs() {
    let golden = golden();
    let (mut of_losses, mut of_weights, mut of_f64) = (0.0_f64, 0.0_f64, 0.0_f64);
    for case in &golden.cases {
        let events = trained(&golden, case);
        let own = shared::losses(&events);
        let theirs = &case.f32.losses;
        let skipped = events.iter().filter(|event| matches!(event, Event::Skipped(_))).count();
        assert_eq!(own.len() as u64, golden.epochs * case.steps_per_epoch, "{}", case.text);
        // A loop over a loader makes fewer updates where it skips some.
        assert_eq!(theirs.len() + skipped, own.len(), "{}", case.text);
        assert_eq!(skipped, case.spoilt.len().min(if case.text.contains("accumulate") { 2 } else { 3 }));
        let scale = theirs.iter().copied().fold(0.0, f64::max);
        for (own, theirs) in own.iter().zip(theirs) {
            of_losses = of_losses.max((own - theirs).abs() / scale);
        }
        assert!(of_losses < 1e-6, "{}: losses differ by {of_losses:e}", case.text);
        if skipped > 0 {
            continue;
        }
        let validated = |epoch: u64| {
            events.iter().find_map(|event| match event {
                Event::Validated(v) if v.t == epoch * case.steps_per_epoch => Some(v),
                _ => None,
            })
        };
        for look in &case.f32.looks {
            of_weights = of_weights.max(distance(look, validated(look.epoch).unwrap(), &case.text));
            assert!(of_weights < 2e-6, "{}, epoch {}: {of_weights:e}", case.text, look.epoch);
        }
        of_f64 = of_f64.max(distance(&case.f64, validated(golden.epochs).unwrap(), &case.text));
        assert!(of_f64 < 2e-6, "{} in f64: {of_f64:e}", case.text);
    }
    println!("losses {of_losses:e}, weights {of_weights:e}, against f64 {of_f64:e}");
}
