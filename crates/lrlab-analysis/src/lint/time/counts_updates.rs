//! `LR107`: a scheduler that counts updates was given epochs.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity, call,
    words::{count, number, percent},
};

/// A plan that is over in this share of the updates, and as long as there are epochs, was counted in
/// epochs.
const OVER: f64 = 0.1;

/// A rate that is down to this share of its peak by the middle of training is of no use for the rest.
const COLLAPSED: f64 = 1e-3;

pub(in crate::lint) static COUNTS_UPDATES: Lint = Lint {
    code: "LR107",
    name: "counts-updates",
    severity: Severity::Warning,
    summary: "a scheduler that is stepped after each update has numbers that are epochs",
    why: "PyTorch's schedulers count calls. Numbers of epochs are over after as many updates, and nearly all of the \
          training runs with what is left.",
    source: Source {
        citation: "PyTorch issue 65417; Lightning issues 3205 and 5631",
        link: "https://github.com/pytorch/pytorch/issues/65417",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let (updates, epochs) = (group.updates() as f64, group.epochs());
    let Some(placed) = group.calls.first().filter(|_| group.horizon.steps_per_epoch > 1) else {
        return Vec::new();
    };
    if group.is_per_epoch() || epochs < 2.0 {
        return Vec::new();
    }
    let (Some(peak), Some(middle)) = (group.lr.peak(), group.lr.at(group.updates() / 2)) else {
        return Vec::new();
    };
    let has_collapsed = middle.value.abs() <= COLLAPSED * peak.value;
    // Rises that are over soon are ordinary warmups.
    let falls = group.lr.last().is_some_and(|last| last.value < peak.value);
    let last = group.calls.last().copied().unwrap_or(*placed);
    let counted = match last.call.name.as_str() {
        "StepLR" => last.number("step_size").filter(|_| has_collapsed),
        "ExponentialLR" => Some(1.0).filter(|_| has_collapsed),
        "MultiStepLR" => {
            call::numbers(last.call, "milestones").into_iter().reduce(f64::max).filter(|_| falls)
        }
        "CosineAnnealingWarmRestarts" => last.number("T_0"),
        "CosineAnnealingLR" => call::length(last.call),
        "LinearLR" | "PolynomialLR" => call::length(last.call).filter(|_| falls),
        _ => None,
    };
    let Some(counted) = counted.map(|steps| last.start + steps) else { return Vec::new() };
    if counted > epochs || counted > OVER * updates {
        return Vec::new();
    }
    let whole = placed.call;
    let sentence = format!(
        "`{whole}` is stepped after each of {}: its {counted} steps are {} of them, as if they were meant for the {} \
         epochs; in the middle of training the rate is {}",
        count(group.updates(), "update"),
        percent(counted / updates),
        number(epochs),
        number(middle.value)
    );
    let step = counted as u64;
    vec![Hit::new(sentence, format!("count epochs: `torch {whole} per epoch`")).at(step)]
}

#[cfg(test)]
mod tests {
    use lrlab_core::Horizon;

    use crate::lint::sample::{one, within};

    /// 90 epochs of 100 updates.
    const HORIZON: Horizon = Horizon { total_steps: 9000, steps_per_epoch: 100 };

    #[test]
    fn epochs_that_are_counted_as_updates_are_told() {
        for scheduler in [
            "StepLR(step_size=30)",
            "MultiStepLR(milestones=[30, 60])",
            "CosineAnnealingLR(T_max=90)",
            "SequentialLR([LinearLR(0.1, total_iters=5), CosineAnnealingLR(85)], milestones=[5])",
            "CosineAnnealingWarmRestarts(T_0=10)",
            "ExponentialLR(0.9)",
        ] {
            let text = format!("sgd lr=0.1 | torch {scheduler} per step");
            let found = one("LR107", &text, within(&text, HORIZON));
            assert_eq!(found.fix, format!("count epochs: `torch {scheduler} per epoch`"));
        }
        let text = "sgd lr=0.1 | torch StepLR(step_size=30) per step";
        let found = one("LR107", text, within(text, HORIZON));
        assert!(found.sentence.contains("its 30 steps are 0.333 % of them"), "{}", found.sentence);
        assert!(within(text, HORIZON).iter().all(|finding| finding.code != "LR201"), "told once");
    }

    #[test]
    fn plans_that_count_updates_are_let_be() {
        for scheduler in [
            "StepLR(step_size=3000) per step",
            "StepLR(step_size=50, gamma=0.99) per step",
            "CosineAnnealingLR(T_max=9000) per step",
            "LinearLR(0.1, total_iters=50) per step",
            "ExponentialLR(0.9995) per step",
            "StepLR(step_size=30)",
        ] {
            let text = format!("sgd lr=0.1 | torch {scheduler}");
            assert!(within(&text, HORIZON).iter().all(|finding| finding.code != "LR107"), "{text}");
        }
    }
}
