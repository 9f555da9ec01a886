//! `LR508`: milestones of `SequentialLR` out of order.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static MILESTONES_UNSORTED: Lint = Lint {
    code: "LR508",
    name: "milestones-unsorted",
    severity: Severity::Warning,
    summary: "the milestones of a SequentialLR do not grow",
    why: "They are searched as if they did, so schedulers are skipped in silence.",
    source: Source {
        citation: "torch.optim.lr_scheduler.SequentialLR of PyTorch 2.15, observed",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.is("SequentialLR")) {
        let milestones = call::numbers(placed.call, "milestones");
        if let Some([before, after]) = milestones.array_windows().find(|[before, after]| before >= after) {
            let sentence =
                format!("the milestone {after} follows {before}: a scheduler between them is skipped");
            hits.push(Hit::new(sentence, "write the milestones in growing order"));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn milestones_out_of_order_are_told() {
        let text =
            "sgd lr=0.1 | torch SequentialLR([LinearLR(), StepLR(2), ExponentialLR(0.9)], milestones=[6, 3])";
        assert!(finding("LR508", text).sentence.starts_with("the milestone 3 follows 6"));
    }

    #[test]
    fn milestones_in_order_are_let_be() {
        let text =
            "sgd lr=0.1 | torch SequentialLR([LinearLR(), StepLR(2), ExponentialLR(0.9)], milestones=[3, 6])";
        assert!(is_silent("LR508", text));
        assert!(is_silent("LR508", "sgd lr=0.1 | torch MultiStepLR([6, 3])"), "which sorts them");
    }
}
