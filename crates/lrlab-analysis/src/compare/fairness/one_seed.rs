//! `CF301`: arms are compared on one seed.

use lrlab_core::registry::Source;

use super::{Fairness, Hit, Subject};

pub(super) static ONE_SEED: Fairness = Fairness {
    code: "CF301",
    name: "one-seed",
    summary: "two or more arms are compared, and one of them has a single run",
    why: "Weights and the order of the data move the outcome: on tabular benchmarks a single seed names the wrong one \
          of two tuned schedules in 7 to 15 % of the cases.",
    fix: "run every arm with the same seeds, at least 6; let them be added until the answer is known",
    source: Source {
        citation: "Bouthillier et al. 2021, Accounting for Variance in Machine Learning Benchmarks",
        link: "arXiv:2103.03098",
    },
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let single = |runs: usize| runs == 1;
    let labels: Vec<&str> =
        subject.arms.iter().filter(|arm| single(arm.runs.len())).map(|arm| arm.label.as_str()).collect();
    if subject.arms.len() < 2 || labels.is_empty() {
        return vec![];
    }
    vec![Hit::new(format!("one seed alone stands behind {}", labels.join(", ")))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::{arm, run};
    use super::*;

    #[test]
    fn it_is_found_where_arms_are_compared_on_one_seed() {
        let [a, b] = [0, 1].map(|seed| run(seed, 100, &[3.0, 2.0, 1.0], 0));
        let found = |first: Vec<crate::Run>, second: Vec<crate::Run>| {
            check(&Subject { efforts: &[], arms: &[arm("first", first), arm("second", second)] })
        };
        assert_eq!(
            found(vec![a.clone()], vec![a.clone()])[0].sentence,
            "one seed alone stands behind first, second"
        );
        assert_eq!(found(vec![a.clone(), b.clone()], vec![a.clone()]).len(), 1);
        assert!(found(vec![a.clone(), b.clone()], vec![a.clone(), b]).is_empty());
        assert!(check(&Subject { efforts: &[], arms: &[arm("alone", vec![a])] }).is_empty());
    }
}
