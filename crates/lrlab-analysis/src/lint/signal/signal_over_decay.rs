//! `LR402`: a plateau over a plan that decays by itself.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity,
    words::{number, percent},
};

/// A plan that ends at this share of its peak or less has decayed by itself.
const DECAYED: f64 = 0.1;

pub(in crate::lint) static SIGNAL_OVER_DECAY: Lint = Lint {
    code: "LR402",
    name: "signal-over-decay",
    severity: Severity::Warning,
    summary: "a plateau lowers a rate that a schedule leads to nothing anyway",
    why: "The two factors multiply: towards the end the metric improves slowly because the rate is small, and is \
          punished for it.",
    source: Source {
        citation: "Lightning issue 10759; TensorFlow issue 36612 (a callback beside a schedule)",
        link: "https://github.com/Lightning-AI/pytorch-lightning/issues/10759",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let has_plateau = group.spec.plan.signals.iter().any(|spec| spec.name == "plateau");
    let (Some(last), Some(peak)) = (group.lr.last(), group.lr.peak()) else { return Vec::new() };
    if !has_plateau || group.own().is_none() || last.value > DECAYED * peak.value {
        return Vec::new();
    }
    let sentence = format!(
        "the schedule itself ends at {}, {} of its peak, and the plateau lowers it further",
        number(last.value),
        percent(last.value / peak.value)
    );
    vec![Hit::new(
        sentence,
        "let the plateau do it alone, `warmup 5% then constant | plateau ...`, or leave the plateau out",
    )]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn two_decays_at_once_are_told() {
        let found = finding("LR402", "sgd lr=0.1 | cosine to 1% | plateau patience 2 epochs");
        assert!(
            found.sentence.starts_with("the schedule itself ends at 0.001, 1 % of"),
            "{}",
            found.sentence
        );
    }

    #[test]
    fn a_plateau_over_a_rate_that_stays_up_is_let_be() {
        let texts = [
            "sgd lr=0.1 | warmup 5% then constant | plateau patience 2 epochs",
            "sgd lr=0.1 | cosine to 50% | plateau patience 2 epochs",
            "sgd lr=0.1 | cosine to 0 | greedy patience 1 epoch",
        ];
        assert!(texts.iter().all(|text| is_silent("LR402", text)));
    }
}
