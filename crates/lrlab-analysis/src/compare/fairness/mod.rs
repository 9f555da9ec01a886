//! Findings about a comparison itself: whether its arms had the same chance.
//!
//! A study can be computed without a fault and still not answer its question: a rate at the edge of its
//! grid, one arm tuned more than another, one seed. Most findings are prescriptions of Google's Deep
//! Learning Tuning Playbook, made into checks. None of them says that a winner is wrong: each says what
//! to do before it is believed.
//!
//! Each finding lives in a file of its own and is listed once in [`FAIRNESS`].

use lrlab_core::registry::Source;

use crate::ArmRuns;

use super::RateResult;

mod best_step_early;
mod best_step_late;
mod mostly_clipped;
mod one_seed;
mod rate_at_edge;
mod rate_before_divergence;
#[cfg(test)]
mod sample;
mod shared_rate;
mod unequal_budgets;
mod unequal_tuning;
mod validations;

/// How an arm came by the learning rate that it was compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmEffort {
    /// The arm's name.
    pub label: String,
    /// The learning rates that were tried for it, in any order.
    pub rates: Vec<RateResult>,
    /// Which of `rates` it was compared with.
    pub chosen: usize,
    /// Trials spent on choosing it.
    pub trials: usize,
    /// Gradient evaluations spent on choosing it.
    pub gradients: u64,
}

/// All that the checks look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// How the arms' rates were chosen; arms without an entry are not held against those checks.
    pub efforts: &'a [ArmEffort],
    /// The runs that are compared.
    pub arms: &'a [ArmRuns],
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The code of the check: `CF101`.
    pub code: &'static str,
    /// Its name: `rate-at-edge`.
    pub name: &'static str,
    /// The arm that it is about, where it is about one.
    pub arm: Option<String>,
    /// What is so, with its numbers.
    pub sentence: String,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// A check of a comparison.
#[derive(Debug)]
pub struct Fairness {
    /// Its code, which stays: `CF101`.
    pub code: &'static str,
    /// Its name: `rate-at-edge`.
    pub name: &'static str,
    /// What it finds, as one sentence with its threshold.
    pub summary: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Who says so.
    pub source: Source,
    check: fn(&Subject<'_>) -> Vec<Hit>,
}

/// A finding before its check has signed it.
struct Hit {
    arm: Option<String>,
    sentence: String,
}

/// Every check, by code. `CF1..` how rates were chosen, `CF2..` what was spent, `CF3..` the runs.
pub static FAIRNESS: &[&Fairness] = &[
    &rate_at_edge::RATE_AT_EDGE,
    &rate_before_divergence::RATE_BEFORE_DIVERGENCE,
    &shared_rate::SHARED_RATE,
    &unequal_budgets::UNEQUAL_BUDGETS,
    &unequal_tuning::UNEQUAL_TUNING,
    &one_seed::ONE_SEED,
    &best_step_early::BEST_STEP_EARLY,
    &best_step_late::BEST_STEP_LATE,
    &mostly_clipped::MOSTLY_CLIPPED,
];

/// The source of most of them.
const PLAYBOOK: Source = Source {
    citation: "Godbole, Dahl, Gilmer, Shallue and Nado 2023, Deep Learning Tuning Playbook",
    link: "https://github.com/google-research/tuning_playbook",
};

/// Everything that the checks find, by code.
pub fn fairness(subject: &Subject<'_>) -> Vec<Finding> {
    let of = |check: &&'static Fairness| {
        let Fairness { code, name, why, fix, .. } = **check;
        let sign = move |hit: Hit| Finding { code, name, arm: hit.arm, sentence: hit.sentence, why, fix };
        (check.check)(subject).into_iter().map(sign)
    };
    FAIRNESS.iter().flat_map(of).collect()
}

impl Hit {
    /// About the whole comparison.
    fn new(sentence: String) -> Self {
        Self { arm: None, sentence }
    }

    /// About one arm.
    fn of(label: &str, sentence: String) -> Self {
        Self { arm: Some(label.to_owned()), sentence }
    }
}

impl ArmEffort {
    /// The rate that it was compared with; `None` where `chosen` is no place in `rates`.
    fn rate(&self) -> Option<f64> {
        self.rates.get(self.chosen).map(|result| result.rate)
    }

    /// What the next rate above `rate` that was tried gave.
    fn next_above(&self, rate: f64) -> Option<&RateResult> {
        let above = self.rates.iter().filter(|result| result.rate > rate);
        above.min_by(|a, b| a.rate.total_cmp(&b.rate))
    }

    /// What the next rate below `rate` that was tried gave.
    fn next_below(&self, rate: f64) -> Option<&RateResult> {
        let below = self.rates.iter().filter(|result| result.rate < rate);
        below.max_by(|a, b| a.rate.total_cmp(&b.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_their_own_and_in_order() {
        assert!(FAIRNESS.windows(2).all(|pair| pair[0].code < pair[1].code));
        let names: std::collections::BTreeSet<&str> = FAIRNESS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), FAIRNESS.len());
    }

    #[test]
    fn nothing_at_all_has_no_finding() {
        assert_eq!(fairness(&Subject { efforts: &[], arms: &[] }), []);
    }
}
