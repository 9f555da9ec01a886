//! `LR502`: `PyTorch` raises in the middle of training.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity};

pub(in crate::lint) static RAISES_IN_TRAINING: Lint = Lint {
    code: "LR502",
    name: "raises-in-training",
    severity: Severity::Error,
    summary: "PyTorch's constructor accepts the arguments, and step() raises later",
    why: "step_size=0, T_max=0 and ConstantLR(factor=0) are not guarded: training is lost at the step that divides by \
          zero.",
    source: Source {
        citation: "PyTorch issues 185006, 194712 and 193682",
        link: "https://github.com/pytorch/pytorch/issues/185006",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some((t, error)) = &group.raised else { return Vec::new() };
    let (Some(placed), false) = (group.calls.first(), *t >= group.updates()) else { return Vec::new() };
    let sentence = format!("`{}` raises {} before update {t}: {error}", placed.call, error.python_class());
    vec![Hit::new(sentence, "give the count, or the factor, that is 0 a value above it").at(*t)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn what_pytorch_comes_to_later_is_told() {
        for (scheduler, step) in [
            ("StepLR(step_size=0)", 100),
            ("CosineAnnealingLR(T_max=0)", 100),
            ("ConstantLR(factor=0.0, total_iters=3)", 300),
        ] {
            let found = finding("LR502", &format!("sgd lr=0.1 | torch {scheduler}"));
            assert_eq!(found.step, Some(step), "{scheduler}");
            assert!(found.sentence.contains("raises ZeroDivisionError before update"), "{}", found.sentence);
        }
    }

    #[test]
    fn what_would_be_raised_after_the_end_is_let_be() {
        assert!(is_silent("LR502", "sgd lr=0.1 | torch ConstantLR(factor=0.5, total_iters=3)"));
        assert!(is_silent("LR502", "sgd lr=0.1 | torch StepLR(step_size=3)"));
    }
}
