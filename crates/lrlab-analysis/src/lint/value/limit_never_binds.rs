//! `LR205`: a floor or a ceiling without effect.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

pub(in crate::lint) static LIMIT_NEVER_BINDS: Lint = Lint {
    code: "LR205",
    name: "limit-never-binds",
    severity: Severity::Warning,
    summary: "a floor lies below every rate, or a ceiling above",
    why: "What is written has no effect at any step: its level is of another scale than the rates, a share for a rate \
          for instance.",
    source: Source {
        citation: "Transformers issue 26209; transformers, GreedyLR (a min_lr of 1e-3 above the rate)",
        link: "https://github.com/huggingface/transformers/issues/26209",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(root) = group.own() else { return Vec::new() };
    let mut hits = Vec::new();
    let limits = group.nodes.iter().filter(|node| matches!(node.spec.name, "floor" | "ceiling"));
    for node in limits {
        let [inner] = &node.spec.inner[..] else { continue };
        let without = node.changed(root, |part| *part = inner.clone());
        let Ok(schedule) = without.build(group.horizon) else { continue };
        let base = group.values.lr();
        let has_effect =
            group.lr.points().iter().any(|point| schedule.value_at(point.t, base) != point.value);
        let (Some(low), Some(high)) = (group.lr.lowest_from(0), group.lr.peak()) else { continue };
        if has_effect {
            continue;
        }
        let (name, level) =
            (node.spec.name, node.spec.args.get("at").map(ToString::to_string).unwrap_or_default());
        let sentence = format!(
            "the {name} of {level} has no effect: without it the rate goes from {} at most to {} at least",
            number(high.value),
            number(low.value)
        );
        hits.push(Hit::new(sentence, format!("leave it out: `{without}`, or give it another level")));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{all, finding, is_silent};

    #[test]
    fn a_limit_outside_of_all_rates_is_told() {
        let found = finding("LR205", "sgd lr=0.1 | cosine to 10% floor 1%");
        assert_eq!(
            found.sentence,
            "the floor of 1% has no effect: without it the rate goes from 0.1 at most to 0.01 at least"
        );
        assert!(found.fix.starts_with("leave it out: `cosine to 10%`"), "{}", found.fix);
        finding("LR205", "sgd lr=0.1 | warmup 5% then cosine to 0 ceiling 100%");
        finding("LR205", "sgd lr=0.1 | cosine to 0 floor 1% floor lr 1e-5");
    }

    #[test]
    fn a_limit_that_binds_is_let_be() {
        let texts = ["sgd lr=0.1 | cosine to 0 floor 1%", "sgd lr=0.1 | linear to 0 ceiling 90%"];
        assert!(texts.iter().all(|text| is_silent("LR205", text)));
        assert!(all("sgd lr=0.1 | cosine to 0 floor 0.01%", 10_000).is_empty());
    }
}
