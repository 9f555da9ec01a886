//! `CF201`: the compared runs were meant to be of different length.

use crate::{ArmRuns, Run, lint::words::count};

use super::{Fairness, Hit, PLAYBOOK, Subject};

pub(super) static UNEQUAL_BUDGETS: Fairness = Fairness {
    code: "CF201",
    name: "unequal-budgets",
    summary: "the budgets of the compared runs differ",
    why: "A strategy that trains longer may win by that alone.",
    fix: "give every arm the same budget, or compare the objective against compute",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let length = if accumulate_alike(subject.arms) { steps } else { epochs };
    let longest = |arm: &ArmRuns| arm.runs.iter().map(length).max_by(f64::total_cmp);
    let mut budgets: Vec<(f64, &str)> =
        subject.arms.iter().filter_map(|arm| Some((longest(arm)?, arm.label.as_str()))).collect();
    budgets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    match (budgets.first(), budgets.last()) {
        (Some((least, shorter)), Some((most, longer))) if least < most => {
            let told = |length: f64| {
                if accumulate_alike(subject.arms) {
                    count(length as u64, "step")
                } else {
                    format!("{length:.1} epochs")
                }
            };
            vec![Hit::new(format!("{longer} trains for {}, {shorter} for {}", told(*most), told(*least)))]
        }
        _ => vec![],
    }
}

/// Whether a step is as many batches for all: otherwise only epochs are the same data.
fn accumulate_alike(arms: &[ArmRuns]) -> bool {
    let mut batches = arms.iter().flat_map(|arm| &arm.runs).map(|run| run.started.trial.strategy.accumulate);
    batches.next().is_none_or(|first| batches.all(|other| other == first))
}

fn steps(run: &Run) -> f64 {
    run.started.horizon.total_steps as f64
}

fn epochs(run: &Run) -> f64 {
    steps(run) / run.started.horizon.steps_per_epoch.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::sample::{arm, run};
    use super::*;

    #[test]
    fn it_is_found_where_one_arm_trains_longer() {
        let [short, long] = [100, 150].map(|steps| run(0, steps, &[3.0, 2.0, 1.0], 0));
        let of = |arms: &[ArmRuns]| check(&Subject { efforts: &[], arms });
        let found = of(&[arm("a", vec![short.clone()]), arm("b", vec![long])]);
        assert_eq!(found[0].sentence, "b trains for 150 steps, a for 100 steps");
        assert!(of(&[arm("a", vec![short.clone()]), arm("b", vec![short]), arm("c", vec![])]).is_empty());
    }

    #[test]
    fn an_arm_that_accumulates_is_held_to_the_same_data() {
        let of = |total_steps, steps_per_epoch, accumulate| {
            let mut run = run(0, 10, &[2.0, 1.0], 0);
            run.started.horizon = lrlab_core::Horizon::new(total_steps, steps_per_epoch);
            std::sync::Arc::make_mut(&mut run.started.trial.strategy).accumulate = accumulate;
            run
        };
        let found = |a: Run, b: Run| {
            let arms = [arm("a", vec![a]), arm("b", vec![b])];
            check(&Subject { efforts: &[], arms: &arms })
        };
        assert!(found(of(150, 10, 1), of(45, 3, 4)).is_empty());
        let hits = found(of(150, 10, 1), of(150, 3, 4));
        assert_eq!(hits[0].sentence, "b trains for 50.0 epochs, a for 15.0 epochs");
    }
}
