//! `LR101`: the plan is over before training is.

use lrlab_core::registry::Source;

use crate::lint::{
    Check, Group, Hit, Lint, Severity, call,
    tree::ends_by_share,
    words::{count, number, percent},
};

/// A tail at a rate above 0 is worth a word from this share of the training on: up to a tenth is a
/// customary cooldown (timm adds 10 epochs to 100 or more).
const TAIL: f64 = 0.1;

/// A tail at 0 is worth one from this share on; less is a step or two too many.
const DEAD_TAIL: f64 = 0.01;

/// A plan has decayed if it ends at this share of its peak or less.
const DECAYED: f64 = 0.5;

pub(in crate::lint) static PLAN_ENDS_EARLY: Lint = Lint {
    code: "LR101",
    name: "plan-ends-early",
    severity: Severity::Warning,
    summary: "the plan has done its decay, and training goes on at what it ended with",
    why: "The plan was made for another length of training. At a rate of 0 the rest of the training is wasted; \
          Composer refuses such plans.",
    source: Source {
        citation: "PyTorch issue 20086; Composer: LR schedule will not be defined for the entire training",
        link: "https://github.com/pytorch/pytorch/issues/20086",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let (Some(end), Some(last), Some(peak)) = (group.length, group.lr.last(), group.lr.peak()) else {
        return Vec::new();
    };
    let updates = group.updates();
    let rising_again = group.calls.iter().any(|placed| placed.is("CosineAnnealingLR"));
    if end >= updates || rising_again || last.value > DECAYED * peak.value {
        return Vec::new();
    }
    let left = updates - end;
    let share = left as f64 / updates as f64;
    let is_dead = group.lr.is_negligible(last.value);
    let is_meant = ends_by_share(&group.nodes) && group.calls.is_empty();
    if share < DEAD_TAIL || !is_dead && (share <= TAIL || is_meant) {
        return Vec::new();
    }
    let rate = if is_dead { "0, where nothing is learnt".to_owned() } else { number(last.value) };
    let sentence = format!(
        "the plan ends at step {end} and training at {updates}: the last {} ({}) run at a rate of {rate}",
        count(left, "step"),
        percent(share)
    );
    vec![Hit::new(sentence, fix(group)).at(end)]
}

fn fix(group: &Group<'_>) -> String {
    let longer = "make the plan as long as the training";
    if let (Some(root), Some(part)) = (group.own(), group.final_part().filter(|part| part.has("over"))) {
        let whole = part.changed(root, |part| {
            part.args.remove("over");
        });
        if whole.build(group.horizon).is_ok() {
            return format!("{longer}: `{whole}`");
        }
    }
    match group.final_call() {
        Some(placed) if call::length(placed.call).is_some() && !placed.is("OneCycleLR") => {
            let left = group.rates_asked() as f64 - placed.start;
            format!("{longer}: `{}`", call::with_number(placed.call, "total_iters", left))
        }
        _ => format!("{longer}, or train for {}", count(group.length.unwrap_or(0), "step")),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_decay_that_is_over_too_soon_is_told() {
        let found = finding("LR101", "sgd lr=0.1 | warmup 50 steps then cosine to 1% over 6 epochs");
        assert_eq!(found.step, Some(650));
        assert!(
            found.sentence.contains("the last 350 steps (35 %) run at a rate of 0.001"),
            "{}",
            found.sentence
        );
        assert!(found.fix.ends_with("`warmup 50 steps then cosine to 1%`"), "{}", found.fix);
    }

    #[test]
    fn a_tail_at_zero_is_told_even_where_it_was_written_as_a_share() {
        let found = finding("LR101", "sgd lr=0.1 | linear to 0 over 95%");
        assert!(found.sentence.contains("a rate of 0, where nothing"), "{}", found.sentence);
        let found = finding("LR101", "sgd lr=0.1 | torch PolynomialLR(total_iters=8)");
        assert!(found.fix.ends_with("`PolynomialLR(total_iters=10)`"), "{}", found.fix);
    }

    #[test]
    fn plans_that_are_meant_so_are_let_be() {
        let texts = [
            "sgd lr=0.1 | cosine to 1% over 80%",
            "sgd lr=0.1 | cosine to 1% over 95 steps then constant 1%",
            "sgd lr=0.1 | cosine to 1% over 910 steps",
            "sgd lr=0.1 | multi-step at 3 epochs, 6 epochs",
            "sgd lr=0.1 | warmup 50 steps then constant",
            "sgd lr=0.1 | torch LinearLR(0.1, total_iters=2)",
            "sgd lr=0.1 | torch LinearLR(1.0, 0.0, total_iters=9)",
        ];
        assert_eq!(texts.map(|text| is_silent("LR101", text)), [true, true, true, true, true, true, false]);
    }
}
