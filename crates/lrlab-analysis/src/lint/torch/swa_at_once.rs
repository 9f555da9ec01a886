//! `LR521`: `SWALR` without a way down.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

pub(in crate::lint) static SWA_AT_ONCE: Lint = Lint {
    code: "LR521",
    name: "swa-at-once",
    severity: Severity::Warning,
    summary: "SWALR with anneal_epochs=0 sets its rate in its constructor",
    why: "There is nothing to anneal: the constructor itself sets the rate, before the first update, whatever the \
          optimizer was given.",
    source: Source {
        citation: "SWALR of PyTorch 2.15, observed",
        link: "https://pytorch.org/docs/stable/optim.html#stochastic-weight-averaging",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let at_once = |placed: &&crate::lint::call::Placed<'_>| {
        placed.is("SWALR") && placed.number("anneal_epochs") == Some(0.0)
    };
    let Some(placed) = group.calls.iter().find(at_once) else { return Vec::new() };
    let (Some(rate), Some(first)) = (placed.number("swa_lr"), group.lr.first()) else { return Vec::new() };
    if placed.start > 0.0 && first.value != rate {
        return Vec::new();
    }
    let sentence = format!(
        "SWALR(anneal_epochs=0) sets the rate to {} before the first update; the optimizer's is {}",
        number(rate),
        number(group.values.lr())
    );
    vec![Hit::new(sentence, "give it epochs to anneal: `anneal_epochs=5`").at(0)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_rate_that_is_set_at_once_is_told() {
        let found = finding("LR521", "sgd lr=0.1 | torch SWALR(swa_lr=0.05, anneal_epochs=0)");
        assert!(
            found.sentence.contains("sets the rate to 0.05 before the first update"),
            "{}",
            found.sentence
        );
    }

    #[test]
    fn a_way_down_is_let_be() {
        assert!(is_silent("LR521", "sgd lr=0.1 | torch SWALR(swa_lr=0.05)"));
    }
}
