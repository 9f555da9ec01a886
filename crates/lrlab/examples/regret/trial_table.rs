//! A line for each case and method, for the terminal.

use std::fmt::Write;

use crate::Measured;

/// The table, one method after the other, what went worst first.
pub(crate) fn lines(measured: &[Measured], methods: &[&str]) -> String {
    let mut text = String::new();
    for (index, method) in methods.iter().enumerate() {
        let _ = writeln!(text, "{method}");
        let _ = writeln!(
            text,
            "{:>9} {:>9} {:>8} {:>9} {:>9} {:>6} {:>5} {:>8}  case; note",
            "oracle", "rate", "octaves", "in sd", "relative", "cost", "halves", "diverged"
        );
        let regret =
            |one: &Measured| one.verdicts[index].score.map_or(f64::INFINITY, |score| score.deviations);
        let mut ranked: Vec<&Measured> = measured.iter().collect();
        ranked.sort_by(|a, b| regret(b).total_cmp(&regret(a)));
        for one in ranked {
            let verdict = &one.verdicts[index];
            let cost = 100.0 * verdict.advice.gradients as f64 / one.reference.gradients as f64;
            let _ = write!(text, "{:9.2e} ", one.reference.rate());
            let _ = match (verdict.advice.rate, verdict.score) {
                (Some(rate), Some(score)) => write!(
                    text,
                    "{rate:9.2e} {:8.2} {:9.3} {:8.2}% ",
                    score.octaves,
                    score.deviations,
                    100.0 * score.relative
                ),
                _ => write!(text, "{:>9} {:>8} {:>9} {:>9} ", "none", "", "", ""),
            };
            let diverged = verdict.score.map_or(0, |score| score.diverged);
            let _ = writeln!(
                text,
                "{cost:5.1}% {:5.1} {diverged:8}  {}; {}",
                one.reference.disagreement(),
                one.case.name(),
                verdict.advice.note
            );
        }
        let _ = writeln!(text);
    }
    text
}
