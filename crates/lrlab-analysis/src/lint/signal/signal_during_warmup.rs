//! `LR404`: a signal that reacts before the warmup is over.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::count};

use super::signal_never_fires::steps;

pub(in crate::lint) static SIGNAL_DURING_WARMUP: Lint = Lint {
    code: "LR404",
    name: "signal-during-warmup",
    severity: Severity::Warning,
    summary: "a plateau or greedy signal was told to react during the warmup",
    why: "While the rate rises a metric may well get worse, or improve for that reason alone; the factor stays after \
          the warmup.",
    source: Source {
        citation: "Lightning issue 10759; Transformers issue 29417",
        link: "https://github.com/huggingface/transformers/issues/29417",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let warmup = group.own().map_or(0, |spec| spec.warmup_steps(group.horizon));
    let hit = |spec: &lrlab_core::spec::SignalSpec| {
        let given = spec.args.contains_key("after");
        let after = steps(spec, "after", group.horizon).filter(|after| given && *after < warmup)?;
        let sentence =
            format!("{} reacts from step {after} on, the warmup takes {}", spec.name, count(warmup, "step"));
        Some(Hit::new(sentence, "leave out `after`: it is the end of the warmup then").at(after))
    };
    group.spec.plan.signals.iter().filter_map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_gate_that_opens_too_soon_is_told() {
        let text = "sgd lr=0.1 | warmup 200 steps then constant | plateau patience 2 epochs after 100 steps";
        let found = finding("LR404", text);
        assert_eq!(found.sentence, "plateau reacts from step 100 on, the warmup takes 200 steps");
    }

    #[test]
    fn a_gate_at_the_end_of_the_warmup_or_later_is_let_be() {
        let texts = [
            "sgd lr=0.1 | warmup 200 steps then constant | plateau patience 2 epochs",
            "sgd lr=0.1 | warmup 200 steps then constant | plateau patience 2 epochs after 200 steps",
        ];
        assert!(texts.iter().all(|text| is_silent("LR404", text)));
    }
}
