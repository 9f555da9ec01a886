//! `LR203`: the rate jumps up from one step to the next.

use lrlab_core::{
    registry::{Argument, Level, Source},
    schedule,
};

use crate::lint::{Check, Group, Hit, Lint, Severity, curve::Point, words::number};

/// A jump of more than this is one wherever it is; `ConstantLR`'s customary warmup is one of 3 to 10.
const ANYWHERE: f64 = 10.0;

/// At the border of two stages a jump of more than this undoes a decay.
const AT_BORDER: f64 = 1.5;

/// A jump to less than this share of the peak moves little.
const SMALL: f64 = 0.05;

/// A leap ends near the peak; one that does not is a step of a rise in few steps.
const LEAPT: f64 = 0.9;

pub(in crate::lint) static JUMP_UP: Lint = Lint {
    code: "LR203",
    name: "jump-up",
    severity: Severity::Warning,
    summary: "the rate jumps up by a factor, at the border of two stages for instance",
    why: "Every stage starts from the group's own rate, not from where the one before ended; what a decay has \
          settled is shaken up again.",
    source: Source {
        citation: "PyTorch issues 72874 and 67586 (the same of SequentialLR)",
        link: "https://github.com/pytorch/pytorch/issues/72874",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = at_borders(group);
    let Some(peak) = group.lr.peak() else { return hits };
    if group.is_cyclic() {
        return hits;
    }
    // Borders where the stage's first value was written, or that are told already.
    let known: Vec<u64> = group
        .nodes
        .iter()
        .filter(|node| node.has(first_value(node.spec.name)))
        .map(|node| node.start)
        .chain(hits.iter().filter_map(|hit| hit.step))
        .collect();
    let leaps = |(before, after): &(Point, Point)| {
        let is_large = after.value > LEAPT * peak.value;
        before.value > 0.0 && after.value > ANYWHERE * before.value && is_large && !known.contains(&after.t)
    };
    if let Some((before, after)) = group.lr.neighbours().find(leaps) {
        let fix = "rise in a line, with `warmup 5% then ...`, or raise what stands before";
        hits.push(Hit::new(sentence(before, after), fix).at(after.t));
    }
    hits
}

/// The parameter that says where a schedule starts, if it has one.
fn first_value(schedule: &str) -> &'static str {
    if schedule == "constant" { "at" } else { "from" }
}

fn sentence(before: Point, after: Point) -> String {
    format!(
        "the rate jumps from {} to {} at step {}, by a factor of {}",
        number(before.value),
        number(after.value),
        after.t,
        number(after.value / before.value)
    )
}

fn at_borders(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let Some(root) = group.own() else { return hits };
    for node in group.nodes.iter().filter(|node| node.is_main && node.start > 0 && node.spec.inner.is_empty())
    {
        let (Some(before), Some(after)) = (group.lr.at(node.start - 1), group.lr.at(node.start)) else {
            continue;
        };
        let decayed =
            group.lr.peak_before(node.start).is_some_and(|peak| peak.value > AT_BORDER * before.value);
        let jumps = after.t == node.start && after.value > AT_BORDER * before.value && before.value > 0.0;
        let is_small = group.lr.peak().is_some_and(|peak| after.value <= SMALL * peak.value);
        let parameter = first_value(node.spec.name);
        let takes = schedule::find(node.spec.name).is_some_and(|entry| entry.param(parameter).is_some());
        // Where its first value was written, it is meant.
        if !(decayed && jumps) || is_small || !takes || node.has(parameter) {
            continue;
        }
        let share = format!("{:.3}", before.value / group.values.lr()).parse().unwrap_or(1.0);
        let text = node.changed(root, |part| {
            part.args.insert(parameter.to_owned(), Argument::Level(Level::Fraction(share)));
        });
        let fix = format!("to go on from where the stage before ended, say so: `{text}`");
        hits.push(Hit::new(sentence(before, after), fix).at(node.start));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_stage_that_undoes_a_decay_is_told() {
        let found = finding("LR203", "sgd lr=0.1 | cosine to 10% for 40% then linear to 0");
        assert_eq!(found.step, Some(400));
        assert!(
            found.sentence.starts_with("the rate jumps from 0.01 to 0.1 at step 400"),
            "{}",
            found.sentence
        );
        assert!(found.fix.ends_with("`cosine to 10% for 40% then linear from 10% to 0`"), "{}", found.fix);
    }

    #[test]
    fn a_leap_is_told_wherever_it_is() {
        let found = finding("LR203", "sgd lr=0.1 | constant 1% for 5% then cosine to 0");
        assert_eq!(found.sentence, "the rate jumps from 0.001 to 0.1 at step 50, by a factor of 100");
    }

    #[test]
    fn restarts_and_what_is_written_so_are_let_be() {
        let texts = [
            "sgd lr=0.1 | warm-restarts every 5 epochs to 0",
            "sgd lr=0.1 | cosine to 10% for 50% then linear from 10% to 0",
            "sgd lr=0.1 | cosine to 0 for 50% then cosine from 50% to 0",
            "sgd lr=0.1 | constant 30% for 5% then cosine to 0",
            "sgd lr=0.1 | warmup 5% then cosine to 0",
            "sgd lr=0.1 | cosine to 80% for 50% then linear to 0",
        ];
        for text in texts {
            assert!(is_silent("LR203", text), "{text}");
        }
    }
}
