//! `LR103`: something is planned for after the end.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call, words::count};

pub(in crate::lint) static NEVER_HAPPENS: Lint = Lint {
    code: "LR103",
    name: "never-happens",
    severity: Severity::Warning,
    summary: "a milestone, a step or a stage comes after the end of training",
    why: "What is written does not take place, in silence: the plan was made for a longer training, or counts in \
          another unit.",
    source: Source {
        citation: "PyTorch issues 65417 and 72874; Lightning issue 5631",
        link: "https://github.com/pytorch/pytorch/issues/65417",
    },
    check: Check::Group(check),
};

/// The durations of a schedule at whose end something happens.
fn events(schedule: &str) -> &'static [(&'static str, &'static str)] {
    match schedule {
        "multi-step" => &[("milestones", "milestone")],
        "step" => &[("every", "first change")],
        "rebased" | "stretched" | "cooldown" => &[("at", "change")],
        _ => &[],
    }
}

fn check(group: &Group<'_>) -> Vec<Hit> {
    let updates = group.updates();
    let mut hits = Vec::new();
    for node in &group.nodes {
        for (parameter, what) in events(node.spec.name) {
            for duration in node.durations(parameter) {
                let at = node.start.saturating_add(duration.steps(group.horizon));
                if node.end >= updates && at >= updates {
                    let sentence = format!(
                        "the {what} of `{}` at {duration} would come at step {at}, training ends after {}",
                        node.spec,
                        count(updates, "step")
                    );
                    hits.push(
                        Hit::new(
                            sentence,
                            "bring it forward (a share such as `60%` fits any training), or leave it out",
                        )
                        .at(at),
                    );
                }
            }
        }
    }
    hits.extend(torch(group));
    hits
}

fn torch(group: &Group<'_>) -> Vec<Hit> {
    let made = group.steps_made() as f64;
    let mut hits = Vec::new();
    for placed in &group.calls {
        let (times, what) = match placed.call.name.as_str() {
            "MultiStepLR" | "SequentialLR" => (call::numbers(placed.call, "milestones"), "milestone"),
            "StepLR" => (placed.number("step_size").into_iter().collect(), "first change"),
            _ => continue,
        };
        let late: Vec<f64> = times.into_iter().filter(|time| placed.start + time > made).collect();
        if late.is_empty() || placed.end <= made || placed.start > made {
            continue;
        }
        let at: Vec<String> = late.iter().map(f64::to_string).collect();
        let sentence = format!(
            "the {what} at {} of {} does not come: it is stepped {} before the last update",
            at.join(", "),
            placed.call.name,
            count(group.steps_made(), "time")
        );
        let unit = if group.is_per_epoch() {
            "; where updates were meant, write `per step` after the scheduler"
        } else {
            ""
        };
        let first = group.update_at(placed.start + late[0]);
        hits.push(Hit::new(sentence, format!("bring it forward, or train for longer{unit}")).at(first));
    }
    hits
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{all, finding, is_silent};

    #[test]
    fn milestones_after_the_end_are_told() {
        let found = finding("LR103", "sgd lr=0.1 | multi-step at 5 epochs, 10 epochs");
        assert_eq!(found.step, Some(1000));
        assert!(found.sentence.contains("at 10 epochs would come at step 1000"), "{}", found.sentence);
        finding("LR103", "sgd lr=0.1 | warmup 5% then step every 30 epochs");
        let two = all("sgd lr=0.1 | cosine times multi-step at 20 epochs, 30 epochs x0.5", 1000);
        assert_eq!(two.iter().filter(|finding| finding.code == "LR103").count(), 2);
    }

    #[test]
    fn steps_of_pytorch_that_do_not_come_are_told() {
        let found = finding("LR103", "sgd lr=0.1 | torch StepLR(step_size=30)");
        let text =
            "the first change at 30 of StepLR does not come: it is stepped 9 times before the last update";
        assert_eq!(found.sentence, text);
        assert!(found.fix.contains("per step"));
        let text = "sgd lr=0.1 | torch SequentialLR([LinearLR(), StepLR(3)], milestones=[12])";
        assert!(finding("LR103", text).sentence.contains("milestone at 12 of SequentialLR"));
    }

    #[test]
    fn what_takes_place_is_let_be() {
        let texts = [
            "sgd lr=0.1 | multi-step at 5 epochs, 9 epochs",
            "sgd lr=0.1 | step every 9.5 epochs",
            "sgd lr=0.1 | step every 3 epochs for 5 epochs then constant",
            "sgd lr=0.1 | torch StepLR(step_size=9)",
            "sgd lr=0.1 | constant cooldown 20% to 0",
        ];
        assert!(texts.iter().all(|text| is_silent("LR103", text)));
    }
}
