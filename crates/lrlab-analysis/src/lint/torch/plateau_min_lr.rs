//! `LR519`: a `min_lr` that the rate is already below.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::number};

pub(in crate::lint) static PLATEAU_MIN_LR: Lint = Lint {
    code: "LR519",
    name: "plateau-min-lr",
    severity: Severity::Warning,
    summary: "min_lr of ReduceLROnPlateau is no lower than the rate",
    why: "A reduction never goes below min_lr, and one that would raise the rate is not made: it is ignored in silence, \
          and so is every plateau.",
    source: Source {
        citation: "ReduceLROnPlateau of PyTorch 2.15, observed; transformers, GreedyLR (min_lr of 1e-3 by default)",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let rate = group.values.lr();
    let plateaus = group.calls.iter().filter(|placed| placed.is("ReduceLROnPlateau"));
    let lowest =
        plateaus.filter_map(|placed| call::numbers(placed.call, "min_lr").into_iter().reduce(f64::max));
    let above = lowest.filter(|lowest| *lowest >= rate && rate > 0.0);
    let hit = |lowest: f64| {
        let sentence =
            format!("min_lr is {}, the rate {}: no plateau lowers it", number(lowest), number(rate));
        Hit::new(sentence, format!("choose a min_lr below the rate, such as {}", number(rate / 100.0)))
    };
    above.map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_floor_above_the_rate_is_told() {
        let found = finding("LR519", "adam lr=5e-5 | torch ReduceLROnPlateau(patience=2, min_lr=1e-3)");
        assert_eq!(found.sentence, "min_lr is 0.001, the rate 5e-5: no plateau lowers it");
    }

    #[test]
    fn a_floor_below_it_is_let_be() {
        assert!(is_silent("LR519", "adam lr=5e-5 | torch ReduceLROnPlateau(patience=2, min_lr=1e-6)"));
    }
}
