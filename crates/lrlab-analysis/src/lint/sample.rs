//! What a test of a lint asks.

use lrlab_core::{Horizon, Strategy};

use super::{Finding, Subject};

/// All findings of a strategy in so many steps, ten times as many as there are in an epoch.
pub(super) fn all(text: &str, steps: u64) -> Vec<Finding> {
    within(text, Horizon::new(steps, (steps / 10).max(1)))
}

pub(super) fn within(text: &str, horizon: Horizon) -> Vec<Finding> {
    let strategy: Strategy = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let subject = Subject::new(&strategy, horizon).unwrap_or_else(|error| panic!("{text}: {error}"));
    let findings = subject.findings().unwrap_or_else(|error| panic!("{text}: {error}"));
    for finding in &findings {
        assert!(!finding.sentence.is_empty() && !finding.fix.is_empty(), "{finding:?}");
    }
    findings
}

/// The one finding of a lint, in 1000 steps of which 100 are an epoch.
pub(super) fn finding(code: &str, text: &str) -> Finding {
    one(code, text, all(text, 1000))
}

pub(super) fn one(code: &str, text: &str, findings: Vec<Finding>) -> Finding {
    let listed = format!("{findings:#?}");
    let mut of_code = findings.into_iter().filter(|finding| finding.code == code);
    match (of_code.next(), of_code.next()) {
        (Some(finding), None) => finding,
        (None, _) => panic!("{code} does not find anything in {text}: {listed}"),
        _ => panic!("{code} finds more than one thing in {text}: {listed}"),
    }
}

/// Whether a lint says nothing of a strategy, in 1000 steps of which 100 are an epoch.
pub(super) fn is_silent(code: &str, text: &str) -> bool {
    all(text, 1000).iter().all(|finding| finding.code != code)
}
