//! `LR302`: a group whose parameters are all taken by the groups before it.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, Subject};

pub(in crate::lint) static GROUP_SHADOWED: Lint = Lint {
    code: "LR302",
    name: "group-shadowed",
    severity: Severity::Error,
    summary: "all that a group's pattern fits is taken by the groups before it",
    why: "The first group that fits takes a parameter, so a group after a wider one has nothing to train; training \
          refuses it.",
    source: Source {
        citation: "Lightning issue 4983; mmsegmentation issue 3544",
        link: "https://github.com/Lightning-AI/pytorch-lightning/issues/4983",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (index, group) in subject.groups.iter().enumerate() {
        let before = &subject.groups[..index];
        let takers = match subject.parameters {
            Some(names) => takers(group, before, names),
            // A star in a pattern can only be met by a star: who fits the text fits all that it fits.
            None => before.iter().find(|other| other.spec.params.matches(&group.spec.params.0)).map(pattern),
        };
        if let Some(takers) = takers {
            let own = pattern(group);
            let sentence = format!("every parameter that {own} fits is taken by {takers} before it");
            hits.push(Hit::new(sentence, format!("write the group {own} before {takers}")).of(group));
        }
    }
    hits
}

fn pattern(group: &Group<'_>) -> String {
    format!("`{}`", group.spec.params.0)
}

/// The groups before this one that take its parameters, if they take all of some.
fn takers(group: &Group<'_>, before: &[Group<'_>], names: &[String]) -> Option<String> {
    let mut takers: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| group.spec.params.matches(name)) {
        let taker = pattern(before.iter().find(|other| other.spec.params.matches(name))?);
        if !takers.contains(&taker) {
            takers.push(taker);
        }
    }
    (!takers.is_empty()).then(|| takers.join(" and "))
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use crate::lint::{
        lint,
        sample::{finding, is_silent},
    };

    #[test]
    fn a_group_after_a_wider_one_is_told() {
        let found = finding("LR302", "for *: sgd lr=0.1 | cosine; for *.bias: sgd lr=0.2 | cosine");
        assert_eq!(found.sentence, "every parameter that `*.bias` fits is taken by `*` before it");
        assert_eq!(found.group.as_deref(), Some("*.bias"));
        finding("LR302", "for a*: sgd lr=0.1 | cosine; for ab*c: sgd lr=0.2 | cosine; for *: sgd | cosine");
    }

    #[test]
    fn names_tell_what_two_groups_take_together() {
        let text =
            "for *.weight: sgd lr=0.1 | cosine; for *.bias: sgd lr=0.1 | cosine; for *: sgd lr=0.2 | cosine";
        let strategy: Strategy = text.parse().unwrap();
        let names = ["a.weight", "a.bias"].map(str::to_owned);
        let found = lint(&strategy, Horizon::new(1000, 100), Some(&names)).unwrap();
        assert_eq!(
            found[0].sentence,
            "every parameter that `*` fits is taken by `*.weight` and `*.bias` before it"
        );
        assert!(is_silent("LR302", text));
    }
}
