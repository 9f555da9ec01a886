//! `LR516`: `SequentialLR` takes `last_epoch` and ignores it.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static SEQUENCE_FORGETS_EPOCH: Lint = Lint {
    code: "LR516",
    name: "sequence-forgets-epoch",
    severity: Severity::Warning,
    summary: "a SequentialLR is resumed by last_epoch, which does not choose its scheduler",
    why: "It always starts with its first scheduler at its first step; only its state_dict brings it back.",
    source: Source {
        citation: "PyTorch issue 162591",
        link: "https://github.com/pytorch/pytorch/issues/162591",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let resumed = |placed: &call::Placed<'_>| {
        let epoch = call::number(placed.call, "last_epoch").filter(|epoch| *epoch >= 0.0)?;
        placed.is("SequentialLR").then_some(epoch)
    };
    let hit = |epoch: f64| {
        let sentence = format!(
            "SequentialLR is resumed with last_epoch={epoch} and starts with its first scheduler all the same"
        );
        Hit::new(
            sentence,
            "load its state_dict instead, or leave out `torch`: lrlab's own stages are functions of t",
        )
        .at(0)
    };
    group.calls.iter().filter_map(resumed).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_sequence_that_forgets_is_told() {
        let text = "sgd lr=0.1 | torch SequentialLR([LinearLR(), CosineAnnealingLR(5)], milestones=[5], last_epoch=7)";
        assert!(finding("LR516", text).sentence.contains("last_epoch=7"));
    }

    #[test]
    fn a_sequence_from_the_start_is_let_be() {
        let text = "sgd lr=0.1 | torch SequentialLR([LinearLR(), CosineAnnealingLR(5)], milestones=[5], last_epoch=-1)";
        assert!(is_silent("LR516", text));
    }
}
