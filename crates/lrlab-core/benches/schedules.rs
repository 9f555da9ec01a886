//! Times one value of each schedule, and prints nanoseconds as one JSON object for `cargo xtask bench`.
//!
//! Every figure is the least of several repeats, so that noise of the machine drops out. `--quick` repeats
//! less. A name as argument times only what has it in its name, for a profiler.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; nothing is trained here")]

use std::{error::Error, fmt::Write, hint::black_box, time::Instant};

use lrlab_core::{
    Horizon, ScheduleSpec,
    schedule::{Form, SCHEDULES},
};
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HORIZON: Horizon = Horizon { total_steps: 100_000, steps_per_epoch: 1000 };

/// Leaves whose cost is what a user writes into them.
const AS_WRITTEN: [&str; 2] = ["lambda", "piecewise"];

const COMPOSED: [(&str, &str); 4] = [
    ("warmup then cosine", "warmup 1 epoch then cosine to 0"),
    ("warmup, cosine times step, floor", "warmup 5% then (cosine to 0 times step every 20% x0.5) floor 1%"),
    (
        "cosine stepped, times exponential, ceiling",
        "((cosine to 0 stepped each epoch) times exponential x0.9 every epoch) ceiling 80%",
    ),
    (
        "hold, repeated polynomial, floor, cooldown",
        "hold 10% then (polynomial to 0 power 2 repeat 4 floor 1%) cooldown 20% to 0",
    ),
];

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let repeats = if arguments.iter().any(|argument| argument == "--quick") { 20 } else { 50 };
    // Cargo adds `--bench`.
    let only = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);

    let (as_written, leaves): (Vec<_>, Vec<_>) = SCHEDULES
        .iter()
        .filter(|entry| entry.form == Form::Plain)
        .map(|entry| (entry.name.to_owned(), entry.example.to_owned()))
        .partition(|(name, _)| AS_WRITTEN.contains(&name.as_str()));
    let composed = COMPOSED.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let as_written = as_written.into_iter().chain([("piecewise, 1000 points".to_owned(), points(1000))]);

    let mut figures = json!({});
    for (group, texts) in
        [("leaves", leaves), ("composed", composed.into()), ("as_written", as_written.collect())]
    {
        let mut row = Map::new();
        for (name, text) in texts.into_iter().filter(|(name, _)| name.contains(only)) {
            let ns = value_ns(&text, repeats).map_err(|why| format!("{name}: {why}"))?;
            row.insert(name, ns.into());
        }
        figures[group] = Value::Object(row);
    }
    println!("{figures}");
    Ok(())
}

/// Nanoseconds of one value.
fn value_ns(text: &str, repeats: usize) -> Result<f64> {
    let schedule = text.parse::<ScheduleSpec>()?.build(HORIZON)?;
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        for t in 0..HORIZON.total_steps {
            black_box(schedule.value_at(black_box(t), black_box(0.1)));
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best / HORIZON.total_steps as f64 * 1e9)
}

/// A table of points, evenly over the training.
fn points(count: u64) -> String {
    let mut text = "piecewise ".to_owned();
    for index in 0..count {
        let comma = if index == 0 { "" } else { ", " };
        let (percent, at) = (100 - index % 50, index * HORIZON.total_steps / count);
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{percent}% at {at} steps");
    }
    text
}
