//! `LR109`: the rate ends where it was highest.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity,
    words::{number, percent},
};

/// A rate that ends above this share of its peak has not decayed.
const STAYED: f64 = 0.9;

/// In fewer updates a decay has nothing to settle.
const SHORTEST: u64 = 100;

pub(in crate::lint) static NEVER_DECAYS: Lint = Lint {
    code: "LR109",
    name: "never-decays",
    severity: Severity::Note,
    summary: "the rate ends at its peak or near it",
    why: "With mini-batches a constant rate keeps the noise of its size in the weights; a decay at the end, to 0 at \
          best, lowers the loss in nearly every comparison.",
    source: Source {
        citation: "Defazio et al. 2023, Optimal Linear Decay Learning Rate Schedules and Further Refinements",
        link: "arXiv:2310.07831",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let (Some(last), Some(peak)) = (group.lr.last(), group.lr.peak()) else { return Vec::new() };
    let stays = last.value > STAYED * peak.value && peak.value > 0.0;
    let is_else = group.is_cyclic() || group.is_range_test() || group.has_signals() || group.raised.is_some();
    if !stays || is_else || group.updates() < SHORTEST {
        return Vec::new();
    }
    let sentence = format!(
        "the rate ends at {}, {} of its peak: it is never lowered",
        number(last.value),
        percent(last.value / peak.value)
    );
    let fix = match group.own().filter(|spec| spec.build(group.horizon).is_ok()) {
        Some(spec) => format!("lead it down at the end: `{spec} cooldown 20% to 0`"),
        None => "let a decay follow, such as `cosine to 0`".to_owned(),
    };
    vec![Hit::new(sentence, fix)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{all, finding, is_silent};

    #[test]
    fn a_rate_that_stays_is_told() {
        let found = finding("LR109", "sgd lr=0.1 | warmup 5% then constant");
        assert_eq!(found.sentence, "the rate ends at 0.1, 100 % of its peak: it is never lowered");
        let fix = found.fix.split('`').nth(1).unwrap();
        assert!(is_silent("LR109", &format!("sgd lr=0.1 | {fix}")), "{fix}");
        finding("LR109", "sgd lr=0.1 | torch ExponentialLR(0.999)");
        finding("LR109", "sgd lr=0.1");
    }

    #[test]
    fn what_decays_or_has_its_reasons_is_let_be() {
        let texts = [
            "sgd lr=0.1 | exponential x0.9 every epoch",
            "sgd lr=0.1 | constant | plateau patience 2 epochs",
            "sgd lr=0.1 | range-test",
            "sgd lr=0.1 | cyclic from 10% to 100% up 30 steps",
        ];
        assert!(texts.iter().all(|text| is_silent("LR109", text)));
        assert!(all("sgd lr=0.1", 50).is_empty());
    }
}
