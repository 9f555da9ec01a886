//! `LR304`: one group is scheduled, another is not.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, Subject, words::number};

pub(in crate::lint) static GROUP_WITHOUT_SCHEDULE: Lint = Lint {
    code: "LR304",
    name: "group-without-schedule",
    severity: Severity::Note,
    summary: "the rate of one group moves, that of another never does",
    why: "With two optimizers, Muon and AdamW for instance, a scheduler is easily given to one of them only.",
    source: Source {
        citation: "tt-metal issue 56027; sparsify pull 62",
        link: "https://github.com/tenstorrent/tt-metal/issues/56027",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let moves = |group: &Group<'_>| !group.lr.is_constant() || group.has_signals();
    let Some(other) = subject.groups.iter().find(|group| moves(group)) else { return Vec::new() };
    let rests = subject.groups.iter().filter(|group| !moves(group) && group.values.lr() > 0.0);
    let hit = |group: &Group<'_>| {
        let sentence = format!(
            "the rate of `{}` stays at {} while that of `{}` moves",
            group.spec.params.0,
            number(group.values.lr()),
            other.spec.params.0
        );
        let fix = other.own().map_or_else(
            || "give it a schedule too".to_owned(),
            |schedule| format!("give it the same schedule: `| {schedule}`"),
        );
        Hit::new(sentence, fix).of(group)
    };
    rests.map(hit).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_group_that_was_forgotten_is_told() {
        let found =
            finding("LR304", "for *.bias: sgd lr=0.1; for *: adamw lr=1e-3 | warmup 5% then cosine to 0");
        assert_eq!(found.sentence, "the rate of `*.bias` stays at 0.1 while that of `*` moves");
        assert_eq!(found.fix, "give it the same schedule: `| warmup 5% then cosine to 0`");
        assert_eq!(found.group.as_deref(), Some("*.bias"));
    }

    #[test]
    fn groups_that_are_all_scheduled_or_all_constant_are_let_be() {
        let texts = [
            "for *.bias: sgd lr=0.1 | linear; for *: adamw lr=1e-3 | cosine to 0",
            "for *.bias: sgd lr=0.1; for *: adamw lr=1e-3",
            "for *.bias: sgd lr=0.1 | constant | plateau patience 2 epochs; for *: adamw lr=1e-3 | cosine to 0",
            "for *.bias: sgd lr=0; for *: adamw lr=1e-3 | cosine to 0",
        ];
        assert!(texts.iter().all(|text| is_silent("LR304", text)));
    }
}
