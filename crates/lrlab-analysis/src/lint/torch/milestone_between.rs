//! `LR510`: a milestone between two steps.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static MILESTONE_BETWEEN: Lint = Lint {
    code: "LR510",
    name: "milestone-between",
    severity: Severity::Warning,
    summary: "a milestone is no whole number",
    why: "MultiStepLR compares it with the count of steps and never meets it; SequentialLR takes over without the new \
          scheduler's start. A share of the epochs, 0.6 * epochs, leads there.",
    source: Source {
        citation: "torch.optim.lr_scheduler.MultiStepLR of PyTorch 2.15, observed",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in &group.calls {
        let milestones = call::numbers(placed.call, "milestones");
        let Some(between) = milestones.into_iter().find(|milestone| milestone.fract() != 0.0) else {
            continue;
        };
        let effect = if placed.is("MultiStepLR") {
            "the decay never comes"
        } else {
            "the scheduler after it goes on from the present rate"
        };
        let sentence =
            format!("{} has a milestone at {between}, between two steps: {effect}", placed.call.name);
        hits.push(Hit::new(sentence, format!("write {} or {}", between.floor(), between.ceil())));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_milestone_between_two_steps_is_told() {
        let found = finding("LR510", "sgd lr=0.1 | torch MultiStepLR([4.5, 8])");
        assert_eq!(found.fix, "write 4 or 5");
        finding(
            "LR510",
            "sgd lr=0.1 | torch SequentialLR([LinearLR(), CosineAnnealingLR(5)], milestones=[4.5])",
        );
    }

    #[test]
    fn whole_numbers_are_let_be_however_they_are_written() {
        assert!(is_silent("LR510", "sgd lr=0.1 | torch MultiStepLR([4.0, 8])"));
    }
}
