//! `LR105`: the first update has a rate of 0.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

pub(in crate::lint) static WARMUP_FROM_ZERO: Lint = Lint {
    code: "LR105",
    name: "warmup-from-zero",
    severity: Severity::Note,
    summary: "the warmup starts at exactly 0, so the first update changes nothing",
    why: "The batch, its gradient and the optimizer's first averages are paid for and nothing moves; counting from \
          (t + 1) costs nothing.",
    source: Source {
        citation: "PyTorch issue 80308; Transformers issue 34754",
        link: "https://github.com/pytorch/pytorch/issues/80308",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let [first, second, ..] = group.lr.points() else { return Vec::new() };
    // One update, not a stretch of them.
    if first.value != 0.0 || group.lr.is_negligible(second.value) {
        return Vec::new();
    }
    let sentence = format!("the first update has a rate of 0, the second one of {}", number(second.value));
    let warmup =
        group.nodes.iter().find(|node| node.spec.name == "warmup" && node.start == 0 && node.has("from"));
    let fix = match (group.own(), warmup) {
        (Some(root), Some(node)) => {
            let text = node.changed(root, |part| {
                part.args.remove("from");
            });
            format!("leave out where it starts, so that the first update moves: `{text}`")
        }
        _ => "start at a small share, such as 1%, instead of 0".to_owned(),
    };
    vec![Hit::new(sentence, fix).at(0)]
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_wasted_first_update_is_told() {
        let found = finding("LR105", "adamw lr=3e-4 | warmup 100 steps from 0 then cosine to 0");
        assert_eq!(found.sentence, "the first update has a rate of 0, the second one of 3e-6");
        assert!(found.fix.ends_with("`warmup 100 steps then cosine to 0`"), "{}", found.fix);
        finding("LR105", "adamw lr=3e-4 | lambda min(1, t / 100)");
    }

    #[test]
    fn a_first_update_that_moves_is_let_be() {
        let texts = ["adamw lr=3e-4 | warmup 100 steps then cosine to 0", "adamw lr=0 | constant"];
        assert!(texts.iter().all(|text| is_silent("LR105", text)));
    }
}
