//! `LR514`: a `ChainedScheduler` that is no product.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static CHAINED_OVERWRITES: Lint = Lint {
    code: "LR514",
    name: "chained-overwrites",
    severity: Severity::Warning,
    summary: "a ChainedScheduler has a part that sets the rate instead of multiplying it",
    why: "Parts are stepped one after the other: one that computes its rate anew discards what stands before it, and \
          what stands after it lasts one step.",
    source: Source {
        citation: "ChainedScheduler of PyTorch 2.15, observed",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.is("ChainedScheduler")) {
        let parts = call::parts(placed.call);
        if parts.len() < 2 {
            continue;
        }
        let moves_to = |part: &call::Placed<'_>| part.number("eta_min").is_some_and(|lowest| lowest > 0.0);
        let own = group
            .calls
            .iter()
            .filter(|part| part.parent.is_some_and(|parent| std::ptr::eq(parent, placed.call)));
        for part in own {
            let effect = if call::is_absolute(part.call) {
                match part.index {
                    0 => "what the others do to the rate lasts one step",
                    _ => "what stands before it has no effect",
                }
            } else if part.is("CosineAnnealingLR") && moves_to(part) {
                "its steps towards eta_min are taken from the others' rate: neither a product nor a sequence"
            } else {
                continue;
            };
            let sentence = format!(
                "{} sets the rate itself, at index {} of a ChainedScheduler: {effect}",
                part.call.name, part.index
            );
            hits.push(Hit::new(
                sentence,
                "multiply lrlab's own schedules: `cosine to 10% times step every 20 epochs x0.5`",
            ));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    fn chained(parts: &str) -> String {
        format!("sgd lr=0.1 | torch ChainedScheduler([{parts}])")
    }

    #[test]
    fn parts_that_set_the_rate_are_told() {
        let found = finding("LR514", &chained("MultiStepLR([5]), CosineAnnealingWarmRestarts(10)"));
        assert!(found.sentence.ends_with("what stands before it has no effect"), "{}", found.sentence);
        let found = finding("LR514", &chained("LambdaLR('lambda e: 0.9 ** e'), MultiStepLR([5])"));
        assert!(found.sentence.ends_with("lasts one step"), "{}", found.sentence);
        finding("LR514", &chained("LinearLR(), CosineAnnealingLR(10, eta_min=0.01)"));
    }

    #[test]
    fn products_are_let_be() {
        assert!(is_silent("LR514", &chained("ConstantLR(0.5, 3), ExponentialLR(0.9)")));
        assert!(is_silent("LR514", &chained("LinearLR(), CosineAnnealingLR(10)")));
        assert!(is_silent("LR514", &chained("CosineAnnealingWarmRestarts(10)")));
    }
}
