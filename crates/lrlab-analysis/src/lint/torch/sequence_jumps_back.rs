//! `LR506`: at a milestone of `SequentialLR` the rate jumps back up.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

/// A jump by more than this undoes a decay.
const JUMP: f64 = 1.5;

pub(in crate::lint) static SEQUENCE_JUMPS_BACK: Lint = Lint {
    code: "LR506",
    name: "sequence-jumps-back",
    severity: Severity::Warning,
    summary: "a later part of a SequentialLR starts from initial_lr, though the rate had decayed",
    why: "At a milestone the new scheduler's closed form at 0 is set, wherever the rate was.",
    source: Source {
        citation: "PyTorch issues 72874 and 67586",
        link: "https://github.com/pytorch/pytorch/issues/72874",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.follows() && !call::is_cyclic(placed.call)) {
        let milestone = group.update_at(placed.start);
        let (Some(before), Some(after)) = (group.lr.at(milestone.saturating_sub(1)), group.lr.at(milestone))
        else {
            continue;
        };
        let decayed = group.lr.peak_before(milestone).is_some_and(|peak| peak.value > JUMP * before.value);
        if after.t != milestone || !decayed || after.value <= JUMP * before.value {
            continue;
        }
        let sentence = format!(
            "at the milestone {} (step {milestone}) {} starts from initial_lr: the rate jumps from {} to {}",
            placed.start,
            placed.call.name,
            number(before.value),
            number(after.value)
        );
        let share = before.value / group.values.lr();
        let fix = format!(
            "let it go on, with lrlab's own stages: `... then cosine from {}% to 0`",
            number(100.0 * share)
        );
        hits.push(Hit::new(sentence, fix).at(milestone));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{all, finding, is_silent};

    #[test]
    fn a_decay_that_is_undone_is_told_once() {
        let text =
            "sgd lr=0.1 | torch SequentialLR([ExponentialLR(0.5), CosineAnnealingLR(5)], milestones=[5])";
        let found = finding("LR506", text);
        let sentence = "at the milestone 5 (step 500) CosineAnnealingLR starts from initial_lr: the rate jumps from 0.00625 \
                        to 0.1";
        assert_eq!((found.sentence.as_str(), found.step), (sentence, Some(500)));
        assert!(found.fix.contains("cosine from 6.25% to 0"), "{}", found.fix);
        assert!(all(text, 1000).iter().all(|finding| finding.code != "LR203"));
    }

    #[test]
    fn a_warmup_before_the_start_is_let_be() {
        for warmup in ["LinearLR(0.1, total_iters=5)", "ConstantLR(0.1, total_iters=5)"] {
            let text =
                format!("sgd lr=0.1 | torch SequentialLR([{warmup}, CosineAnnealingLR(5)], milestones=[5])");
            assert!(is_silent("LR506", &text), "{warmup}");
        }
    }
}
