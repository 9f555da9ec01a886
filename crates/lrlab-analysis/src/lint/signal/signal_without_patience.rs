//! `LR403`: a plateau that lowers the rate at any reading that is not a record.

use lrlab_core::registry::{Argument, Level, Source};

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

use super::signal_never_fires::steps;

/// So many readings, not one of them a record, are quite usual on mini-batches.
const READINGS: i32 = 5;

pub(in crate::lint) static SIGNAL_WITHOUT_PATIENCE: Lint = Lint {
    code: "LR403",
    name: "signal-without-patience",
    severity: Severity::Warning,
    summary: "a plateau has neither patience nor a threshold",
    why: "Any reading that is not better than the best lowers the rate, and on mini-batches readings are noisy: it \
          is gone after some epochs.",
    source: Source {
        citation: "PyTorch issue 11305; fastai issue 4046 (patience off by one)",
        link: "https://github.com/pytorch/pytorch/issues/11305",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let own = group.spec.plan.signals.iter().filter(|spec| spec.name == "plateau").filter_map(|spec| {
        let without_threshold = match (spec.args.get("threshold"), spec.args.get("threshold_abs")) {
            (Some(Argument::Level(Level::Fraction(share))), _) => *share == 0.0,
            (_, Some(Argument::Number(distance))) => *distance == 0.0,
            _ => false,
        };
        let factor = match spec.args.get("factor") {
            Some(Argument::Number(factor)) => *factor,
            _ => 0.1,
        };
        (without_threshold && steps(spec, "patience", group.horizon) == Some(0)).then_some(factor)
    });
    let torch = group.calls.iter().filter(|placed| placed.is("ReduceLROnPlateau")).filter_map(|placed| {
        let is_hasty = placed.number("patience") == Some(0.0) && placed.number("threshold") == Some(0.0);
        placed.number("factor").filter(|_| is_hasty)
    });
    let hit = |factor: f64| {
        let sentence = format!(
            "every reading that is no record lowers the rate by x{}: {READINGS} of them leave {} of it",
            number(factor),
            number(factor.powf(f64::from(READINGS)))
        );
        Hit::new(sentence, "bear some epochs: `plateau patience 5 epochs threshold 0.01%`")
    };
    own.chain(torch).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_hasty_plateau_is_told() {
        let found = finding("LR403", "sgd lr=0.1 | constant | plateau patience 0 steps threshold 0 x0.5");
        assert!(found.sentence.ends_with("by x0.5: 5 of them leave 0.0312 of it"), "{}", found.sentence);
        finding("LR403", "sgd lr=0.1 | torch ReduceLROnPlateau(patience=0, threshold=0)");
    }

    #[test]
    fn some_patience_or_a_threshold_are_enough() {
        let texts = [
            "sgd lr=0.1 | constant | plateau patience 0 steps",
            "sgd lr=0.1 | constant | plateau patience 1 epoch threshold 0",
            "sgd lr=0.1 | torch ReduceLROnPlateau(patience=0)",
        ];
        assert!(texts.iter().all(|text| is_silent("LR403", text)));
    }
}
