//! `LR501`: `CosineAnnealingLR` climbs again after `T_max`.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity, call,
    words::{number, percent},
};

/// A rise by less than this share of the peak is a step or two after the trough.
const RISEN: f64 = 0.01;

pub(in crate::lint) static COSINE_RISES_AGAIN: Lint = Lint {
    code: "LR501",
    name: "cosine-rises-again",
    severity: Severity::Warning,
    summary: "CosineAnnealingLR is stepped on after T_max, where its rate rises to the start again",
    why: "It is a wave with period 2 T_max, not clamped at its trough: the end of training runs at a growing rate.",
    source: Source {
        citation: "PyTorch issue 20086",
        link: "https://github.com/pytorch/pytorch/issues/20086",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(peak) = group.lr.peak() else { return Vec::new() };
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.is("CosineAnnealingLR")) {
        let Some(t_max) = placed.number("T_max").filter(|t_max| *t_max > 0.0) else { continue };
        let asked = placed.end.min(group.rates_asked() as f64) - placed.start;
        let trough = group.update_at(placed.start + t_max);
        let end = group.update_at(placed.start + asked);
        let (Some(low), Some(last)) = (group.lr.at(trough), group.lr.at(end.saturating_sub(1))) else {
            continue;
        };
        let highest = group.lr.points().iter().filter(|point| point.t >= trough && point.t < end);
        let high = highest.fold(low, |high, point| if point.value > high.value { *point } else { high });
        if high.value - low.value <= RISEN * peak.value {
            continue;
        }
        let sentence = format!(
            "CosineAnnealingLR reaches its trough after {} and is stepped on: the rate rises from {} to {}, and is {} \
             ({} of the peak) at its end",
            group.counted(t_max),
            number(low.value),
            number(high.value),
            number(last.value),
            percent(last.value / peak.value)
        );
        let longer = call::with_number(placed.call, "T_max", asked);
        let fix = format!(
            "let it end with its stretch: `{longer}`, or leave out `torch`: lrlab's own cosine holds its end"
        );
        hits.push(Hit::new(sentence, fix).at(trough));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn the_way_up_is_told() {
        let found = finding("LR501", "sgd lr=0.1 | torch CosineAnnealingLR(T_max=6)");
        let text = "CosineAnnealingLR reaches its trough after 6 epochs and is stepped on: the rate rises from 0 to 0.05, and \
                    is 0.05 (50 % of the peak) at its end";
        assert_eq!((found.sentence.as_str(), found.step), (text, Some(600)));
        assert!(found.fix.contains("`CosineAnnealingLR(T_max=10)`"), "{}", found.fix);
    }

    #[test]
    fn inside_a_sequence_its_own_stretch_counts() {
        let sequence = |t_max| {
            format!(
                "sgd lr=0.1 | torch SequentialLR([LinearLR(), CosineAnnealingLR({t_max})], milestones=[5])"
            )
        };
        let found = finding("LR501", &sequence(2));
        assert!(found.fix.contains("`CosineAnnealingLR(5)`"), "{}", found.fix);
        assert!(is_silent("LR501", &sequence(5)));
        assert!(is_silent("LR501", "sgd lr=0.1 | torch CosineAnnealingLR(T_max=9)"));
        assert!(is_silent("LR501", "sgd lr=0.1 | torch CosineAnnealingLR(T_max=990) per step"));
    }
}
