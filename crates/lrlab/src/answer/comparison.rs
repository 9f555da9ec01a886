//! What came of a comparison.

use std::fmt::Write as _;

use lrlab_analysis::{
    StudyRuns, compare,
    report::{Report, StudyReport, terminal},
};
use lrlab_core::{StudySpec, Tuning, spec::Origin};
use lrlab_train::task::find as find_task;

use super::conclusion;

/// The report of one study, with what is to be told of it.
pub fn study(runs: StudyRuns) -> StudyReport {
    let comparison = compare(&runs);
    StudyReport {
        heading: runs.spec.title.clone(),
        text: conclusion::text(&runs, &comparison),
        torch_code: comparison.best.and_then(|best| torch_code(&runs, best)),
        command: command_line(&runs.spec),
        runs,
        comparison,
    }
}

/// The tables of a report, what is to be told beside them, and the best strategy as a spec and as PyTorch code.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for study in &report.studies {
        let answer = study.runs.answer();
        let _ = writeln!(text, "{}\n", study.heading);
        for sentence in conclusion::rates(&study.runs, answer.as_ref()) {
            let _ = writeln!(text, "{}", wrapped(&sentence));
        }
        let _ = writeln!(text, "\n{}", terminal::table(&study.comparison));
        for sentence in conclusion::failures(&study.runs) {
            let _ = writeln!(text, "{}", wrapped(&sentence));
        }
        for sentence in conclusion::advice(&study.runs, &study.comparison, answer.as_ref()) {
            let _ = writeln!(text, "{}", wrapped(&sentence));
        }
        code(&mut text, study);
    }
    text
}

/// A sentence in lines of a terminal's width; lines after the first are indented.
fn wrapped(sentence: &str) -> String {
    textwrap::fill(sentence, textwrap::Options::new(100).subsequent_indent("  "))
}

/// The best strategy as a spec, and as PyTorch code.
fn code(text: &mut String, study: &StudyReport) {
    let best = study.comparison.best.and_then(|best| study.runs.arms[best].runs.first());
    let Some(run) = best else { return };
    let strategy = &run.started.trial.strategy;
    if matches!(strategy.origin, Origin::Recorded(_)) {
        return;
    }
    let decided = study.comparison.recommendation.arm().is_some();
    let what = if decided { "As a spec" } else { "The best so far as a spec" };
    let what = if matches!(strategy.origin, Origin::Code(_)) { "The best is" } else { what };
    let _ = writeln!(text, "\n{what}: {strategy}");
    let Some(code) = &study.torch_code else { return };
    text.push_str("\nIn PyTorch:\n\n");
    for line in code.trim_end().lines() {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
}

/// The strategy that the arm's runs were made with as PyTorch code, if they say how long they were.
fn torch_code(runs: &StudyRuns, arm: usize) -> Option<String> {
    let started = &runs.arms[arm].runs.first()?.started;
    started.trial.strategy.to_torch_code(started.horizon).ok()
}

/// The command that runs a study again; `None` for one that takes a study file, for recorded trainings, and for
/// what is trained outside of lrlab.
fn command_line(spec: &StudySpec) -> Option<String> {
    if spec.is_recorded() || find_task(&spec.task.name).is_none() {
        return None;
    }
    let mut words = vec!["lrlab compare".to_owned(), format!("--task {}", quoted(&spec.task.to_string()))];
    words.extend(
        spec.arms
            .iter()
            .map(|arm| format!("--strategy {}", quoted(&format!("{}: {}", arm.label, arm.strategy)))),
    );
    words.push(match &spec.protocol.tuning {
        Tuning::AsWritten => "--as-written".to_owned(),
        Tuning::Search { effort } => format!("--tune {effort}"),
        Tuning::Grid { rates, seeds, halving } => {
            let first = rates.first().filter(|first| rates.iter().all(|rates| rates == *first))?;
            let rates: Vec<String> = first.iter().map(ToString::to_string).collect();
            let halving = if *halving { " --halving" } else { "" };
            format!("--rates {} --rate-seeds {seeds}{halving}", rates.join(","))
        }
    });
    if spec.seeds.iter().copied().eq(0..spec.seeds.len() as u64) {
        words.push(format!("--seeds {}", spec.seeds.len()));
    } else {
        let seeds: Vec<String> = spec.seeds.iter().map(ToString::to_string).collect();
        words.push(format!("--seed {}", seeds.join(" --seed ")));
    }
    words.push(format!("--budget {}", quoted(&spec.budget.to_string())));
    words.extend(spec.batch_size.map(|rows| format!("--batch-size {rows}")));
    words.extend((!spec.protocol.stop_early).then(|| "--no-early-stop".to_owned()));
    words.extend(spec.protocol.target.map(|target| format!("--target {target}")));
    Some(words.join(" \\\n  "))
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
