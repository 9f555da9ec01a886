//! `LR108`: a scheduler that counts epochs was given updates.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

/// A plan of this many times the epochs, or more, was counted in something else.
const TOO_MANY: f64 = 10.0;

/// A plan counted in updates has from a quarter to four times as many of them.
const NEAR: f64 = 4.0;

pub(in crate::lint) static COUNTS_EPOCHS: Lint = Lint {
    code: "LR108",
    name: "counts-epochs",
    severity: Severity::Warning,
    summary: "a scheduler that is stepped once an epoch has numbers that are updates",
    why: "PyTorch's schedulers count calls. A plan for thousands of updates hardly begins in some epochs; OneCycleLR \
          is made to be stepped after each batch.",
    source: Source {
        citation: "Lightning issues 3205 and 20436; torch.optim.lr_scheduler.OneCycleLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(placed) = group.calls.first().filter(|_| group.is_per_epoch()) else { return Vec::new() };
    let (updates, epochs) = (group.updates() as f64, group.rates_asked() as f64);
    let longest = |call| {
        let milestones = call::numbers(call, "milestones").into_iter().reduce(f64::max);
        call::length(call).or(milestones).or_else(|| call::number(call, "step_size"))
    };
    let counted = group.calls.iter().filter_map(|placed| longest(placed.call)).fold(0.0, f64::max);
    if counted < TOO_MANY * epochs || counted < updates / NEAR || counted > updates * NEAR {
        return Vec::new();
    }
    let sentence = format!(
        "`{}` is stepped once an epoch, {} times in all; its {} steps are of the size of the {} updates",
        placed.call,
        group.rates_asked(),
        number(counted),
        group.updates()
    );
    vec![Hit::new(sentence, format!("count updates: `torch {} per step`", placed.call))]
}

#[cfg(test)]
mod tests {
    use lrlab_core::Horizon;

    use crate::lint::sample::{all, finding, is_silent, within};

    #[test]
    fn updates_that_are_counted_as_epochs_are_told() {
        let found = finding("LR108", "sgd lr=0.1 | torch CosineAnnealingLR(T_max=1000)");
        let text = "`CosineAnnealingLR(T_max=1000)` is stepped once an epoch, 10 times in all; its 1000 steps are of the \
                    size of the 1000 updates";
        assert_eq!(found.sentence, text);
        assert_eq!(found.fix, "count updates: `torch CosineAnnealingLR(T_max=1000) per step`");
        let cycle = "sgd lr=0.1 | torch OneCycleLR(0.1, epochs=10, steps_per_epoch=100) per epoch";
        finding("LR108", cycle);
        assert!(all(cycle, 1000).iter().all(|finding| finding.code != "LR102"), "told once");
        finding("LR108", "sgd lr=0.1 | torch MultiStepLR([300, 600])");
    }

    #[test]
    fn plans_that_count_epochs_are_let_be() {
        let texts = [
            "sgd lr=0.1 | torch CosineAnnealingLR(T_max=10)",
            "sgd lr=0.1 | torch CosineAnnealingLR(T_max=90)",
            "sgd lr=0.1 | torch OneCycleLR(0.1, total_steps=10) per epoch",
            "sgd lr=0.1 | torch CosineAnnealingLR(T_max=1000) per step",
        ];
        assert!(texts.iter().all(|text| is_silent("LR108", text)));
        // 40 epochs of 5 updates, where both units are of one size.
        let few = within("sgd lr=0.1 | torch CosineAnnealingLR(T_max=100)", Horizon::new(200, 5));
        assert!(few.iter().all(|finding| finding.code != "LR108"));
    }
}
