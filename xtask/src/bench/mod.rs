//! `cargo xtask bench`: the figures of lrlab, held against their bounds and against PyTorch's.

mod build;
mod checkpoints;
mod figure;
mod models;
mod package;
mod process;
mod report;
mod schedules;
mod trials;
mod updates;

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
    /// A Python with torch, such as .venv/bin/python: PyTorch is timed beside lrlab. If it has the package
    /// lrlab too, as target/python/venv/bin/python after `cargo xtask python`, that is measured as well.
    #[arg(long)]
    python: Option<PathBuf>,

    #[command(flatten)]
    only: Only,

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

/// Parts that need no tensor engine, measured alone.
#[derive(Debug, clap::Args)]
struct Only {
    /// Only what a value and a picture of a schedule and a large report cost; builds no tensor engine.
    #[arg(long, conflicts_with_all = ["build", "updates"])]
    schedules: bool,

    /// Only what an update of an optimizer costs; builds no tensor engine.
    #[arg(long, conflicts_with = "build")]
    updates: bool,
}

/// What was measured with the tensor engine.
struct Training {
    /// Of `crates/lrlab/benches/figures.rs`.
    figures: Value,
    /// Of `crates/lrlab/benches/models.rs`.
    models: Value,
    /// Of `crates/lrlab/benches/trials.rs`.
    trials: Value,
    /// Of `crates/lrlab/benches/checkpoints.rs`.
    checkpoints: Value,
    process: process::Cost,
    find: process::Cost,
}

/// Measures, prints the table, and fails where a figure misses its bound.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace_root()?;
    let python = options.python.as_deref().map(program).transpose()?;
    let own = |package: &str, bench: &str| own_figures(&root, package, bench, options.quick);
    if options.only.updates {
        return only_updates(&root, python.as_deref(), options);
    }
    let training = if options.only.schedules {
        None
    } else {
        let binary = build::release_binary(&root)?;
        // First, while this process is small: Linux counts the parent's memory at the fork in the
        // child's peak.
        let process = process::first_program(&binary, if options.quick { 5 } else { 20 })?;
        let find = process::find(&binary, if options.quick { 2 } else { 5 })?;
        Some(Training {
            figures: own("lrlab", "figures")?,
            models: own("lrlab", "models")?,
            trials: own("lrlab", "trials")?,
            checkpoints: own("lrlab", "checkpoints")?,
            process,
            find,
        })
    };
    let updates = if options.only.schedules { None } else { Some(own("lrlab-core", "updates")?) };
    let values = own("lrlab-core", "schedules")?;
    let drawing = own("lrlab-analysis", "drawing")?;
    let reporting = own("lrlab-analysis", "reporting")?;
    let torch = python.as_deref().map(|python| peer_figures(&root, python, options)).transpose()?;
    let package = match &python {
        Some(python) => package::measure(&root, python)?,
        None => None,
    };
    let clean = options.build.then(|| build::clean(&root)).transpose()?;

    let mut figures = Vec::new();
    if let Some(Training { figures: ours, models, trials, checkpoints, process, find }) = &training {
        figures.extend(table(ours, process, torch.as_ref()));
        figures.extend(models::figures(models, torch.as_ref()));
        figures.extend(trials::figures(trials, find.wall_ms / 1000.0));
        figures.extend(checkpoints::figures(checkpoints));
    }
    figures.extend(updates.iter().flat_map(|updates| updates::figures(updates, torch.as_ref())));
    figures.extend(schedules::figures(&values, &drawing, torch.as_ref()));
    figures.extend(report::figures(&reporting));
    figures.extend(package.iter().flat_map(package::figures));
    figures.extend(clean.iter().flat_map(build::Clean::figures));
    figure::print(&figures);
    if let Some(path) = &options.json {
        let all = json!({
            "figures": figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
            "lrlab": training.as_ref().map(|training| &training.figures),
            "models": training.as_ref().map(|training| &training.models),
            "trials": training.as_ref().map(|training| &training.trials),
            "checkpoints": training.as_ref().map(|training| &training.checkpoints),
            "process": training.as_ref().map(|training| training.process.to_json()),
            "find": training.as_ref().map(|training| training.find.to_json()),
            "updates": updates,
            "schedule_values_ns": values,
            "schedule_pictures_ms": drawing,
            "report": reporting,
            "pytorch": torch,
            "package": package,
            "build": clean.map(|clean| json!({ "seconds": clean.seconds, "crates": clean.crates })),
            "quick": options.quick,
        });
        write(path, &all)?;
    }
    judge(&figures)
}

/// Measures, prints and judges the optimizers' updates alone.
fn only_updates(root: &Path, python: Option<&Path>, options: &Options) -> Result<()> {
    let updates = own_figures(root, "lrlab-core", "updates", options.quick)?;
    let torch = python.map(|python| peer_figures(root, python, options)).transpose()?;
    let figures = updates::figures(&updates, torch.as_ref());
    figure::print(&figures);
    if let Some(path) = &options.json {
        let lines: Vec<Value> = figures.iter().map(Figure::to_json).collect();
        write(
            path,
            &json!({ "figures": lines, "updates": updates, "pytorch": torch, "quick": options.quick }),
        )?;
    }
    judge(&figures)
}

fn write(path: &Path, measured: &Value) -> Result<()> {
    fs::write(path, format!("{measured:#}\n"))
        .map_err(|why| format!("cannot write {}: {why}", path.display()))
}

/// Fails where a figure misses its bound.
fn judge(figures: &[Figure]) -> Result<()> {
    match figures.iter().filter(|figure| figure.is_missed()).count() {
        0 => Ok(()),
        1 => Err("one figure misses its bound".to_owned()),
        missed => Err(format!("{missed} figures miss their bounds")),
    }
}

/// What the program `crates/PACKAGE/benches/BENCH.rs` prints.
fn own_figures(root: &Path, package: &str, bench: &str, quick: bool) -> Result<Value> {
    let mut command = cargo();
    command.args(["bench", "--quiet", "--package", package, "--bench", bench, "--"]);
    command.args(quick.then_some("--quick"));
    json_of(command.current_dir(root), &format!("the {bench} of {package}"))
}

fn peer_figures(root: &Path, python: &Path, options: &Options) -> Result<Value> {
    let mut command = Command::new(python);
    command.arg(root.join(PEER)).args(options.quick.then_some("--quick"));
    command.args(options.only.schedules.then_some("--schedulers"));
    command.args(options.only.updates.then_some("--updates"));
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

/// Every figure of training with its bound and PyTorch's.
fn table(ours: &Value, process: &process::Cost, torch: Option<&Value>) -> Vec<Figure> {
    let own = |name: &str| ours[name].as_f64();
    let peer = |path: &str| torch.and_then(|torch| torch.pointer(path)).and_then(Value::as_f64);
    let study = peer("/study_25_trials/two_processes_s");
    let study_bound = study.map(|seconds| Bound::AtMost(STUDY_SHARE * seconds));
    vec![
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
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Value {
        json!({
            "line_step_us": 15.0, "digits_step_us": 90.0, "logging_percent": 1.0,
            "measuring_percent": 9.0, "study_trained_s": 0.6, "study_recorded_s": 1.5,
        })
    }

    #[test]
    fn figures_meet_their_bounds_and_pytorch() {
        let torch = json!({
            "step_us": { "line": 150.0, "digits": 300.0 },
            "study_25_trials": { "two_processes_s": 4.0 },
        });
        let process = process::Cost { wall_ms: 10.0, peak_mb: None };
        let figures = table(&ours(), &process, Some(&torch));
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
    }

    #[test]
    fn without_pytorch_the_study_has_no_bound() {
        let process = process::Cost { wall_ms: 10.0, peak_mb: Some(20.0) };
        let figures = table(&ours(), &process, None);
        let missed = figures.iter().filter(|figure| figure.is_missed()).count();
        assert_eq!(missed, 1, "the digits step");
        assert_eq!(figures[2].ratio(), None);
    }
}
