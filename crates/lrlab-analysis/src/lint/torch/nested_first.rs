//! `LR505`: a composite as the first part of `SequentialLR`.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

pub(in crate::lint) static NESTED_FIRST: Lint = Lint {
    code: "LR505",
    name: "nested-first",
    severity: Severity::Warning,
    summary: "a SequentialLR or ChainedScheduler is the first part of a SequentialLR",
    why: "The outer one takes back one step of the inner one and makes it again, but not of what that drives: all of it \
          is one step ahead.",
    source: Source {
        citation: "PyTorch issue 196243",
        link: "https://github.com/pytorch/pytorch/issues/196243",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let is_first = |placed: &&call::Placed<'_>| {
        let in_sequence = placed.parent.is_some_and(|parent| parent.name == "SequentialLR");
        placed.index == 0 && in_sequence && call::is_composite(placed.call)
    };
    let hit = |placed: &call::Placed<'_>| {
        let rate = group.lr.first().map_or_else(String::new, |first| {
            format!(": the first rate is {} of a group at {}", number(first.value), number(group.values.lr()))
        });
        let sentence = format!(
            "the {} at the start of a SequentialLR is stepped once too often before the first update{rate}",
            placed.call.name
        );
        Hit::new(sentence, "write all schedulers into one SequentialLR, or leave out `torch`").at(0)
    };
    group.calls.iter().filter(is_first).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_composite_at_the_start_is_told() {
        let text =
            "sgd lr=0.1 | torch SequentialLR([ChainedScheduler([ExponentialLR(0.9)]), StepLR(2)], [5])";
        let found = finding("LR505", text);
        assert!(found.sentence.ends_with("the first rate is 0.09 of a group at 0.1"), "{}", found.sentence);
    }

    #[test]
    fn composites_on_their_own_are_let_be() {
        assert!(is_silent("LR505", "sgd lr=0.1 | torch SequentialLR([LinearLR(), StepLR(2)], [5])"));
        assert!(is_silent("LR505", "sgd lr=0.1 | torch ChainedScheduler([ExponentialLR(0.9), StepLR(2)])"));
    }
}
