//! `CF201`: the compared runs were meant to be of different length.

use crate::{ArmRuns, lint::words::count};

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
    let longest = |arm: &ArmRuns| arm.runs.iter().map(|run| run.started.horizon.total_steps).max();
    let budgets: Vec<(u64, &str)> =
        subject.arms.iter().filter_map(|arm| Some((longest(arm)?, arm.label.as_str()))).collect();
    match (budgets.iter().min(), budgets.iter().max()) {
        (Some((least, shorter)), Some((most, longer))) if least < most => {
            let sentence = format!(
                "{longer} trains for {}, {shorter} for {}",
                count(*most, "step"),
                count(*least, "step")
            );
            vec![Hit::new(sentence)]
        }
        _ => vec![],
    }
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
}
