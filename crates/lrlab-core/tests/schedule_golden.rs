//! Schedules against PyTorch's classes, and against their formulas in Python, in
//! `golden/pytorch/schedules.json`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use lrlab_core::{Horizon, ScheduleSpec};
use serde::Deserialize;

#[derive(Deserialize)]
struct Goldens {
    base: f64,
    steps_per_epoch: u64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    source: String,
    total_steps: u64,
    rates: Vec<(u64, f64)>,
}

#[test]
fn rates_are_those_of_their_sources_to_1e_12() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/schedules.json");
    let goldens: Goldens = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for Case { text, source, total_steps, rates } in goldens.cases {
        let spec: ScheduleSpec = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let schedule = spec.build(Horizon::new(total_steps, goldens.steps_per_epoch)).unwrap();
        for (t, want) in rates {
            let got = schedule.value_at(t, goldens.base);
            assert!((got - want).abs() <= 1e-12 * want.abs(), "{text} at {t}: {got}, {want} from {source}");
        }
    }
}
