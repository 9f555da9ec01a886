//! PyTorch code out: what it does under torch against what lrlab does itself.
//!
//! `golden/pytorch/convert.json` holds the code of every case and the values that each step used when
//! torch ran it. Where a Python with torch is at hand (`LRLAB_PYTHON`, or `python3`) the code is run
//! again here.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic and tell what it left out")]

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use lrlab_core::{
    Field, Horizon, ScheduleSpec, Strategy,
    optimizer::registry::{Module, OPTIMIZERS},
    schedule::SCHEDULES,
};
use serde::Deserialize;

const HORIZON: Horizon = Horizon { total_steps: 60, steps_per_epoch: 10 };

#[derive(Deserialize)]
struct Goldens {
    losses: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    code: String,
    /// The values at every step by name, or one that holds throughout.
    groups: Vec<BTreeMap<String, Vec<f64>>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch")
}

fn goldens() -> Goldens {
    serde_json::from_str(&std::fs::read_to_string(folder().join("convert.json")).unwrap()).unwrap()
}

/// The values of the strategy's groups before each update, the metric read after each epoch.
fn own_values(text: &str, losses: &[f64]) -> Vec<Vec<(Field, f64)>> {
    let strategy: Strategy = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let built = strategy.build(HORIZON).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut groups: Vec<_> = built.groups.into_iter().map(|group| group.group).collect();
    let mut scheduler = built.scheduler;
    let mut values = vec![Vec::new(); groups.len()];
    for t in 0..HORIZON.total_steps {
        if t > 0 && t.is_multiple_of(HORIZON.steps_per_epoch) {
            let loss = losses[usize::try_from(t / HORIZON.steps_per_epoch - 1).unwrap()];
            scheduler.on_metric(t, "validation loss", loss, &mut groups).unwrap();
        }
        scheduler.before_step(t, &mut groups).unwrap();
        for (values, group) in values.iter_mut().zip(&groups) {
            let fields = Field::ALL.into_iter().filter(|field| group.has(*field));
            values.extend(fields.map(|field| (field, group.get(field))));
        }
    }
    values
}

/// The largest relative difference between a case's values and lrlab's.
fn largest_difference(case: &Case, losses: &[f64]) -> f64 {
    let own = own_values(&case.text, losses);
    assert_eq!(own.len(), case.groups.len(), "{}", case.text);
    let mut largest = 0.0_f64;
    for (own, theirs) in own.iter().zip(&case.groups) {
        let mut steps: BTreeMap<Field, usize> = BTreeMap::new();
        for (field, value) in own {
            let step = steps.entry(*field).or_default();
            let series = &theirs[field.name()];
            let torch = series.get(*step).or(series.last().filter(|_| series.len() == 1)).unwrap();
            let (distance, size) = ((value - torch).abs(), value.abs().max(torch.abs()));
            let label = format!("{}: {} at step {step}: {value} for {torch}", case.text, field.name());
            if *value == 0.0 {
                assert!(torch.abs() < 1e-18, "{label}\n{}", case.code);
            } else {
                assert!(distance <= 1e-9 * size, "{label}\n{}", case.code);
                largest = largest.max(distance / size);
            }
            *step += 1;
        }
    }
    largest
}

#[test]
fn the_stored_code_is_what_is_written_now() {
    for case in goldens().cases {
        let strategy: Strategy = case.text.parse().unwrap_or_else(|error| panic!("{}: {error}", case.text));
        let code = strategy.to_torch_code(HORIZON).unwrap();
        assert_eq!(
            code, case.code,
            "{}: make convert.json again with `cargo xtask golden --python PYTHON convert`",
            case.text
        );
    }
}

#[test]
fn torch_has_the_same_values_at_every_step() {
    let Goldens { losses, cases } = goldens();
    assert!(cases.len() > 90, "{}", cases.len());
    let largest = cases.iter().map(|case| largest_difference(case, &losses)).fold(0.0, f64::max);
    // Measured: 3.3e-14.
    assert!(largest < 1e-13, "the largest difference is {largest:e}");
}

#[test]
fn every_schedule_that_fits_has_a_case() {
    let cases = goldens().cases;
    for entry in SCHEDULES {
        let spec: ScheduleSpec = entry.example.parse().unwrap();
        let has = |case: &Case| case.text.contains(entry.example);
        assert!(spec.build(HORIZON).is_err() || cases.iter().any(has), "{}", entry.name);
    }
}

/// A Python that can import torch.
fn python() -> Option<String> {
    let named = std::env::var("LRLAB_PYTHON").ok();
    let candidate = named.unwrap_or_else(|| "python3".to_owned());
    let found = Command::new(&candidate).args(["-c", "import torch"]).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(candidate)
}

#[test]
fn torch_runs_the_code_here_where_it_is_installed() {
    let Some(python) = python() else {
        eprintln!("no Python with torch here (set LRLAB_PYTHON): the stored values stand for it");
        return;
    };
    let Goldens { losses, cases } = goldens();
    let codes: Vec<_> = cases
        .iter()
        .map(|case| {
            let code = case.text.parse::<Strategy>().unwrap().to_torch_code(HORIZON).unwrap();
            serde_json::json!({ "text": case.text, "code": code })
        })
        .collect();
    let mut child = Command::new(python)
        .arg(folder().join("convert_cases.py"))
        .arg("--run")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(&codes).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let ran: Vec<Case> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ran.len(), cases.len());
    for case in &ran {
        largest_difference(case, &losses);
    }
}

fn alone(text: &str, lr: f64) -> String {
    let spec: ScheduleSpec = text.parse().unwrap();
    spec.to_torch_code(HORIZON, lr).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_scheduler_alone_has_an_optimizer_in_the_place_of_yours() {
    insta::assert_snapshot!(alone("cosine to 1%", 0.1), @r#"
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)  # stands for yours
    # call scheduler.step() after every optimizer step
    scheduler = CosineAnnealingLR(optimizer, T_max=60, eta_min=0.001)
    "#);
    insta::assert_snapshot!(alone("lambda 0.5 * (1 + cos(pi * t / T)) every epoch", 0.1), @r#"
    import math
    import torch
    from torch.optim.lr_scheduler import LambdaLR

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)  # stands for yours
    # call scheduler.step() once after each epoch of 10 steps
    scheduler = LambdaLR(optimizer, lambda epoch: (0.5 * (1.0 + math.cos(math.pi * (((epoch * 10) // 10)) / 6))))
    "#);
    insta::assert_snapshot!(alone("constant", 0.1), @r#"
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)  # stands for yours
    # the optimizer's own rate throughout needs no scheduler
    "#);
    let spec: ScheduleSpec = "cosine".parse().unwrap();
    for lr in [0.0, -1.0, f64::NAN] {
        assert!(spec.to_torch_code(HORIZON, lr).unwrap_err().to_string().starts_with("lr: got"));
    }
}

#[test]
fn optimizers_that_pytorch_lacks_come_from_lrlab() {
    let mut moved = 0;
    for entry in OPTIMIZERS.iter().filter(|entry| entry.module == Module::Lrlab) {
        let strategy: Strategy = format!("{} lr=0.5 | cosine to 0", entry.name).parse().unwrap();
        let code = strategy.to_torch_code(HORIZON).unwrap();
        let class = entry.pytorch;
        assert!(code.contains(&format!("from lrlab.torch.optim import {class}\n")), "{code}");
        assert!(code.contains(&format!("optimizer = {class}(model.parameters(), lr=0.5)\n")), "{code}");
        let elsewhere = strategy.groups[0].optimizer.build().unwrap().optimizer.evaluates_elsewhere();
        for call in ["    optimizer.train()", "    optimizer.eval()"] {
            assert_eq!(code.contains(call), elsewhere, "{code}");
        }
        moved += usize::from(elsewhere);
        let pasted = format!("lrlab.torch.optim.{class}(model.parameters(), lr=0.5)");
        assert_eq!(pasted.parse::<Strategy>().unwrap().groups[0].optimizer, strategy.groups[0].optimizer);
    }
    assert_eq!(moved, 3);
}

#[test]
fn optimizers_share_the_parameters_by_name() {
    let text = "for *.weight: muon lr=0.02 adjust_lr_fn=match_rms_adamw; schedule-free-adamw beta2=0.99; \
                for *: adafactor eps2=0.01";
    let code = text.parse::<Strategy>().unwrap().to_torch_code(HORIZON).unwrap();
    for line in [
        "optimizer0 = torch.optim.Muon(of_group(0, [\"*.weight\", \"*\", \"*\"]), lr=0.02, adjust_lr_fn='match_rms_adamw')",
        "optimizer1 = AdamWScheduleFree(of_group(1, [\"*.weight\", \"*\", \"*\"]), betas=(0.9, 0.99))",
        "optimizer2 = torch.optim.Adafactor(of_group(2, [\"*.weight\", \"*\", \"*\"]), eps=(None, 0.01))",
        "    optimizer1.train()",
        "        optimizer2.step()",
    ] {
        assert!(code.contains(line), "{line}\n{code}");
    }
}

#[test]
fn none_is_read_where_pytorch_has_it() {
    for (text, plain) in [
        ("Adafactor(lr=0.1, eps=(None, 0.01))", "adafactor lr=0.1 eps2=0.01"),
        ("Muon(lr=0.1, ns_coefficients=(3, -4, 2), adjust_lr_fn=None)", "muon lr=0.1 ns_a=3 ns_b=-4 ns_c=2"),
        ("prodigyopt.Prodigy(model.parameters(), beta3=None, d_coef=2)", "prodigy d_coef=2"),
    ] {
        assert_eq!(text.parse::<Strategy>().unwrap(), plain.parse::<Strategy>().unwrap(), "{text}");
    }
    let refused = "AdamW(betas=(None, 0.9))".parse::<Strategy>().unwrap_err().to_string();
    assert!(refused.contains("None"), "{refused}");
}
