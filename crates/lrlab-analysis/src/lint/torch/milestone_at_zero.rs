//! `LR509`: a milestone at 0 or before.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

pub(in crate::lint) static MILESTONE_AT_ZERO: Lint = Lint {
    code: "LR509",
    name: "milestone-at-zero",
    severity: Severity::Warning,
    summary: "a milestone comes before the first update",
    why: "MultiStepLR decays in its constructor at a milestone of 0 and never sees a negative one; SequentialLR never \
          uses the scheduler before it.",
    source: Source {
        citation: "PyTorch issues 72874 and 185872",
        link: "https://github.com/pytorch/pytorch/issues/185872",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let has_milestones = |placed: &&call::Placed<'_>| placed.is("MultiStepLR") || placed.is("SequentialLR");
    for placed in group.calls.iter().filter(has_milestones) {
        let milestones = call::numbers(placed.call, "milestones");
        let Some(early) = milestones.into_iter().find(|milestone| *milestone <= 0.0) else { continue };
        let effect = match (placed.is("SequentialLR"), early < 0.0, group.lr.first()) {
            (true, ..) => "the scheduler before it is never used".to_owned(),
            (false, true, _) => "it never comes".to_owned(),
            (false, false, Some(first)) => {
                format!(
                    "the first update has a rate of {} instead of {}",
                    number(first.value),
                    number(group.values.lr())
                )
            }
            (false, false, None) => "the rate decays before the first update".to_owned(),
        };
        let sentence = format!("{} has a milestone at {early}: {effect}", placed.call.name);
        hits.push(Hit::new(sentence, "leave that milestone out").at(0));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_milestone_before_the_first_update_is_told() {
        let found = finding("LR509", "sgd lr=0.1 | torch MultiStepLR([0, 5])");
        let text = "MultiStepLR has a milestone at 0: the first update has a rate of 0.01 instead of 0.1";
        assert_eq!(found.sentence, text);
        let text = "sgd lr=0.1 | torch SequentialLR([LinearLR(), CosineAnnealingLR(10)], milestones=[0])";
        assert!(finding("LR509", text).sentence.ends_with("never used"));
    }

    #[test]
    fn later_milestones_are_let_be() {
        assert!(is_silent("LR509", "sgd lr=0.1 | torch MultiStepLR([1, 5])"));
    }
}
