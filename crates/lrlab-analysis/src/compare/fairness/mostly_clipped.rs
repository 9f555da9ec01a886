//! `CF304`: most steps of an arm are clipped.

use crate::lint::words::percent;

use super::{Fairness, Hit, PLAYBOOK, Subject};

/// More than this share of the steps is most of them.
const MOST: f64 = 0.5;

pub(super) static MOSTLY_CLIPPED: Fairness = Fairness {
    code: "CF304",
    name: "mostly-clipped",
    summary: "more than half of an arm's steps are clipped",
    why: "Clipping that acts on most steps sets the length of the step in the place of the learning rate: the strategy \
          that is compared is not the one that is written down.",
    fix: "lower the learning rate, or clip at the 90th percentile of the gradient norms",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for arm in subject.arms {
        let steps: usize = arm.runs.iter().map(|run| run.steps.len()).sum();
        let clipped = arm.runs.iter().flat_map(|run| run.steps.iter()).filter(|step| step.clipped).count();
        let share = clipped as f64 / steps.max(1) as f64;
        if share > MOST {
            let sentence = format!("{} of the {steps} steps of {} are clipped", percent(share), arm.label);
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
    fn it_is_found_above_half_and_not_at_half() {
        let found = |clipped| {
            let runs = vec![run(0, 100, &[2.0, 1.0], clipped), run(1, 100, &[2.0, 1.0], clipped)];
            check(&Subject { efforts: &[], arms: &[arm("a", runs)] })
        };
        assert_eq!(found(51)[0].sentence, "51 % of the 200 steps of a are clipped");
        assert!(found(50).is_empty());
        assert!(check(&Subject { efforts: &[], arms: &[arm("a", vec![])] }).is_empty());
    }
}
