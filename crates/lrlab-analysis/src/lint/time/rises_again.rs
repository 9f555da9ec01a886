//! `LR110`: a formula leads the rate up again at the end.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity,
    words::{number, percent},
};

/// The rate had decayed if it was at this share of its peak or less.
const DECAYED: f64 = 0.5;

/// It rises again if it ends by this share of its peak above its lowest value.
const RISEN: f64 = 0.1;

pub(in crate::lint) static RISES_AGAIN: Lint = Lint {
    code: "LR110",
    name: "rises-again",
    severity: Severity::Warning,
    summary: "a formula's rate, after its decay, is on its way up when training ends",
    why: "A cosine that is not clamped comes back after its half period: Hugging Face's and PyTorch's do so when \
          training is longer than they were made for.",
    source: Source {
        citation: "PyTorch issue 20086; transformers, get_cosine_schedule_with_warmup",
        link: "https://github.com/pytorch/pytorch/issues/20086",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let own = group.final_part().is_some_and(|part| matches!(part.spec.name, "lambda" | "multiplicative"));
    let torch =
        group.final_call().is_some_and(|placed| placed.is("LambdaLR") || placed.is("MultiplicativeLR"));
    let (Some(peak), Some(last)) = (group.lr.peak(), group.lr.last()) else { return Vec::new() };
    let Some(low) = group.lr.lowest_from(peak.t).filter(|_| own || torch) else { return Vec::new() };
    if low.value > DECAYED * peak.value || last.value - low.value <= RISEN * peak.value {
        return Vec::new();
    }
    let sentence = format!(
        "the rate falls to {} at step {} and rises again to {} at the end, {} of its peak",
        number(low.value),
        low.t,
        number(last.value),
        percent(last.value / peak.value)
    );
    let fix = "clamp its time, `min(t / T, 1)`, or use `cosine`, which holds its last value";
    vec![Hit::new(sentence, fix).at(low.t)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_formula_that_comes_back_is_told() {
        let found = finding("LR110", "sgd lr=0.1 | lambda 0.5 * (1 + cos(pi * t / 700))");
        assert_eq!(found.step, Some(700));
        assert!(found.sentence.contains("rises again to 0.0387"), "{}", found.sentence);
        finding("LR110", "sgd lr=0.1 | torch LambdaLR('lambda e: 0.5 * (1 + cos(pi * e / 6))')");
    }

    #[test]
    fn a_formula_that_ends_low_is_let_be() {
        let texts = ["sgd lr=0.1 | lambda 0.5 * (1 + cos(pi * t / T))", "sgd lr=0.1 | lambda 0.99^t"];
        assert!(texts.iter().all(|text| is_silent("LR110", text)));
    }
}
