//! The program that everything starts from, against PyTorch's own losses and rates.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{fs::File, path::Path};

use lrlab_core::Event;
use serde::Deserialize;
use shared::{losses, run, spec};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    pair: String,
    seed: u64,
    losses: Vec<f64>,
    lr_used: Vec<f64>,
}

#[test]
fn losses_and_rates_are_pytorchs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/first_program.json");
    let golden: Golden = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    assert_eq!(golden.cases.len(), 15);
    for case in &golden.cases {
        let (optimizer, scheduler) = case.pair.split_once(' ').expect("a pair is OPTIMIZER SCHEDULER");
        for prefix in ["", "torch "] {
            let strategy = format!("{optimizer} | {prefix}{scheduler}");
            let events = run(&spec("line", &strategy, case.seed, "15 epochs"));
            let ours = losses(&events);
            assert_eq!(ours.len(), 15);
            for (step, (ours, theirs)) in ours.iter().zip(&case.losses).enumerate() {
                let bound = 1e-6 * case.losses[0];
                assert!(
                    (ours - theirs).abs() <= bound,
                    "{strategy}, seed {}, step {step}: {ours} against {theirs}",
                    case.seed
                );
            }
            let rates =
                events.iter().filter_map(|e| if let Event::Step(s) = e { Some(s.lr[0]) } else { None });
            for (step, (ours, theirs)) in rates.zip(&case.lr_used).enumerate() {
                assert!(
                    (ours / theirs - 1.0).abs() < 1e-14,
                    "{strategy}, step {step}: rate {ours} against {theirs}"
                );
            }
        }
    }
}
