//! `CF302`: runs are best in the first tenth of their training.

use crate::lint::words::percent;

use super::{Fairness, Hit, PLAYBOOK, Subject, validations::best_steps};

/// Best before this share of the budget is early.
const EARLY: f64 = 0.1;

/// With fewer validations there is none that could be early.
const VALIDATIONS: usize = 10;

pub(super) static BEST_STEP_EARLY: Fairness = Fairness {
    code: "CF302",
    name: "best-step-early",
    summary: "most runs of an arm, with 10 or more validations each, are best in the first tenth of their training",
    why: "What follows the best step made the outcome worse: the training is far too long for this strategy, or it \
          overfits, or its rate is too high to stay where it was.",
    fix: "compare over a shorter budget, with every decay shortened to it, or look at the rate and at regularisation \
          first",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for arm in subject.arms {
        let steps = best_steps(arm, VALIDATIONS);
        let early: Vec<f64> = steps.iter().copied().filter(|share| *share <= EARLY).collect();
        if 2 * early.len() > steps.len() {
            let latest = early.iter().copied().fold(0.0, f64::max);
            let sentence = format!(
                "{} of {} runs of {} are best within the first {} of the training",
                early.len(),
                steps.len(),
                arm.label,
                percent(latest)
            );
            hits.push(Hit::of(&arm.label, sentence));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::sample::{arm, run};
    use super::*;

    #[test]
    fn it_is_found_where_most_runs_only_get_worse() {
        let worse: Vec<f64> = (0..21).map(|i| 1.0 + f64::from(i) * if i < 2 { -0.1 } else { 0.1 }).collect();
        let better: Vec<f64> = (0..21).map(|i| 3.0 - 0.1 * f64::from(i)).collect();
        let found = |curves: &[&[f64]]| {
            let runs = curves.iter().enumerate().map(|(seed, curve)| run(seed as u64, 100, curve, 0));
            check(&Subject { efforts: &[], arms: &[arm("a", runs.collect())] })
        };
        let hits = found(&[&worse, &worse, &better]);
        assert_eq!(hits[0].sentence, "2 of 3 runs of a are best within the first 5 % of the training");
        assert!(found(&[&worse, &better]).is_empty());
        assert!(found(&[&[1.0, 2.0, 3.0]]).is_empty(), "three validations say nothing");
    }
}
