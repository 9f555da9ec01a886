//! `LR204`: the rate drops by more than a power of ten from one step to the next.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, curve::Point, words::number};

/// Step decays customarily divide by 10; a little more is rounding.
const FACTOR: f64 = 10.01;

/// A drop of less than this share of the peak is the foot of a curve, where ratios say nothing.
const SMALL: f64 = 0.05;

/// In so few updates, or epochs where each has one rate, a smooth decay has steps of any height.
const COARSE: u64 = 20;

pub(in crate::lint) static JUMP_DOWN: Lint = Lint {
    code: "LR204",
    name: "jump-down",
    severity: Severity::Warning,
    summary: "the rate drops by more than a factor of ten in one step",
    why: "Published step decays divide by 2 to 10; a larger drop all but ends training there, and is often a factor \
          taken twice or a stage at another scale.",
    source: Source {
        citation: "He et al. 2016, Deep Residual Learning for Image Recognition, section 3.4 (divided by 10)",
        link: "arXiv:1512.03385",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(peak) = group.lr.peak() else { return Vec::new() };
    if group.is_cyclic() || group.rates_asked() < COARSE || group.raised.is_some() {
        return Vec::new();
    }
    let drops = |(before, after): &(Point, Point)| {
        let is_dead = group.lr.is_negligible(after.value);
        before.value > FACTOR * after.value && before.value - after.value > SMALL * peak.value && !is_dead
    };
    let Some((before, after)) = group.lr.neighbours().find(drops) else { return Vec::new() };
    let sentence = format!(
        "the rate drops from {} to {} at step {}, by a factor of {}",
        number(before.value),
        number(after.value),
        after.t,
        number(before.value / after.value)
    );
    let fix = "divide by 10 at most, or let a `cosine` or `linear` lead from one rate to the other";
    vec![Hit::new(sentence, fix).at(after.t)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_drop_by_more_than_ten_is_told() {
        let found = finding("LR204", "sgd lr=0.1 | multi-step at 5 epochs x0.01");
        assert_eq!(found.sentence, "the rate drops from 0.1 to 0.001 at step 500, by a factor of 100");
        finding("LR204", "sgd lr=0.1 | constant for 50% then constant 5%");
    }

    #[test]
    fn customary_steps_and_the_feet_of_curves_are_let_be() {
        let texts = [
            "sgd lr=0.1 | step every 3 epochs x0.1",
            "sgd lr=0.1 | cosine to 0",
            "sgd lr=0.1 | polynomial to 0 power 5",
            "sgd lr=0.1 | cosine to 0 stepped each epoch",
            "sgd lr=0.1 | torch PolynomialLR(total_iters=10)",
        ];
        assert!(texts.iter().all(|text| is_silent("LR204", text)));
    }
}
