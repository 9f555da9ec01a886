//! `LR504`: a composite as a later part of `SequentialLR`.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static NESTED_LATER: Lint = Lint {
    code: "LR504",
    name: "nested-later",
    severity: Severity::Error,
    summary: "a SequentialLR or ChainedScheduler follows another part of a SequentialLR",
    why: "At the milestone PyTorch asks it for rates of its own, which it has not, and raises NotImplementedError.",
    source: Source {
        citation: "PyTorch issues 162591 and 196243",
        link: "https://github.com/pytorch/pytorch/issues/196243",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.follows() && call::is_composite(placed.call)) {
        if placed.start >= group.rates_asked() as f64 {
            continue;
        }
        let milestone = group.update_at(placed.start);
        let sentence = format!(
            "the {} at index {} of a SequentialLR raises NotImplementedError at its milestone, step {milestone}",
            placed.call.name, placed.index
        );
        let fix = "write all schedulers into one SequentialLR, or leave out `torch`: lrlab's own stages nest";
        hits.push(Hit::new(sentence, fix).at(milestone));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{all, finding, is_silent};

    #[test]
    fn a_composite_that_follows_is_told() {
        let text = "sgd lr=0.1 | torch SequentialLR([LinearLR(), SequentialLR([ConstantLR(), StepLR(2)], [3])], [5])";
        let found = finding("LR504", text);
        assert_eq!(found.step, Some(500));
        assert!(all(text, 1000).iter().all(|finding| finding.code != "LR502"), "told once");
    }

    #[test]
    fn parts_that_stand_alone_are_let_be() {
        assert!(is_silent(
            "LR504",
            "sgd lr=0.1 | torch SequentialLR([LinearLR(), CosineAnnealingLR(5)], [5])"
        ));
        assert!(is_silent("LR504", "sgd lr=0.1 | torch ChainedScheduler([LinearLR(), ExponentialLR(0.9)])"));
    }
}
