//! Findings as a terminal shows them.

use std::fmt::Write;

use super::{Finding, Severity, words::count};

/// The findings as text, one paragraph each, and how many there are of each severity.
///
/// ```
/// use lrlab_analysis::lint;
/// use lrlab_core::{Horizon, Strategy};
///
/// let strategy: Strategy = "adamw lr=3e-4 | warmup 2% then cosine to 10%".parse()?;
/// let findings = lint::lint(&strategy, Horizon::new(10_000, 500), None)?;
/// assert_eq!(lint::terminal(&findings), "no findings\n");
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
pub fn terminal(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "no findings\n".to_owned();
    }
    let mut text = String::new();
    for Finding { code, name, severity, sentence, step, fix, group } in findings {
        let step = step.map_or_else(String::new, |step| format!(" at step {step}"));
        let group = group.as_ref().map_or_else(String::new, |group| format!(" in group {group}"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {code} {name}{step}{group}", severity.name());
        let _ = writeln!(text, "    {sentence}\n    fix: {fix}\n");
    }
    let of = |severity: Severity| {
        let found = findings.iter().filter(|finding| finding.severity == severity).count() as u64;
        (found > 0).then(|| count(found, severity.name()))
    };
    let counts: Vec<String> =
        [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(of).collect();
    let _ = writeln!(text, "{}", counts.join(", "));
    text
}
