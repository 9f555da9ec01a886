//! Each finder gives the rate that its tool gave for the same losses.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_analysis::finder::{NoSuggestion, Sweep, find};
use serde_json::Value;

/// The rates on which a tool swept, for as many losses as there are; the script holds the tools to them.
fn rates(tool: &str, steps: u32) -> Vec<f64> {
    let x = |t: u32| match tool {
        "torch-lr-finder" => f64::from(t) / 99.0,
        "fastai" => f64::from(t) / 100.0,
        _ => f64::from(if t == 0 { 0 } else { t + 1 }) / 100.0,
    };
    let from = if tool.starts_with("lightning") { 1e-8 } else { 1e-7 };
    (0..steps).map(|t| from * 1e8_f64.powf(x(t))).collect()
}

/// The losses as the tools read them: every one is an f32.
fn losses(case: &Value) -> Vec<f64> {
    let loss = |loss: &Value| match loss.as_str() {
        Some(text) => text.parse().unwrap(),
        None => f64::from(loss.as_f64().unwrap() as f32),
    };
    case["losses"].as_array().unwrap().iter().map(loss).collect()
}

#[test]
fn every_finder_gives_its_tools_rate() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../golden/pytorch/range_tests.json"
    ))
    .unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for case in golden["cases"].as_array().unwrap() {
        let tool = case["tool"].as_str().unwrap();
        let losses = losses(case);
        let sweep = Sweep::new(rates(tool, losses.len() as u32), losses).unwrap();
        let suggestions: Vec<(String, Option<f64>)> = match case.get("suggestions") {
            Some(all) => all
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, rate)| (format!("fastai-{name}"), rate.as_f64()))
                .collect(),
            None => vec![(tool.to_owned(), case["suggestion"].as_f64())],
        };
        for (name, theirs) in suggestions {
            let ours = match (find(&name).unwrap().suggest)(&sweep) {
                Ok(rate) => Some(rate),
                Err(NoSuggestion::NotANumber { would }) => Some(would),
                Err(_) => None,
            };
            let same = match (ours, theirs) {
                (Some(ours), Some(theirs)) => (ours / theirs - 1.0).abs() < 1e-6,
                (ours, theirs) => ours.is_none() && theirs.is_none(),
            };
            if !same {
                wrong.push(format!("{name} on {} {}: {ours:?}, not {theirs:?}", case["kind"], case["seed"]));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(compared, 7 * 31);
}
