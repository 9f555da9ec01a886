//! Times the report of a study of 100 strategies x 10 seeds x 2,000 steps, from its logs on disk to every
//! file written, and prints seconds, sizes and memory as one JSON object for `cargo xtask bench`.
//!
//! Every time is the least of several repeats, so that noise of the machine drops out. `--quick` repeats
//! less. With a folder as argument nothing is timed: the study and its report are left there, for a
//! profiler and for looking at them.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; nothing is trained here")]

use std::{error::Error, fmt::Write as _, fs, path::Path, time::Instant};

use lrlab_analysis::{
    StudyRuns, compare,
    report::{self, REPORTS, Report, StudyReport},
};
use lrlab_core::layout::{EVENTS_FILE, RUNS_FOLDER, STUDY_FILE, StudyFile, run_folder};
use serde_json::{Map, Value, json};

#[path = "../tests/report_samples/crowd.rs"]
mod crowd;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ARMS: usize = 100;
const SEEDS: u64 = 10;
const STEPS: u64 = 2000;

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let repeats = if arguments.iter().any(|argument| argument == "--quick") { 1 } else { 3 };
    // Cargo adds `--bench`.
    if let Some(folder) = arguments.iter().find(|argument| !argument.starts_with("--")) {
        let folder = Path::new(folder);
        write_study(folder)?;
        report(folder)?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let logs = write_study(folder.path())?;
    let mut best = report(folder.path())?;
    for _ in 1..repeats {
        for ((_, least), (_, seconds)) in best.iter_mut().zip(report(folder.path())?) {
            *least = least.min(seconds);
        }
    }
    let mut figures: Map<String, Value> =
        best.into_iter().map(|(name, seconds)| (name.to_owned(), seconds.into())).collect();
    figures.insert("logs_mb".to_owned(), (logs as f64 / 1e6).into());
    figures.insert("peak_mb".to_owned(), peak_mb().into());
    let page = fs::read_to_string(folder.path().join("report.html"))?;
    figures.insert("page_mb".to_owned(), (own_bytes(&page)? as f64 / 1e6).into());
    figures.insert("page_mb_with_chart_script".to_owned(), (page.len() as f64 / 1e6).into());
    let bytes = |name: &str| fs::metadata(folder.path().join(name)).map(|file| file.len() as f64 / 1e6);
    figures.insert("curves_csv_mb".to_owned(), bytes("curves.csv")?.into());
    figures.insert("report_json_mb".to_owned(), bytes("report.json")?.into());
    println!("{}", json!(figures));
    Ok(())
}

/// Writes the study's logs; gives their bytes.
fn write_study(folder: &Path) -> Result<usize> {
    let spec = crowd::spec(ARMS, SEEDS, STEPS)?;
    let mut bytes = 0;
    for (arm, trial) in spec.trials() {
        let run = run_folder(arm, &spec.arms[arm].label, trial.seed);
        let run = folder.join(RUNS_FOLDER).join(run);
        fs::create_dir_all(&run)?;
        let mut log = String::new();
        for event in crowd::events(&trial, STEPS)? {
            writeln!(log, "{}", serde_json::to_string(&event)?)?;
        }
        bytes += log.len();
        fs::write(run.join(EVENTS_FILE), log)?;
    }
    let file = StudyFile {
        lrlab: env!("CARGO_PKG_VERSION").to_owned(),
        question: lrlab_core::Question::Compare(spec),
    };
    fs::write(folder.join(STUDY_FILE), serde_json::to_string(&file)?)?;
    Ok(bytes)
}

/// Reads the study, judges it and writes every format; gives the seconds of each part and of all.
fn report(folder: &Path) -> Result<Vec<(&'static str, f64)>> {
    let start = Instant::now();
    let mut times = Vec::new();
    let mut last = 0.0;
    let mut lap = |name| {
        let now = start.elapsed().as_secs_f64();
        times.push((name, now - last));
        last = now;
    };
    let runs = StudyRuns::read(folder)?;
    lap("read_s");
    let comparison = compare(&runs);
    lap("compare_s");
    let report = Report {
        title: runs.spec.title.clone(),
        introduction: String::new(),
        studies: vec![StudyReport {
            heading: runs.spec.title.clone(),
            text: vec![],
            runs,
            comparison,
            torch_code: None,
            command: None,
        }],
    };
    report::write(&report, folder, REPORTS)?;
    lap("write_s");
    times.push(("report_s", start.elapsed().as_secs_f64()));
    Ok(times)
}

/// Bytes of a page without the text of plotly.js.
fn own_bytes(page: &str) -> Result<usize> {
    let (before, rest) = page.split_once("id=\"plotly\">").ok_or("the page has no chart script")?;
    let (_, after) = rest.split_once("</script>").ok_or("the chart script has no end")?;
    Ok(before.len() + after.len())
}

/// Most memory that this process ever held, where the system tells.
fn peak_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
