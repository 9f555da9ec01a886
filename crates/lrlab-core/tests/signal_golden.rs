//! `plateau` against PyTorch's `ReduceLROnPlateau` in `golden/pytorch/plateau_readings.json`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, path::Path};

use lrlab_core::{
    Duration, Horizon,
    registry::{Argument, Arguments, Level},
    signal::{self, Setting},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Goldens {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    options: BTreeMap<String, Value>,
    lr: f64,
    /// `None` stands for infinity.
    readings: Vec<Option<f64>>,
    factors: Vec<f64>,
}

const STEPS_PER_EPOCH: u64 = 7;

impl Case {
    fn arguments(&self) -> Arguments {
        let number = |name: &str| self.options.get(name).and_then(Value::as_f64);
        let mut args = Arguments::new();
        let mut put = |name: &str, argument: Option<Argument>| {
            args.extend(argument.map(|argument| (name.to_owned(), argument)));
        };
        for name in ["patience", "cooldown"] {
            put(name, number(name).map(|count| Argument::Duration(Duration::Epochs(count))));
        }
        put("factor", number("factor").map(Argument::Number));
        put("floor", number("min_lr").map(|lr| Argument::Level(Level::Fraction(lr / self.lr))));
        let mode = self.options.get("mode").and_then(Value::as_str);
        put("mode", mode.map(|mode| Argument::Word(mode.to_owned())));
        if self.options.contains_key("threshold_mode") {
            put("threshold_abs", number("threshold").map(Argument::Number));
        } else {
            put("threshold", number("threshold").map(|share| Argument::Level(Level::Fraction(share))));
        }
        args
    }
}

#[test]
fn read_once_an_epoch_it_lowers_where_pytorch_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/plateau_readings.json");
    let goldens: Goldens = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut changes = 0;
    for case in &goldens.cases {
        let horizon = Horizon::new(STEPS_PER_EPOCH * case.readings.len() as u64, STEPS_PER_EPOCH);
        let entry = signal::find("ReduceLROnPlateau").unwrap();
        let mut plateau = (entry.build)(&case.arguments(), Setting { horizon, warmup: 0 }).unwrap();
        let mut before = 1.0;
        for (epoch, (value, want)) in (1..).zip(case.readings.iter().zip(&case.factors)) {
            plateau.on_metric(STEPS_PER_EPOCH * epoch, "loss", value.unwrap_or(f64::INFINITY)).unwrap();
            let got = plateau.factor();
            let label = format!("{} {:?} epoch {epoch}: {got} for {want}", case.name, case.options);
            assert!((got - want).abs() <= 1e-12 * want, "{label}");
            changes += usize::from(got < before);
            before = got;
        }
    }
    assert!(changes > 200, "only {changes} changes");
}
