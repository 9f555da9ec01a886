//! What a search for a learning rate found.

use std::{
    fmt::Write as _,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use lrlab_analysis::{
    ReadError, TrialResult,
    find_report::{self, FindReport},
    finder, first_started, logged_horizon,
    planner::{FindAnswer, FindPlanner, replay},
    plot::{Screen, Size},
    report::ReportError,
};
use lrlab_core::{
    FindSpec, Horizon,
    layout::{EVENTS_FILE, RUNS_FOLDER},
};

use super::AnswerError;

/// Pixels of the pictures.
const PICTURE: (u32, u32) = (1100, 600);

/// The report of an answer that the logs in `folder` gave.
///
/// # Errors
/// Logs that cannot be read.
pub fn report(
    folder: &Path,
    spec: FindSpec,
    horizon: Horizon,
    answer: FindAnswer,
) -> Result<FindReport, ReadError> {
    let torch_code = answer.found.as_ref().and_then(|found| found.strategy.to_torch_code(horizon).ok());
    let data = first_started(folder)?.map(|started| started.data).unwrap_or_default();
    Ok(FindReport { spec, horizon, data, answer, torch_code, transfers: Vec::new() })
}

/// Reads what the search in `folder` found, from its logs alone.
///
/// # Errors
/// Logs that cannot be read, and a search that has not come to its end.
pub fn read(folder: &Path, spec: &FindSpec) -> Result<FindReport, AnswerError> {
    let unfinished = || AnswerError::Unfinished(folder.to_owned());
    let horizon = logged_horizon(folder, spec.budget)?.ok_or_else(unfinished)?;
    let mut wrong = None;
    let answer = replay(&mut FindPlanner::new(spec.clone(), horizon), |request| {
        let log = folder.join(RUNS_FOLDER).join(&request.name).join(EVENTS_FILE);
        match TrialResult::read(&log, &request.name, &request.trial) {
            Ok(result) => result.filter(|result| result.outcome.is_some()),
            Err(ReadError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                wrong = Some(error);
                None
            }
        }
    });
    if let Some(error) = wrong {
        return Err(error.into());
    }
    Ok(report(folder, spec.clone(), horizon, answer.ok_or_else(unfinished)?)?)
}

/// The report as the terminal shows it, with the strategy as PyTorch code.
pub fn text(folder: &Path, report: &FindReport, screen: &Screen) -> String {
    let mut text = format!("{}\n\n{}", report.title(), find_report::terminal(report, screen));
    if let Some(code) = &report.torch_code {
        text.push_str("\nIn PyTorch:\n\n");
        for line in code.trim_end().lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    let _ = writeln!(text, "\nReport: {}", folder.join("report.html").display());
    text
}

/// Writes the page, the pictures and the data.
///
/// # Errors
/// A folder that cannot be written.
pub fn write(folder: &Path, report: &FindReport) -> Result<(), AnswerError> {
    let fault = |error: &dyn std::fmt::Display| AnswerError::Render(error.to_string());
    let size = Size::new(PICTURE.0, PICTURE.1).map_err(|error| fault(&error))?;
    let mut files = vec![
        ("report.json", format!("{:#}\n", find_report::data(report)).into_bytes()),
        ("report.html", find_report::page(report).map_err(|error| fault(&error))?.into_bytes()),
    ];
    if let Some(view) = report.sweeps() {
        files.push(("range-test.png", finder::png(&view, size).map_err(|error| fault(&error))?));
    }
    if let Some(picture) = find_report::trainings_png(report, size) {
        files.push(("trainings.png", picture.map_err(|error| fault(&error))?));
    }
    for (name, bytes) in files {
        let path: PathBuf = folder.join(name);
        fs::write(&path, bytes).map_err(|source| ReportError::Io { path, source })?;
    }
    Ok(())
}
