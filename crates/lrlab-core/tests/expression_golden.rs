//! Expressions against Python's own values in `golden/pytorch/expressions.json`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use lrlab_core::Expression;
use serde::Deserialize;

#[derive(Deserialize)]
struct Goldens {
    points: Vec<(f64, f64)>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    python: String,
    values: Vec<f64>,
}

fn goldens() -> Goldens {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/expressions.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn values_have_pythons_bits() {
    let goldens = goldens();
    assert!(goldens.cases.len() >= 40 && goldens.points.len() >= 40);
    for case in &goldens.cases {
        let expression: Expression = case.text.parse().unwrap();
        assert_eq!(case.values.len(), goldens.points.len());
        for (&(t, total), want) in goldens.points.iter().zip(&case.values) {
            let got = expression.value(t, total);
            assert_eq!(got.to_bits(), want.to_bits(), "{} at t={t} T={total}: {got} for {want}", case.text);
        }
    }
}

#[test]
fn the_python_source_is_the_one_that_was_evaluated() {
    for case in goldens().cases {
        let expression: Expression = case.text.parse().unwrap();
        assert_eq!(expression.to_string(), case.text);
        assert_eq!(expression.python("t", "T"), case.python);
        assert_eq!(case.python.parse::<Expression>().unwrap(), expression, "{}", case.python);
    }
}
