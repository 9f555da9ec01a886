//! `LR102`: training is over before the plan is.

use lrlab_core::registry::{Argument, Level, Source};

use crate::lint::{
    Check, Group, Hit, Lint, Severity, call,
    call::Placed,
    words::{count, number, percent},
};

/// How far above its target a rate may end, as a share of the peak: a plan of as many steps as the
/// training misses its target by one step, which is less.
const MISSED: f64 = 0.05;

pub(in crate::lint) static PLAN_CUT_OFF: Lint = Lint {
    code: "LR102",
    name: "plan-cut-off",
    severity: Severity::Warning,
    summary: "training ends while the rate is still on its way down",
    why: "Most of what a decay gains comes at its end; a curve for a longer training \
          never gets there.",
    source: Source {
        citation: "Hägele et al. 2024, Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations; \
                   Transformers issue 27749",
        link: "arXiv:2405.18392",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let (Some(last), Some(peak)) = (group.lr.last(), group.lr.peak()) else { return Vec::new() };
    let found = match group.own() {
        Some(_) => own(group),
        None => torch(group),
    };
    let Some(Cut { what, needs, target, fix }) = found else { return Vec::new() };
    if last.value - target <= MISSED * peak.value || last.value >= peak.value {
        return Vec::new();
    }
    let sentence = format!(
        "{what} needs {needs}, training has {}: it ends at a rate of {}, {} of the peak, on its way to {}",
        count(group.updates(), "step"),
        number(last.value),
        percent(last.value / peak.value),
        number(target)
    );
    vec![Hit::new(sentence, fix).at(last.t)]
}

/// A decay that the end of training cuts off.
struct Cut {
    what: String,
    needs: String,
    target: f64,
    fix: String,
}

fn own(group: &Group<'_>) -> Option<Cut> {
    let (root, part) = (group.own()?, group.final_part()?);
    let over = part.steps("over").filter(|_| part.has("over"))?;
    let end = part.start.saturating_add(over);
    if end <= group.updates() || part.spec.name == "range-test" {
        return None;
    }
    let target = match part.spec.args.get("to") {
        Some(Argument::Level(level)) => *level,
        _ => Level::Fraction(0.0),
    };
    let whole = part.changed(root, |part| {
        part.args.remove("over");
    });
    Some(Cut {
        what: format!("`{}`", part.spec),
        needs: if part.start == 0 { count(end, "step") } else { format!("{} in all", count(end, "step")) },
        target: target.of(group.values.lr()),
        fix: format!("let it fill the training: `{whole}`"),
    })
}

fn torch(group: &Group<'_>) -> Option<Cut> {
    let placed = group.final_call()?;
    let asked = group.rates_asked() as f64;
    let (length, target) = (call::length(placed.call)?, target(group, &placed)?);
    // Rates asked are counted from 0: as many steps as rates end one step short of the target.
    if placed.start + length <= asked {
        return None;
    }
    let name = match placed.call.name.as_str() {
        "CosineAnnealingLR" => "T_max",
        "OneCycleLR" => "total_steps",
        _ => "total_iters",
    };
    let shorter = call::with_number(placed.call, name, asked - placed.start);
    let fix = if placed.start >= asked {
        "bring the milestones forward, or train for longer".to_owned()
    } else if name == "total_steps" && call::value(placed.call, name).is_none() {
        format!("give it {name}={}", asked - placed.start)
    } else {
        format!("let it fill the training: `{shorter}`")
    };
    let (what, needs) = (format!("`{}`", placed.call), group.counted(placed.start + length));
    Some(Cut { what, needs, target, fix })
}

/// Where a scheduler of `PyTorch` leads down to, if it does.
fn target(group: &Group<'_>, placed: &Placed<'_>) -> Option<f64> {
    let base = group.values.lr();
    match placed.call.name.as_str() {
        "CosineAnnealingLR" => placed.number("eta_min"),
        "PolynomialLR" | "OneCycleLR" => Some(0.0),
        "LinearLR" => {
            let (start, end) = (placed.number("start_factor")?, placed.number("end_factor")?);
            (end < start).then_some(end * base)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_decay_for_a_longer_training_is_told() {
        let found = finding("LR102", "sgd lr=0.1 | warmup 10% then cosine to lr 0.01 over 1900 steps");
        assert_eq!(found.step, Some(999));
        let text = "`cosine to lr 0.01 over 1900 steps` needs 2000 steps in all, training has 1000 steps: it ends at a \
                    rate of 0.0588, 58.8 % of the peak, on its way to 0.01";
        assert_eq!(found.sentence, text);
        assert_eq!(found.fix, "let it fill the training: `warmup 10% then cosine to lr 0.01`");
    }

    #[test]
    fn pytorchs_are_told_in_what_they_count() {
        let found = finding("LR102", "sgd lr=0.1 | torch CosineAnnealingLR(T_max=20)");
        assert!(found.sentence.contains("needs 20 epochs"), "{}", found.sentence);
        assert!(found.fix.ends_with("`CosineAnnealingLR(T_max=10)`"), "{}", found.fix);
        let found = finding("LR102", "sgd lr=0.1 | torch OneCycleLR(0.1, total_steps=2000) per step");
        assert!(found.fix.ends_with("`OneCycleLR(0.1, total_steps=1000)`"), "{}", found.fix);
    }

    #[test]
    fn a_plan_that_ends_with_training_is_let_be() {
        let texts = [
            "sgd lr=0.1 | cosine over 1000 steps",
            "sgd lr=0.1 | cosine over 1010 steps",
            "sgd lr=0.1 | cosine",
            "sgd lr=0.1 | exponential x0.99 every epoch",
            "sgd lr=0.1 | inverse-sqrt timescale 10%",
            "sgd lr=0.1 | torch CosineAnnealingLR(T_max=10)",
            "sgd lr=0.1 | torch LinearLR(0.5, 1.0, total_iters=20)",
            "sgd lr=0.1 | torch OneCycleLR(0.1, total_steps=1000) per step",
        ];
        assert!(texts.iter().all(|text| is_silent("LR102", text)));
    }
}
