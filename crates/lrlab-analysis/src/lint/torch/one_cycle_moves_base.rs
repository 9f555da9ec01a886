//! `LR511`: `OneCycleLR` in a `SequentialLR` changes where the others start.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

/// A base within this share of the group's own is the same.
const SAME: f64 = 1e-6;

pub(in crate::lint) static ONE_CYCLE_MOVES_BASE: Lint = Lint {
    code: "LR511",
    name: "one-cycle-moves-base",
    severity: Severity::Warning,
    summary: "a OneCycleLR in a SequentialLR has overwritten initial_lr before the first scheduler starts",
    why: "Its constructor sets initial_lr to max_lr / div_factor, and SequentialLR puts the rate back to initial_lr: a \
          warmup before it runs from the wrong base.",
    source: Source {
        citation: "PyTorch issue 162591; OneCycleLR of PyTorch 2.15, observed",
        link: "https://github.com/pytorch/pytorch/issues/162591",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.is("OneCycleLR") && placed.follows()) {
        let (Some(max_lr), Some(div_factor)) = (placed.number("max_lr"), placed.number("div_factor")) else {
            continue;
        };
        let (base, own) = (max_lr / div_factor, group.values.lr());
        if (base - own).abs() <= SAME * own {
            continue;
        }
        let first = group.lr.first().map_or(base, |first| first.value);
        let sentence = format!(
            "OneCycleLR has set initial_lr to {} (max_lr / div_factor): what stands before it starts from that instead of \
             {}, and the first update has a rate of {}",
            number(base),
            number(own),
            number(first)
        );
        let ratio = call::with_number(placed.call, "div_factor", max_lr / own);
        let fix = format!("choose div_factor so that it starts where the others do: `{ratio}`");
        hits.push(Hit::new(sentence, fix).at(0));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    fn text(lr: f64) -> String {
        format!(
            "sgd lr={lr} momentum=0.9 | torch SequentialLR([LinearLR(0.5, total_iters=3), OneCycleLR(5.0, total_steps=7, \
             cycle_momentum=False)], milestones=[3]) per epoch"
        )
    }

    #[test]
    fn a_changed_base_is_told() {
        let found = finding("LR511", &text(1.0));
        assert!(found.sentence.contains("initial_lr to 0.2 "), "{}", found.sentence);
        assert!(
            found.sentence.ends_with("instead of 1, and the first update has a rate of 0.1"),
            "{}",
            found.sentence
        );
        assert!(found.fix.contains("div_factor=5"), "{}", found.fix);
    }

    #[test]
    fn the_same_base_is_let_be() {
        assert!(is_silent("LR511", &text(0.2)));
        assert!(is_silent(
            "LR511",
            "sgd lr=1 momentum=0.9 | torch OneCycleLR(5.0, total_steps=10) per epoch"
        ));
    }
}
