//! `LR507`: a later part of `SequentialLR` that goes on from the present rate.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

/// A rate within this share of the one at the start is that one.
const SAME: f64 = 0.01;

pub(in crate::lint) static SEQUENCE_GOES_ON: Lint = Lint {
    code: "LR507",
    name: "sequence-goes-on",
    severity: Severity::Note,
    summary: "MultiplicativeLR or SWALR follows in a SequentialLR, and goes on from the present rate",
    why: "All other parts start from initial_lr at their milestone; these two have no closed form that could be set.",
    source: Source {
        citation: "torch.optim.lr_scheduler.SequentialLR of PyTorch 2.15, observed",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let goes_on = |class: &str| matches!(class, "MultiplicativeLR" | "SWALR");
    for placed in group.calls.iter().filter(|placed| placed.follows() && goes_on(&placed.call.name)) {
        let milestone = group.update_at(placed.start);
        let Some(before) = group.lr.at(milestone.saturating_sub(1)) else { continue };
        let start = group.values.lr();
        if milestone >= group.updates() || (before.value - start).abs() <= SAME * start {
            continue;
        }
        let sentence = format!(
            "{} goes on from {} at step {milestone}, where any other scheduler would start from {}",
            placed.call.name,
            number(before.value),
            number(start)
        );
        hits.push(
            Hit::new(
                sentence,
                "write where it starts, with lrlab's own stages: `... then linear from 50% to 0`",
            )
            .at(milestone),
        );
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn what_goes_on_is_told() {
        let text =
            "sgd lr=0.1 | torch SequentialLR([ExponentialLR(0.9), SWALR(swa_lr=0.05)], milestones=[5])";
        let found = finding("LR507", text);
        assert!(found.sentence.starts_with("SWALR goes on from 0.0656 at step 500"), "{}", found.sentence);
    }

    #[test]
    fn from_the_start_it_is_all_the_same() {
        let text =
            "sgd lr=0.1 | torch SequentialLR([LinearLR(total_iters=4), SWALR(swa_lr=0.05)], milestones=[5])";
        assert!(is_silent("LR507", text));
    }
}
