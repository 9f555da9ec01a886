//! `LR306`: a momentum with which updates add up without end.

use lrlab_core::{Field, registry::Source};

use crate::lint::{
    Check, Group, Hit, Lint, Severity,
    curve::{Curve, Point},
    words::number,
};

/// With more momentum an update goes on for over a thousand steps; published values end at 0.99.
const MOST: f64 = 0.999;

pub(in crate::lint) static MOMENTUM_OUT_OF_RANGE: Lint = Lint {
    code: "LR306",
    name: "momentum-out-of-range",
    severity: Severity::Warning,
    summary: "momentum exceeds 0.999, or beta1 the square root of beta2",
    why: "With momentum m a gradient counts 1 / (1 - m) times; Adam is known to converge only where beta1 is below \
          the square root of beta2.",
    source: Source {
        citation: "Zhang et al. 2022, Adam Can Converge Without Any Modification On Update Rules",
        link: "arXiv:2208.09632",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    if let Some(most) = highest(group, Field::Momentum).filter(|most| most.value > MOST) {
        let times =
            if most.value < 1.0 { number(1.0 / (1.0 - most.value)) } else { "endlessly many".to_owned() };
        let sentence =
            format!("momentum is {} at step {}: a gradient counts {times} times over", most.value, most.t);
        hits.push(Hit::new(sentence, "keep momentum at 0.99 or below").at(most.t));
    }
    let (Some(first), Some(second)) = (highest(group, Field::Beta1), lowest(group, Field::Beta2)) else {
        return hits;
    };
    // The beta2 of these is no decay rate of a mean of squares.
    let squares = group.optimizer_has("beta2") && !["adamax", "lion"].contains(&group.optimizer);
    if squares && first.value >= second.value.sqrt() && first.value > 0.0 {
        let sentence = format!(
            "beta1 reaches {}, the square root of beta2 = {} is {}",
            number(first.value),
            number(second.value),
            number(second.value.sqrt())
        );
        let least = f64::midpoint(first.value * first.value, 1.0);
        hits.push(
            Hit::new(sentence, format!("raise beta2 to {} or more, or lower beta1", number(least)))
                .at(first.t),
        );
    }
    hits
}

fn own(group: &Group<'_>, field: Field) -> Point {
    Point { t: 0, value: group.values.get(field) }
}

fn highest(group: &Group<'_>, field: Field) -> Option<Point> {
    group.field(field).map_or_else(|| Some(own(group, field)), Curve::peak)
}

fn lowest(group: &Group<'_>, field: Field) -> Option<Point> {
    group.field(field).map_or_else(|| Some(own(group, field)), |curve| curve.lowest_from(0))
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn momentum_that_does_not_end_is_told() {
        let found = finding("LR306", "sgd lr=0.1 momentum=0.9995 | cosine to 0");
        assert_eq!(found.sentence, "momentum is 0.9995 at step 0: a gradient counts 2000 times over");
        finding("LR306", "adam lr=1e-3 beta1=0.96 beta2=0.9 | cosine to 0");
        finding(
            "LR306",
            "adam lr=1e-3 beta2=0.9 | torch OneCycleLR(1e-3, total_steps=1000, max_momentum=0.96) per step",
        );
    }

    #[test]
    fn customary_values_are_let_be() {
        let texts = [
            "sgd lr=0.1 momentum=0.99 | cosine to 0",
            "adamw lr=1e-3 beta2=0.95 | cosine to 0",
            "adam lr=1e-3 | torch OneCycleLR(1e-3, total_steps=1000) per step",
            "adamax lr=1e-3 beta1=0.96 beta2=0.9 | cosine to 0",
        ];
        assert!(texts.iter().all(|text| is_silent("LR306", text)));
    }
}
