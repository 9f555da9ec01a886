//! Times a million values of each schedule sampled and drawn to a PNG, and prints the milliseconds of each
//! as one JSON object for `cargo xtask bench`.
//!
//! Every figure is the least of several repeats, so that noise of the machine drops out. `--quick` repeats
//! less. A name as argument times only what has it in its name, for a profiler.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; nothing is trained here")]

use std::{error::Error, hint::black_box, time::Instant};

use lrlab_analysis::plot::{Chart, Curve, Panel, Scale, Size, Time, png};
use lrlab_core::{Horizon, Schedule, ScheduleSpec, schedule::SCHEDULES};
use serde_json::Map;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HORIZON: Horizon = Horizon { total_steps: 1_000_000, steps_per_epoch: 10_000 };

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let repeats = if arguments.iter().any(|argument| argument == "--quick") { 2 } else { 7 };
    // Cargo adds `--bench`.
    let only = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);
    let mut figures = Map::new();
    for entry in SCHEDULES.iter().filter(|entry| entry.name.contains(only)) {
        let ms = drawn_ms(entry.example, repeats).map_err(|why| format!("{}: {why}", entry.name))?;
        figures.insert(entry.name.to_owned(), ms.into());
    }
    println!("{}", serde_json::Value::Object(figures));
    Ok(())
}

/// Milliseconds from the built schedule to the bytes of the picture.
fn drawn_ms(text: &str, repeats: usize) -> Result<f64> {
    let schedule = text.parse::<ScheduleSpec>()?.build(HORIZON)?;
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        black_box(draw(&*schedule, text)?);
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best * 1e3)
}

fn draw(schedule: &dyn Schedule, label: &str) -> Result<Vec<u8>> {
    let Horizon { total_steps, steps_per_epoch } = HORIZON;
    let values = (0..total_steps).map(|t| schedule.value_at(t, 0.1)).collect();
    let curves = vec![Curve { label: label.to_owned(), values }];
    let panel = Panel { quantity: "learning rate".to_owned(), scale: Scale::Linear, curves };
    let time = Time { total_steps, steps_per_epoch: Some(steps_per_epoch) };
    let chart = Chart::new(None, time, vec![panel])?;
    Ok(png(&chart, Size::fitting(&chart))?)
}
