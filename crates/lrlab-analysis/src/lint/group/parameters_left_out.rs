//! `LR303`: parameters that no group takes.

use lrlab_core::registry::Source;

use crate::lint::{Check, Hit, Lint, Severity, Subject};

/// So many names are shown.
const SHOWN: usize = 3;

pub(in crate::lint) static PARAMETERS_LEFT_OUT: Lint = Lint {
    code: "LR303",
    name: "parameters-left-out",
    severity: Severity::Error,
    summary: "parameters of the model fit the pattern of no group",
    why: "They would stay as they were drawn, without a word; training refuses it.",
    source: Source {
        citation: "PyTorch issue 104361; optax issue 1564 (parameters of Muon's that no half schedules)",
        link: "https://github.com/pytorch/pytorch/issues/104361",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let names = subject.parameters.unwrap_or_default();
    let takes = |name: &&String| subject.groups.iter().any(|group| group.spec.params.matches(name));
    let left: Vec<&str> = names.iter().filter(|name| !takes(name)).map(String::as_str).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let shown = left[..left.len().min(SHOWN)].join(", ");
    let more = if left.len() > SHOWN { ", ..." } else { "" };
    let sentence = format!("no group takes {} of the {} parameters: {shown}{more}", left.len(), names.len());
    vec![Hit::new(sentence, "let the last group take all others: `for *: ...`")]
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use crate::lint::{Finding, lint};

    fn of(text: &str) -> Vec<Finding> {
        let strategy: Strategy = text.parse().unwrap();
        let names = ["a.weight", "a.bias", "b.bias"].map(str::to_owned);
        lint(&strategy, Horizon::new(1000, 100), Some(&names)).unwrap()
    }

    #[test]
    fn parameters_without_a_group_are_told() {
        let found = of("for *.weight: sgd lr=0.1 | cosine");
        assert_eq!(found[0].code, "LR303");
        assert_eq!(found[0].sentence, "no group takes 2 of the 3 parameters: a.bias, b.bias");
    }

    #[test]
    fn a_group_of_all_others_takes_them() {
        assert_eq!(of("for *.weight: sgd lr=0.1 | cosine; for *: sgd lr=0.2 | cosine"), []);
    }
}
