//! `LR201`: updates at a rate of 0.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity,
    curve::Run,
    words::{count, percent},
};

/// The foot of a curve that ends at 0 may be negligible for this share of a training.
const FOOT: f64 = 0.01;

pub(in crate::lint) static ZERO_RATE: Lint = Lint {
    code: "LR201",
    name: "zero-rate",
    severity: Severity::Warning,
    summary: "the rate is 0, or next to nothing, for more than one step",
    why: "Gradients are computed and nothing moves; PyTorch's cosine made anew at its trough stays there for good.",
    source: Source {
        citation: "PyTorch issues 78003 and 185006",
        link: "https://github.com/pytorch/pytorch/issues/78003",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let updates = group.updates();
    let is_told = |run: &Run| {
        let at_end = run.last + 1 == updates;
        let is_foot = (run.steps() as f64) < FOOT * updates as f64;
        // A plan that is over is told by LR101.
        at_end && (is_foot || group.length.is_some_and(|end| end < updates))
    };
    let dead = group.lr.dead_stretches();
    let mut dead = dead.iter().filter(|run| !is_told(run));
    let Some(first) = dead.next() else { return Vec::new() };
    let steps = first.steps() + dead.map(|run| run.steps()).sum::<u64>();
    let sentence = format!(
        "the rate is 0 for {} from step {} on, {} of the training",
        count(steps, "step"),
        first.first,
        percent(steps as f64 / updates as f64)
    );
    let fix = if group.values.lr() == 0.0 {
        "give the group a rate of its own: `lr=0.001`"
    } else {
        "end at a share above 0, such as `floor 1%`, or shorten the stretch"
    };
    vec![Hit::new(sentence, fix).at(first.first)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn stretches_without_a_rate_are_told() {
        let found =
            finding("LR201", "sgd lr=0.1 | constant for 20% then constant 0 for 30% then cosine to 0");
        assert_eq!(
            (found.step, found.sentence.as_str()),
            (Some(200), "the rate is 0 for 300 steps from step 200 on, 30 % of the training")
        );
        assert!(finding("LR201", "sgd lr=0").fix.contains("lr=0.001"));
        finding("LR201", "sgd lr=0.1 | lambda max(0, 1 - t / 600)");
        finding("LR201", "sgd lr=0.1 | torch ExponentialLR(1e-4)");
    }

    #[test]
    fn single_steps_and_ends_of_plans_are_let_be() {
        let texts = [
            "sgd lr=0.1 | warmup 10% from 0 then cosine to 0",
            "sgd lr=0.1 | cosine to 0 over 999 steps",
            "sgd lr=0.1 | cyclic from 0 to 100% up 50 steps",
            "sgd lr=0.1 | cosine to 0 over 50%",
            "sgd lr=0.1 | one-cycle",
        ];
        assert!(texts.iter().all(|text| is_silent("LR201", text)));
    }
}
