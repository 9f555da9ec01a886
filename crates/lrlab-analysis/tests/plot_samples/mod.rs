//! Charts that several tests draw.
#![allow(dead_code, reason = "not every test draws all of them")]

use std::f64::consts::PI;

use lrlab_analysis::plot::{Chart, Curve, Panel, Scale, Time};

pub(crate) fn curve(label: &str, steps: usize, value: impl Fn(f64) -> f64) -> Curve {
    Curve { label: label.to_owned(), values: (0..steps).map(|t| value(t as f64)).collect() }
}

pub(crate) fn panel(scale: Scale, curves: Vec<Curve>) -> Panel {
    Panel { quantity: "learning rate".to_owned(), scale, curves }
}

pub(crate) fn chart(steps: u64, steps_per_epoch: Option<u64>, panels: Vec<Panel>) -> Chart {
    Chart::new(None, Time { total_steps: steps, steps_per_epoch }, panels).unwrap()
}

/// The rate 1 until `step`, then 0.25.
pub(crate) fn drop_at(step: usize, steps: usize) -> Chart {
    let values = (0..steps).map(|t| if t < step { 1.0 } else { 0.25 }).collect();
    chart(steps as u64, None, vec![panel(Scale::Linear, vec![Curve { label: "drop".to_owned(), values }])])
}

pub(crate) fn cosine() -> Chart {
    chart(
        500,
        None,
        vec![panel(
            Scale::Linear,
            vec![curve("cosine to 0", 500, |t| 0.05 * (1.0 + (PI * t / 500.0).cos()))],
        )],
    )
}

/// A warmup from 0 and milestones, on a log axis.
pub(crate) fn warmup_from_zero() -> Chart {
    let warmup = |t: f64| if t < 100.0 { 1e-3 * t / 100.0 } else { 1e-3 };
    let milestones = |t: f64| 1e-3 * 0.1_f64.powf((t / 400.0).floor());
    let curves =
        vec![curve("warmup 100 steps", 1000, warmup), curve("milestones 400, 800", 1000, milestones)];
    chart(1000, Some(50), vec![panel(Scale::Log, curves)])
}

/// Learning rate and momentum, four strategies with a title.
pub(crate) fn two_panels() -> Chart {
    let swing = |t: f64| 0.5 - 0.5 * (2.0 * PI * t / 300.0).cos();
    let rates = vec![
        curve("one cycle", 300, move |t| 0.1 * swing(t)),
        curve("constant", 300, |_| 0.05),
        curve("constant", 300, |_| 0.05),
        curve("linear to 0 with a label that is longer than a narrow terminal is wide", 300, |t| {
            0.1 * (1.0 - t / 300.0)
        }),
    ];
    let momenta =
        vec![curve("one cycle", 300, move |t| 0.95 - 0.1 * swing(t)), curve("constant", 300, |_| 0.9)];
    let panels = vec![
        panel(Scale::Linear, rates),
        Panel { quantity: "momentum".to_owned(), scale: Scale::Linear, curves: momenta },
    ];
    Chart::new(
        Some("Rate and momentum".to_owned()),
        Time { total_steps: 300, steps_per_epoch: Some(100) },
        panels,
    )
    .unwrap()
}
