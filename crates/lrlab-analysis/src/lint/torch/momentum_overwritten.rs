//! `LR513`: the constructor of a later scheduler overwrites momentum.

use lrlab_core::{Field, registry::Source};

use crate::lint::{Check, Group, Hit, Lint, Severity, call, curve::Curve, words::number};

pub(in crate::lint) static MOMENTUM_OVERWRITTEN: Lint = Lint {
    code: "LR513",
    name: "momentum-overwritten",
    severity: Severity::Warning,
    summary: "a OneCycleLR or CyclicLR later in a SequentialLR has set momentum before training starts",
    why: "Every constructor acts at once, so the first phase trains with the momentum of a scheduler that is not yet in \
          charge.",
    source: Source {
        citation: "SequentialLR with OneCycleLR in PyTorch 2.15, observed; PyTorch issue 162591",
        link: "https://github.com/pytorch/pytorch/issues/162591",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let moves = |placed: &&call::Placed<'_>| placed.follows() && call::moves_momentum(placed.call);
    let Some(placed) = group.calls.iter().find(moves) else { return Vec::new() };
    let mut hits = Vec::new();
    for field in [Field::Momentum, Field::Beta1] {
        let own = group.values.get(field);
        let Some(first) = group.field(field).and_then(Curve::first) else { continue };
        // Momentum that was switched on is told by LR512.
        if own == 0.0 || first.value == own {
            continue;
        }
        let name = field.name();
        let sentence = format!(
            "{} takes over at step {}, and has already set {name} from {} to {} for all before it",
            placed.call.name,
            group.update_at(placed.start),
            number(own),
            number(first.value)
        );
        let fix = format!("give it max_momentum={own}, or cycle_momentum=False and schedule {name} yourself");
        hits.push(Hit::new(sentence, fix).at(0));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    fn text(arguments: &str) -> String {
        format!(
            "sgd lr=0.1 momentum=0.9 | torch SequentialLR([ExponentialLR(0.9), OneCycleLR(2.5, total_steps=7{arguments})], \
             milestones=[3]) per epoch"
        )
    }

    #[test]
    fn momentum_of_a_later_phase_is_told() {
        let found = finding("LR513", &text(""));
        let sentence = "OneCycleLR takes over at step 300, and has already set momentum from 0.9 to 0.95 for all before it";
        assert_eq!(found.sentence, sentence);
    }

    #[test]
    fn the_same_momentum_or_none_is_let_be() {
        assert!(is_silent("LR513", &text(", max_momentum=0.9")));
        assert!(is_silent("LR513", &text(", cycle_momentum=False")));
        assert!(is_silent(
            "LR513",
            "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(0.1, total_steps=10) per epoch"
        ));
    }
}
