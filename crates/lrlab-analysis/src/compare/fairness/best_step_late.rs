//! `CF303`: every run of every arm is best in the last quarter of its training.

use super::{Fairness, Hit, PLAYBOOK, Subject, validations::best_steps};

/// Best after this share of the budget is late.
const LATE: f64 = 0.75;

/// With fewer validations there is hardly any other that could be best.
const VALIDATIONS: usize = 8;

pub(super) static BEST_STEP_LATE: Fairness = Fairness {
    code: "CF303",
    name: "best-step-late",
    summary: "all runs, with 8 or more validations each, are best in the last quarter of their training",
    why: "All were still getting better: over a longer budget the order may be another. Where a decay ends at 0 this is \
          so by design and says little.",
    fix: "if the budget is not given from outside, compare over a longer one as well, with every decay lengthened to it",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let steps: Vec<f64> = subject.arms.iter().flat_map(|arm| best_steps(arm, VALIDATIONS)).collect();
    if steps.is_empty() || steps.iter().any(|share| *share < LATE) {
        return vec![];
    }
    vec![Hit::new(format!("all {} runs are best in the last quarter of their training", steps.len()))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::{arm, run};
    use super::*;

    #[test]
    fn it_is_found_where_every_run_still_gets_better() {
        let falling: Vec<f64> = (0..11).map(|i| 3.0 - 0.1 * f64::from(i)).collect();
        let done: Vec<f64> = (0..11).map(|i| (f64::from(i) - 6.0).abs()).collect();
        let found = |curves: [&[f64]; 2]| {
            let arms = curves.map(|curve| arm("a", vec![run(0, 100, curve, 0)]));
            check(&Subject { efforts: &[], arms: &arms })
        };
        assert_eq!(
            found([&falling, &falling])[0].sentence,
            "all 2 runs are best in the last quarter of their training"
        );
        assert!(found([&falling, &done]).is_empty());
        assert!(found([&[2.0, 1.0], &[2.0, 1.0]]).is_empty(), "two validations say nothing");
    }
}
