//! `cargo xtask bench`: the figures of lrlab, held against their bounds and against PyTorch's.

mod build;
mod figure;
mod process;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    Result,
    tree::{cargo, program, workspace_root},
};
use figure::{Bound, Figure};

/// PyTorch's side.
const PEER: &str = "golden/pytorch/peer_bench.py";

/// A study may take this share of the time that PyTorch takes over two processes.
const STUDY_SHARE: f64 = 0.25;

/// Bytes.
const MIB: f64 = 1_048_576.0;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A Python with torch, such as .venv/bin/python: PyTorch is timed beside lrlab.
    #[arg(long)]
    python: Option<PathBuf>,

    /// Repeats less; for a first look.
    #[arg(long)]
    quick: bool,

    /// Times a clean release build as well, and counts its crates.
    #[arg(long)]
    build: bool,

    /// Writes everything that was measured to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures, prints the table, and fails where a figure misses its bound.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace_root()?;
    let python = options.python.as_deref().map(program).transpose()?;
    let binary = build::release_binary(&root)?;
    // First, while this process is small: Linux counts the parent's memory at the fork in the
    // child's peak.
    let process = process::first_program(&binary, if options.quick { 5 } else { 20 })?;
    let ours = our_figures(&root, options.quick)?;
    let torch = python.map(|python| peer_figures(&root, &python, options.quick)).transpose()?;
    let clean = options.build.then(|| build::clean(&root)).transpose()?;

    let figures = table(&ours, &process, torch.as_ref(), clean.as_ref());
    figure::print(&figures);
    if let Some(path) = &options.json {
        let all = json!({
            "figures": figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
            "lrlab": ours,
            "process": { "wall_ms": process.wall_ms, "peak_mb": process.peak_mb },
            "pytorch": torch,
            "build": clean.map(|clean| json!({ "seconds": clean.seconds, "crates": clean.crates })),
            "quick": options.quick,
        });
        fs::write(path, format!("{all:#}\n"))
            .map_err(|why| format!("cannot write {}: {why}", path.display()))?;
    }
    match figures.iter().filter(|figure| figure.is_missed()).count() {
        0 => Ok(()),
        1 => Err("one figure misses its bound".to_owned()),
        missed => Err(format!("{missed} figures miss their bounds")),
    }
}

/// The program of `crates/lrlab/benches/figures.rs`.
fn our_figures(root: &Path, quick: bool) -> Result<Value> {
    let mut command = cargo();
    command.args(["bench", "--quiet", "--package", "lrlab", "--bench", "figures", "--"]);
    command.args(quick.then_some("--quick"));
    json_of(command.current_dir(root), "the figures of lrlab")
}

fn peer_figures(root: &Path, python: &Path, quick: bool) -> Result<Value> {
    let mut command = Command::new(python);
    command.arg(root.join(PEER)).args(quick.then_some("--quick"));
    json_of(command.current_dir(root), "PyTorch's figures")
}

/// What a program prints, as JSON; its messages go to the terminal.
fn json_of(command: &mut Command, what: &str) -> Result<Value> {
    eprintln!("measuring {what} ...");
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot measure {what}: {why}"))?;
    if !output.status.success() {
        return Err(format!("cannot measure {what}: {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|why| format!("{what} are not JSON: {why}"))
}

/// Every figure with its bound and PyTorch's.
fn table(
    ours: &Value,
    process: &process::Cost,
    torch: Option<&Value>,
    clean: Option<&build::Clean>,
) -> Vec<Figure> {
    let own = |name: &str| ours[name].as_f64();
    let peer = |path: &str| torch.and_then(|torch| torch.pointer(path)).and_then(Value::as_f64);
    let study = peer("/study_25_trials/two_processes_s");
    let study_bound = study.map(|seconds| Bound::AtMost(STUDY_SHARE * seconds));
    let mut figures = vec![
        Figure::new("training step, line", "us", own("line_step_us"))
            .wanted(Some(Bound::AtMost(20.0)))
            .beside(peer("/step_us/line")),
        Figure::new("training step, digits MLP, SGD with momentum", "us", own("digits_step_us"))
            .wanted(Some(Bound::AtMost(80.0)))
            .beside(peer("/step_us/digits")),
        Figure::new("25 trials, 2 threads, trained only", "s", own("study_trained_s"))
            .wanted(study_bound)
            .beside(study),
        Figure::new("25 trials, 2 threads, measured and logged", "s", own("study_recorded_s"))
            .wanted(study_bound)
            .beside(study),
        Figure::new("first program, whole process", "ms", Some(process.wall_ms))
            .wanted(Some(Bound::AtMost(30.0)))
            .beside(peer("/first_program_fresh_process/wall_s").map(|seconds| 1000.0 * seconds)),
        Figure::new("first program, peak memory", "MB", process.peak_mb)
            .wanted(Some(Bound::AtMost(40.0)))
            .beside(peer("/first_program_fresh_process/peak_rss_mib").map(|mib| mib * MIB / 1e6)),
        Figure::new("logging, of a digits step", "%", own("logging_percent"))
            .wanted(Some(Bound::AtMost(3.0))),
        Figure::new("measuring, of training on digits", "%", own("measuring_percent"))
            .wanted(Some(Bound::AtMost(10.0))),
    ];
    let schedules = ours["schedule_ns"].as_object();
    figures.extend(schedules.into_iter().flatten().map(|(name, value)| {
        let scheduler = peer(&format!("/scheduler_step_us/{name}")).map(|us| 1000.0 * us);
        Figure::new(format!("schedule, {}", name.replace('_', " ")), "ns", value.as_f64()).beside(scheduler)
    }));
    if let Some(clean) = clean {
        figures.push(
            Figure::new("clean release build", "s", Some(clean.seconds)).wanted(Some(Bound::AtMost(300.0))),
        );
        figures.push(Figure::new("crates in it", "", Some(clean.crates as f64)));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Value {
        json!({
            "line_step_us": 15.0, "digits_step_us": 90.0, "logging_percent": 1.0,
            "measuring_percent": 9.0, "study_trained_s": 0.6, "study_recorded_s": 1.5,
            "schedule_ns": { "step": 5.0 },
        })
    }

    #[test]
    fn figures_meet_their_bounds_and_pytorch() {
        let torch = json!({
            "step_us": { "line": 150.0, "digits": 300.0 },
            "scheduler_step_us": { "step": 2.0 },
            "study_25_trials": { "two_processes_s": 4.0 },
        });
        let process = process::Cost { wall_ms: 10.0, peak_mb: None };
        let figures = table(&ours(), &process, Some(&torch), None);
        let missed: Vec<&str> =
            figures.iter().filter(|figure| figure.is_missed()).map(|figure| figure.name.as_str()).collect();
        assert_eq!(
            missed,
            [
                "training step, digits MLP, SGD with momentum",
                "25 trials, 2 threads, measured and logged",
                "first program, peak memory",
            ]
        );
        assert_eq!(figures[0].ratio(), Some(10.0));
        assert_eq!(figures.last().unwrap().ratio(), Some(400.0));
    }

    #[test]
    fn without_pytorch_the_study_has_no_bound() {
        let process = process::Cost { wall_ms: 10.0, peak_mb: Some(20.0) };
        let clean = build::Clean { seconds: 301.0, crates: 300 };
        let figures = table(&ours(), &process, None, Some(&clean));
        let missed = figures.iter().filter(|figure| figure.is_missed()).count();
        assert_eq!(missed, 2, "the digits step and the build");
        assert_eq!(figures[2].ratio(), None);
    }
}
