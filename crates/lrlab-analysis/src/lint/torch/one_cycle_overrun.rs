//! `LR503`: `OneCycleLR` is stepped beyond its end.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

pub(in crate::lint) static ONE_CYCLE_OVERRUN: Lint = Lint {
    code: "LR503",
    name: "one-cycle-overrun",
    severity: Severity::Error,
    summary: "OneCycleLR has fewer steps than training asks for: one goes beyond its curve, then it raises",
    why: "Step total_steps is allowed though the curve ends one before it: 'cos' climbs back there, 'linear' goes below \
          zero, and the next step raises. drop_last, accumulation and a resumed run with more epochs lead there.",
    source: Source {
        citation: "GrowSP issue 11; PiFold issue 6; Lightning issue 19684",
        link: "https://github.com/Lightning-AI/pytorch-lightning/issues/19684",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let asked = group.rates_asked() as f64;
    for placed in group.calls.iter().filter(|placed| placed.is("OneCycleLR")) {
        let Some(total) = call::length(placed.call) else { continue };
        let asked = placed.end.min(asked) - placed.start;
        if asked <= total {
            continue;
        }
        let beyond = group.update_at(placed.start + total);
        let rate = group.lr.at(beyond).map_or_else(String::new, |point| {
            let below = if point.value < 0.0 { ", below zero" } else { "" };
            format!("its rate at step {beyond} is {}{below}", number(point.value))
        });
        let raises = if asked > total + 1.0 { "and then it raises" } else { "and the next step would raise" };
        let sentence =
            format!("OneCycleLR has {} and is asked for {asked}: {rate}, {raises}", group.counted(total));
        let whole = if call::value(placed.call, "total_steps").is_some() {
            format!("`{}`", call::with_number(placed.call, "total_steps", asked))
        } else {
            format!(
                "epochs and steps_per_epoch whose product is {asked}, or `total_steps={asked}` in their place"
            )
        };
        hits.push(Hit::new(sentence, format!("give it as many steps as training has: {whole}")).at(beyond));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{all, finding, is_silent};

    #[test]
    fn an_overrun_is_told_once() {
        let text = "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(0.1, total_steps=900) per step";
        let found = finding("LR503", text);
        assert!(found.sentence.ends_with("and then it raises"), "{}", found.sentence);
        assert_eq!(found.step, Some(900));
        assert!(found.fix.ends_with("`OneCycleLR(0.1, total_steps=1000)`"), "{}", found.fix);
        assert!(all(text, 1000).iter().all(|finding| finding.code != "LR502"));
    }

    #[test]
    fn the_step_below_zero_is_told() {
        let text = "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(0.1, epochs=3, steps_per_epoch=3, anneal_strategy='linear') per epoch";
        let found = finding("LR503", text);
        assert!(found.sentence.contains("at step 900 is -0.01"), "{}", found.sentence);
        assert!(
            found.sentence.ends_with(", below zero, and the next step would raise"),
            "{}",
            found.sentence
        );
    }

    #[test]
    fn as_many_steps_as_training_has_are_let_be() {
        assert!(is_silent(
            "LR503",
            "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(0.1, total_steps=10) per epoch"
        ));
        assert!(is_silent(
            "LR503",
            "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(0.1, total_steps=1000) per step"
        ));
    }
}
