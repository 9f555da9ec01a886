//! `CF102`: at the next higher rate that was tried, runs diverge.

use crate::lint::words::number;

use super::{ArmEffort, Fairness, Hit, PLAYBOOK, Subject};

pub(super) static RATE_BEFORE_DIVERGENCE: Fairness = Fairness {
    code: "CF102",
    name: "rate-before-divergence",
    summary: "at the next higher rate that was tried, runs diverged",
    why: "A best rate at the edge of divergence is a limit of stability, not an optimum: what would let the rate go \
          higher (a warmup, clipping) may change the order of the strategies.",
    fix: "try a rate between the two, and the same strategy with a longer warmup or with clipping",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    subject.efforts.iter().filter_map(hit).collect()
}

fn hit(effort: &ArmEffort) -> Option<Hit> {
    let rate = effort.rate()?;
    let above = effort.next_above(rate).filter(|above| above.has_diverged())?;
    let runs = above.diverged.max(above.objectives.iter().filter(|value| !value.is_finite()).count());
    let sentence = format!(
        "{} is compared at the rate {}, and of the runs at {}, the next that was tried, {runs} diverged",
        effort.label,
        number(rate),
        number(above.rate)
    );
    Some(Hit::of(&effort.label, sentence))
}

#[cfg(test)]
mod tests {
    use super::super::sample::effort;
    use super::*;

    #[test]
    fn it_is_found_where_the_next_rate_up_diverged_and_nowhere_else() {
        let found = |chosen| {
            let arm = effort("a", &[(0.8, f64::NAN), (0.1, 2.0), (0.2, 1.0), (0.4, 1.1)], chosen);
            check(&Subject { efforts: &[arm], arms: &[] })
        };
        assert!(found(3)[0].sentence.contains("at the rate 0.4, and of the runs at 0.8"));
        assert!(found(3)[0].sentence.ends_with("1 diverged"), "{}", found(3)[0].sentence);
        assert!(found(2).is_empty(), "there is a sound rate between");
        assert!(found(0).is_empty(), "nothing above it was tried");
    }
}
