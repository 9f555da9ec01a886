//! Comma-separated values: the table's numbers, and the curves of every run.

use std::fmt::Write as _;

use crate::{
    Run, StepRef,
    compare::{Row, Summary},
};

use super::{Artifact, Format, Report, ReportError, StudyReport, terminal};

/// `table.csv` and `curves.csv`.
pub(super) static FORMAT: Format = Format {
    name: "csv",
    file: "table.csv, curves.csv",
    doc: "The table's numbers, one line for each strategy and metric, and loss and rate of each run against \
          its steps, and what really multiplied the direction where that differs: of every step, or of every n-th where they are many (the logs hold all).",
    render,
};

fn render(report: &Report) -> Result<Vec<Artifact>, ReportError> {
    Ok(vec![
        Artifact { name: "table.csv".to_owned(), bytes: table(report).into_bytes() },
        Artifact { name: "curves.csv".to_owned(), bytes: curves(report).into_bytes() },
    ])
}

fn table(report: &Report) -> String {
    let mut text = "study,strategy,metric,count,mean,standard_deviation,median,median_low,median_high,\
                    runs,reached_target,diverged,failed,verdict,rank,p_value\n"
        .to_owned();
    for study in &report.studies {
        for (index, row) in study.comparison.rows.iter().enumerate() {
            for (metric, summary) in metrics(study, row) {
                let Summary { count, mean, standard_deviation, median, median_interval: [low, high] } =
                    summary;
                let cells = [
                    quoted(&study.heading),
                    quoted(&row.label),
                    quoted(metric),
                    count.to_string(),
                    number(mean),
                    number(standard_deviation),
                    number(median),
                    number(low),
                    number(high),
                    row.runs.to_string(),
                    row.reached_target.to_string(),
                    row.diverged.to_string(),
                    row.failed.to_string(),
                    row.verdict.word.name().to_owned(),
                    terminal::rank(&study.comparison, index).to_owned(),
                    row.p_value.map_or_else(String::new, number),
                ];
                text.push_str(&cells.join(","));
                text.push('\n');
            }
        }
    }
    text
}

/// The summaries of a row under the names that every data format uses.
pub(super) fn metrics<'a>(study: &'a StudyReport, row: &'a Row) -> Vec<(&'a str, Summary)> {
    let mut metrics = vec![
        (study.comparison.objective.as_str(), row.objective),
        ("final training loss", row.final_loss),
        ("best training loss", row.best_loss),
    ];
    metrics.extend(row.accuracy.map(|accuracy| ("accuracy", accuracy)));
    metrics.extend(row.beside.iter().map(|(name, summary)| (name.as_str(), *summary)));
    metrics.push(("steps to target", row.steps_to_target));
    metrics
}

/// Lines of `curves.csv` that a spreadsheet still opens and a message still carries.
const LINES: u64 = 200_000;
/// Lines of a run that show its shape however many runs there are.
const LINES_OF_RUN: u64 = 100;

/// The n of "every n-th step": all runs together keep to [`LINES`]. It is the same for all, so that runs
/// can be compared step by step.
fn stride(report: &Report) -> u64 {
    let arms = report.studies.iter().flat_map(|study| &study.runs.arms);
    let updates = || arms.clone().flat_map(|arm| &arm.runs).map(Run::updates);
    let longest = updates().max().unwrap_or(0);
    updates().sum::<u64>().div_ceil(LINES).clamp(1, (longest / LINES_OF_RUN).max(1))
}

/// Loss and rate of every n-th step, and of each run's last: as measured, no means.
fn curves(report: &Report) -> String {
    let stride = stride(report);
    let runs = || report.studies.iter().flat_map(|study| &study.runs.arms).flat_map(|arm| &arm.runs);
    // Only where an optimizer makes something else of its rate is there anything to tell.
    let acting = runs().any(|run| run.steps.iter().any(|step| !step.effective_lr.is_empty()));
    let mut text = format!("study,strategy,seed,t,loss,lr{}\n", if acting { ",effective_lr" } else { "" });
    for study in &report.studies {
        for arm in &study.runs.arms {
            let names = format!("{},{}", quoted(&study.heading), quoted(&arm.label));
            for run in &arm.runs {
                let seed = run.started.trial.seed;
                let last = run.updates().saturating_sub(1);
                let written = |step: &StepRef<'_>| step.t.is_multiple_of(stride) || step.t == last;
                for step in run.steps.iter().filter(written) {
                    // The rates of several parameter groups share a cell, in the groups' order.
                    let cell = |rates: &[f64]| {
                        rates.iter().map(|&rate| number(rate)).collect::<Vec<String>>().join(" ")
                    };
                    let acts = if acting { format!(",{}", cell(step.acting_lr())) } else { String::new() };
                    let (t, loss) =
                        (step.t, if step.loss.is_nan() { "NaN".to_owned() } else { number(step.loss) });
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "{names},{seed},{t},{loss},{}{acts}", cell(step.lr));
                }
            }
        }
    }
    text
}

/// The shortest text that reads back as the same number; nothing for "not a number".
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        String::new()
    } else if value != 0.0 && !(1e-5..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// A field of text, in quotes where it needs them.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
