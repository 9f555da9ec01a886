//! `LR512`: a scheduler gives momentum to an optimizer that had none.

use lrlab_core::{Field, registry::Source};

use crate::lint::{Check, Group, Hit, Lint, Severity, call, curve::Curve, words::number};

pub(in crate::lint) static MOMENTUM_SWITCHED_ON: Lint = Lint {
    code: "LR512",
    name: "momentum-switched-on",
    severity: Severity::Warning,
    summary: "OneCycleLR or CyclicLR switches momentum on",
    why: "cycle_momentum is True by default, and sets momentum in the constructor: SGD without momentum trains with \
          0.95, with steps twenty times as long.",
    source: Source {
        citation: "OneCycleLR and CyclicLR of PyTorch 2.15, observed; PyTorch issue 72714",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(placed) = group.calls.iter().find(|placed| call::moves_momentum(placed.call)) else {
        return Vec::new();
    };
    let is_off = group.optimizer_has("momentum") && group.values.get(Field::Momentum) == 0.0;
    let most = group.field(Field::Momentum).and_then(Curve::peak);
    let Some(most) = most.filter(|most| is_off && most.value > 0.0) else { return Vec::new() };
    let sentence = format!(
        "{} sets momentum to {} at step {}; the optimizer was written without",
        placed.call.name,
        number(most.value),
        most.t
    );
    let fix = "write the momentum that is meant, `momentum=0.9`, or `cycle_momentum=False`";
    vec![Hit::new(sentence, fix).at(most.t)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn momentum_out_of_nowhere_is_told() {
        let found = finding("LR512", "sgd lr=0.1 | torch OneCycleLR(0.1, total_steps=10) per epoch");
        assert_eq!(
            found.sentence,
            "OneCycleLR sets momentum to 0.95 at step 0; the optimizer was written without"
        );
        finding("LR512", "sgd lr=0.1 | torch CyclicLR(0.01, 0.1, step_size_up=5) per epoch");
    }

    #[test]
    fn momentum_that_was_there_or_is_left_alone_is_let_be() {
        let texts = [
            "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(0.1, total_steps=10) per epoch",
            "sgd lr=0.1 | torch OneCycleLR(0.1, total_steps=10, cycle_momentum=False) per epoch",
            "adam lr=0.1 | torch OneCycleLR(0.1, total_steps=10) per epoch",
        ];
        assert!(texts.iter().all(|text| is_silent("LR512", text)));
    }
}
