//! `LR517`: `total_iters` of 0.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

pub(in crate::lint) static TOTAL_ITERS_ZERO: Lint = Lint {
    code: "LR517",
    name: "total-iters-zero",
    severity: Severity::Warning,
    summary: "ConstantLR, LinearLR or PolynomialLR has a total_iters of 0",
    why: "Nobody switches it off: the factor of the first step stays for good, since the step that would undo it never \
          comes. A warmup of 0 epochs leads there.",
    source: Source {
        citation: "PyTorch issues 194712 and 86454",
        link: "https://github.com/pytorch/pytorch/issues/194712",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in &group.calls {
        let stays = match placed.call.name.as_str() {
            "ConstantLR" => placed.number("factor"),
            "LinearLR" => placed.number("start_factor"),
            "PolynomialLR" => Some(1.0),
            _ => None,
        };
        let (Some(stays), Some(0.0)) = (stays, placed.number("total_iters")) else { continue };
        let sentence = format!(
            "{} with total_iters=0 multiplies the rate by {} for all of its time",
            placed.call.name,
            number(stays)
        );
        hits.push(
            Hit::new(sentence, "leave the scheduler out, or give it steps").at(group.update_at(placed.start)),
        );
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_factor_that_is_never_undone_is_told() {
        let found = finding("LR517", "sgd lr=0.1 | torch ConstantLR(factor=0.1, total_iters=0)");
        assert_eq!(
            found.sentence,
            "ConstantLR with total_iters=0 multiplies the rate by 0.1 for all of its time"
        );
        finding("LR517", "sgd lr=0.1 | torch LinearLR(total_iters=0)");
        finding("LR517", "sgd lr=0.1 | torch PolynomialLR(0)");
    }

    #[test]
    fn some_steps_are_let_be() {
        assert!(is_silent("LR517", "sgd lr=0.1 | torch LinearLR(total_iters=1)"));
    }
}
