//! `LR305`: a schedule of shares over a field that is 0.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity};

pub(in crate::lint) static SCHEDULE_OF_ZERO: Lint = Lint {
    code: "LR305",
    name: "schedule-of-zero",
    severity: Severity::Warning,
    summary: "a field is scheduled in shares of its own value, which is 0",
    why: "A share of 0 is 0: the schedule moves nothing, and the field that was meant to be used is off.",
    source: Source {
        citation: "PyTorch issue 22343; torch.optim.SGD (momentum is 0 unless given)",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.SGD.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let scheduled = group.spec.plan.fields.keys();
    let mut hits = Vec::new();
    for field in scheduled {
        let Some(curve) = group.field(*field) else { continue };
        if group.values.get(*field) != 0.0 || curve.points().iter().any(|point| point.value != 0.0) {
            continue;
        }
        let name = field.name();
        let sentence =
            format!("the schedule of {name} moves nothing: {name} is 0, and so is every share of it");
        let fix = format!(
            "give the optimizer a value, such as `{} {name}=0.9`, or write the values: `value 0.9`",
            group.optimizer
        );
        hits.push(Hit::new(sentence, fix));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn shares_of_nothing_are_told() {
        let found = finding("LR305", "sgd lr=0.1 | cosine to 0 | momentum: linear from 90% to 100%");
        assert_eq!(
            found.sentence,
            "the schedule of momentum moves nothing: momentum is 0, and so is every share of it"
        );
    }

    #[test]
    fn shares_of_something_are_let_be() {
        assert!(is_silent(
            "LR305",
            "sgd lr=0.1 momentum=0.9 | cosine to 0 | momentum: linear from 90% to 100%"
        ));
    }
}
