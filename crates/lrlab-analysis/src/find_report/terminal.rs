//! The report as plain text.

use std::fmt::Write as _;

use super::{FindReport, rate_rows};
use crate::{finder as view, plot::Screen, report::numbers::significant};

/// The report as text that fits `screen`; ends with a line break.
pub fn terminal(report: &FindReport, screen: &Screen) -> String {
    let mut text = String::new();
    sweep(&mut text, report, screen);
    if let Some(found) = &report.answer.found {
        let _ = writeln!(text, "\nTrainings of {} steps each\n", report.horizon.total_steps);
        let _ = writeln!(text, "  {:>10}  {:>5}  {:>12}", "rate", "seeds", "outcome");
        for row in rate_rows(found) {
            let outcome = match (row.mean, row.diverged) {
                (Some(mean), 0) => significant(mean, 4),
                (None, _) => "diverges".to_owned(),
                (_, diverged) => format!("{diverged} diverge"),
            };
            let seeds = row.completed + row.diverged;
            let _ = writeln!(text, "  {:>10}  {seeds:>5}  {outcome:>12}", rate(row.rate));
        }
        let estimate = &found.estimate;
        let [low, high] = estimate.interval.map(f64::exp2);
        let verdict = if report.is_decided() { "Use" } else { "Undecided; the best guess is" };
        let _ = writeln!(
            text,
            "\n{verdict} lr = {} (the best rate lies between {} and {}, 90 % interval).",
            rate(found.rate),
            rate(low),
            rate(high)
        );
        let [low, high] = estimate.as_good.map(f64::exp2);
        if estimate.as_good[1] > estimate.as_good[0] {
            let _ = writeln!(
                text,
                "From {} to {} the outcome differs by less than from one seed to the next.",
                rate(low),
                rate(high)
            );
        }
        for (group, estimate) in &found.groups {
            let name = &found.strategy.groups[*group].params.0;
            let _ = writeln!(
                text,
                "Group {name}: lr = {} ({:.2} times the common rate).",
                rate(found.strategy.groups[*group].optimizer.lr()),
                estimate.x.exp2()
            );
        }
        for sentence in report.why() {
            let _ = writeln!(text, "{sentence}");
        }
    }
    let _ = writeln!(text, "{}", report.cost());
    for sentence in &report.transfers {
        let _ = writeln!(text, "{sentence}");
    }
    text
}

/// The sweeps with what each finder says, and lrlab's hint.
fn sweep(text: &mut String, report: &FindReport, screen: &Screen) {
    let (answer, spec) = (&report.answer, &report.spec.sweep);
    let Some(view) = report.sweeps() else { return };
    let _ = writeln!(
        text,
        "Range test: {} sweeps of at most {} steps, from {} to {}\n",
        answer.sweeps.len(),
        spec.steps,
        rate(spec.from),
        rate(spec.to)
    );
    text.push_str(&view::terminal(&view, screen));
    match &answer.hint {
        Ok(hint) => {
            let [low, high] = hint.interval;
            let _ = writeln!(text, "\nThe hint is {} ({} to {}):", rate(hint.rate), rate(low), rate(high));
            for reason in hint.reasons() {
                let _ = writeln!(text, "  - {reason}");
            }
        }
        Err(why) => {
            let _ = writeln!(text, "\nThe range test has no hint: {why}");
        }
    }
    if answer.found.is_none() {
        let _ = writeln!(text, "A range test is a hint; without --sweep-only, trainings decide.");
    }
}

/// Three significant digits, plain where that is short.
pub fn rate(rate: f64) -> String {
    let rounded: f64 = format!("{rate:.2e}").parse().unwrap_or(rate);
    if rounded == 0.0 || (1e-4..1e4).contains(&rounded.abs()) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}
