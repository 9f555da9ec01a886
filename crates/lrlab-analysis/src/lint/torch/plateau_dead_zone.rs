//! `LR518`: a rate so small that `ReduceLROnPlateau` never lowers it.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

pub(in crate::lint) static PLATEAU_DEAD_ZONE: Lint = Lint {
    code: "LR518",
    name: "plateau-dead-zone",
    severity: Severity::Warning,
    summary: "every change that ReduceLROnPlateau could make is within its eps",
    why: "eps is an absolute 1e-8: a change of no more than that is not made, so a rate of about 1e-8 stays for good.",
    source: Source {
        citation: "torch.optim.lr_scheduler.ReduceLROnPlateau, eps",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.is("ReduceLROnPlateau")) {
        let (Some(factor), Some(eps)) = (placed.number("factor"), placed.number("eps")) else { continue };
        let rate = group.values.lr();
        let change = rate * (1.0 - factor);
        if change > eps || rate == 0.0 {
            continue;
        }
        let sentence = format!(
            "a reduction would lower the rate of {} by {}, which is not more than eps={}: it is never made",
            number(rate),
            number(change),
            number(eps)
        );
        hits.push(Hit::new(sentence, "give it eps=0"));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_rate_within_eps_is_told() {
        finding("LR518", "sgd lr=1e-8 | torch ReduceLROnPlateau(patience=2)");
        finding("LR518", "sgd lr=1e-4 | torch ReduceLROnPlateau(patience=2, eps=1e-3)");
    }

    #[test]
    fn customary_rates_are_let_be() {
        assert!(is_silent("LR518", "sgd lr=1e-6 | torch ReduceLROnPlateau(patience=2)"));
        assert!(is_silent("LR518", "sgd lr=1e-8 | torch ReduceLROnPlateau(patience=2, eps=0)"));
    }
}
