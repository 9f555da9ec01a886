//! `LR202`: a rate at which Adam's steps are as large as weights.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

/// In one update of Adam a parameter moves by about the rate, whatever the gradient: at 1 by more
/// than most weights are in size.
const LARGEST: f64 = 1.0;

/// Optimizers whose update is of the size of the rate. SGD has no such bound: its depends on the loss.
const NORMALIZED: &[&str] = &[
    "adam",
    "adamw",
    "nadam",
    "radam",
    "adamax",
    "adabelief",
    "lion",
    "rmsprop",
    "sign-sgd",
    "muon",
    "lamb",
];

pub(in crate::lint) static RATE_TOO_HIGH: Lint = Lint {
    code: "LR202",
    name: "rate-too-high",
    severity: Severity::Warning,
    summary: "the rate of an optimizer that normalizes its gradients exceeds 1",
    why: "The effective step of Adam is bounded by the rate in nearly all cases; above 1 each update replaces what \
          the weights were.",
    source: Source {
        citation: "Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, section 2.1",
        link: "arXiv:1412.6980",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(peak) = group.lr.peak().filter(|peak| peak.value > LARGEST) else { return Vec::new() };
    if !NORMALIZED.contains(&group.optimizer) || group.is_range_test() {
        return Vec::new();
    }
    let sentence = format!(
        "the rate reaches {}: in one update of {} every parameter moves by about as much",
        number(peak.value),
        group.optimizer
    );
    vec![Hit::new(sentence, format!("begin the search at `{} lr=0.001`", group.optimizer)).at(peak.t)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_rate_above_one_is_told_of_adam_alone() {
        let found = finding("LR202", "adam lr=3 | warmup 100 steps then cosine to 0");
        assert_eq!((found.step, found.sentence.starts_with("the rate reaches 3:")), (Some(100), true));
        finding("LR202", "adamw lr=0.5 | lambda 5 * 0.99^t");
    }

    #[test]
    fn others_are_let_be() {
        let texts = ["sgd lr=3 | cosine to 0", "adam lr=1 | cosine to 0", "adam lr=1e-3 | range-test"];
        assert!(texts.iter().all(|text| is_silent("LR202", text)));
    }
}
