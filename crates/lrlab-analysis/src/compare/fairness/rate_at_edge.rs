//! `CF101`: the rate that an arm is compared with is the lowest or highest that was tried.

use crate::lint::words::number;

use super::{ArmEffort, Fairness, Hit, PLAYBOOK, Subject};

pub(super) static RATE_AT_EDGE: Fairness = Fairness {
    code: "CF101",
    name: "rate-at-edge",
    summary: "of several learning rates that were tried, the chosen one is the lowest or the highest",
    why: "The best rate may lie outside of what was tried, so that the strategy is shown worse than it is.",
    fix: "try rates beyond that edge until the best one lies between two others",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    subject.efforts.iter().filter_map(hit).collect()
}

fn hit(effort: &ArmEffort) -> Option<Hit> {
    let rate = effort.rate()?;
    let edge = match (effort.next_below(rate), effort.next_above(rate)) {
        (None, Some(_)) => "lowest",
        (Some(_), None) => "highest",
        _ => return None,
    };
    let sentence = format!(
        "{} is compared at the rate {}, the {edge} of {} that were tried",
        effort.label,
        number(rate),
        effort.rates.len()
    );
    Some(Hit::of(&effort.label, sentence))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{codes, effort};
    use super::*;

    #[test]
    fn it_is_found_at_either_edge_and_not_between() {
        let found = |chosen| {
            let arm = effort("a", &[(0.1, 2.0), (0.4, 1.5), (0.2, 1.0)], chosen);
            check(&Subject { efforts: &[arm], arms: &[] })
        };
        assert!(found(0)[0].sentence.contains("the rate 0.1, the lowest of 3"), "{}", found(0)[0].sentence);
        assert!(found(1)[0].sentence.contains("the rate 0.4, the highest of 3"));
        assert!(found(2).is_empty());
        assert!(found(7).is_empty(), "no such place");
    }

    #[test]
    fn a_single_rate_has_no_edge() {
        assert!(!codes(&[effort("a", &[(0.1, 2.0)], 0)], &[]).contains(&"CF101"));
    }
}
