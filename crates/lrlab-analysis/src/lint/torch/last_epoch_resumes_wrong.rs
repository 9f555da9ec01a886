//! `LR515`: resuming by `last_epoch` is wrong for five classes.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static LAST_EPOCH_RESUMES_WRONG: Lint = Lint {
    code: "LR515",
    name: "last-epoch-resumes-wrong",
    severity: Severity::Error,
    summary: "a scheduler is resumed by last_epoch, which gives it wrong rates",
    why: "The constructor makes the step of last_epoch once more: what happens at that step happens twice, and what is \
          not in last_epoch is lost.",
    source: Source {
        citation: "PyTorch issues 29697, 65342 and 168044; the five classes observed in 2.15",
        link: "https://github.com/pytorch/pytorch/issues/168044",
    },
    check: Check::Group(check),
};

fn effect(placed: &call::Placed<'_>) -> Option<&'static str> {
    Some(match placed.call.name.as_str() {
        "StepLR" => "resumed at a step, it decays a second time",
        "MultiStepLR" => "resumed at a milestone, it decays a second time",
        "ConstantLR" => "resumed at total_iters, it undoes its factor a second time",
        "CosineAnnealingWarmRestarts" if placed.number("T_mult").is_some_and(|growth| growth > 1.0) => {
            "it forgets how long its cycle is, and is wrong from the second restart on"
        }
        "SWALR" => "it begins to anneal again",
        _ => return None,
    })
}

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in &group.calls {
        let resumed = call::number(placed.call, "last_epoch").filter(|epoch| *epoch >= 0.0);
        let (Some(epoch), Some(effect)) = (resumed, effect(placed)) else { continue };
        let sentence = format!("{} is resumed with last_epoch={epoch}: {effect}", placed.call.name);
        let fix = "load the scheduler's state_dict instead, or leave out `torch`: lrlab's own schedules are functions of t";
        hits.push(Hit::new(sentence, fix));
    }
    hits
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use crate::lint::{lint, sample::finding};

    #[test]
    fn classes_that_resume_wrong_are_told() {
        for scheduler in [
            "StepLR(3, last_epoch=2)",
            "MultiStepLR([3], last_epoch=2)",
            "ConstantLR(last_epoch=2)",
            "CosineAnnealingWarmRestarts(2, T_mult=2, last_epoch=2)",
            "SWALR(0.05, last_epoch=2)",
        ] {
            finding("LR515", &format!("sgd lr=0.1 | torch {scheduler}"));
        }
    }

    #[test]
    fn others_are_left_to_what_pytorch_says() {
        let strategy: Strategy = "sgd lr=0.1 | torch ExponentialLR(0.9, last_epoch=2)".parse().unwrap();
        let error = lint(&strategy, Horizon::new(1000, 100), None).unwrap_err();
        assert!(error.to_string().contains("initial_lr"), "{error}");
    }
}
