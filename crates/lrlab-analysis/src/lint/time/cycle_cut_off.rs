//! `LR106`: training ends in the middle of a cycle.

use lrlab_core::{
    Horizon,
    registry::{Argument, Source},
};

use crate::lint::{
    Check, Group, Hit, Lint, Severity, call,
    call::Placed,
    tree::Node,
    words::{count, number, percent},
};

/// A cycle that ends above this share of its height ends hot: the last quarter of a cosine's height
/// takes its last third.
const HOT: f64 = 0.25;

pub(in crate::lint) static CYCLE_CUT_OFF: Lint = Lint {
    code: "LR106",
    name: "cycle-cut-off",
    severity: Severity::Warning,
    summary: "training ends in the middle of a cycle, at a high rate",
    why: "Weights are good at the end of a cycle, where the rate is low; after a restart they are worse for a while.",
    source: Source {
        citation: "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 4.1",
        link: "arXiv:1608.03983",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let Some(last) = group.lr.last() else { return Vec::new() };
    let updates = group.updates();
    let cycles = match (group.final_part(), group.final_call()) {
        (Some(part), _) => own(part, group.horizon, group.values.lr()),
        (_, Some(placed)) => torch(group, &placed),
        _ => None,
    };
    let Some(Cycles { start, lengths, bottom }) = cycles else { return Vec::new() };
    let (mut before, mut after) = (start, start);
    for length in lengths {
        (before, after) = (after, after.saturating_add(length));
        if after >= updates || length == 0 {
            break;
        }
    }
    let (Some(lowest), Some(high)) =
        (group.lr.lowest_from(before.saturating_sub(1)), group.lr.peak_from(before))
    else {
        return Vec::new();
    };
    let low = bottom.map_or(lowest.value, |bottom| bottom.min(lowest.value));
    let is_hot = last.value - low > HOT * (high.value - low);
    // What leads down at the end, a cooldown for instance, ends below all that the cycle has.
    if after <= updates || !is_hot || high.value <= low {
        return Vec::new();
    }
    let sentence = format!(
        "training ends after {} of a cycle, at a rate of {}; the cycle goes from {} to {}",
        percent((updates - before) as f64 / (after - before) as f64),
        number(last.value),
        number(high.value),
        number(low)
    );
    let shorter = if before > start { format!("{before} or ") } else { String::new() };
    let fix = format!("train for {shorter}{}, where a cycle ends", count(after, "step"));
    vec![Hit::new(sentence, fix).at(last.t)]
}

/// The cycles of a schedule.
struct Cycles {
    start: u64,
    lengths: Box<dyn Iterator<Item = u64>>,
    /// What each leads down to, where it begins at its top.
    bottom: Option<f64>,
}

fn own(part: &Node<'_>, horizon: Horizon, base: f64) -> Option<Cycles> {
    match part.spec.name {
        "warm-restarts" => {
            let Some(Argument::Durations(given)) = part.spec.args.get("every") else { return None };
            let given: Vec<u64> = given.iter().map(|duration| duration.steps(horizon)).collect();
            let (growth, last) = (part.number("growth").unwrap_or(1.0), *given.last()?);
            let grown = (1..).map(move |k: u32| (last as f64 * growth.powf(f64::from(k))).round() as u64);
            let bottom = match part.spec.args.get("to") {
                Some(Argument::Level(level)) => level.of(base),
                _ => 0.0,
            };
            let lengths = Box::new(given.into_iter().chain(grown));
            Some(Cycles { start: part.start, lengths, bottom: Some(bottom) })
        }
        "cyclic" => {
            let up = part.steps("up")?;
            let down = if part.has("down") { part.steps("down")? } else { up };
            let lengths = Box::new(std::iter::repeat(up.saturating_add(down)));
            Some(Cycles { start: part.start, lengths, bottom: None })
        }
        _ => None,
    }
}

fn torch(group: &Group<'_>, placed: &Placed<'_>) -> Option<Cycles> {
    let every = group.every as f64;
    let start = group.update_at(placed.start);
    match placed.call.name.as_str() {
        "CosineAnnealingWarmRestarts" => {
            let (first, growth) = (placed.number("T_0")?, placed.number("T_mult")?);
            let lengths = (0..).map(move |k: u32| (first * growth.powf(f64::from(k)) * every) as u64);
            Some(Cycles { start, lengths: Box::new(lengths), bottom: placed.number("eta_min") })
        }
        "CyclicLR" => {
            let up = placed.number("step_size_up")?;
            let down = call::number(placed.call, "step_size_down").unwrap_or(up);
            let lengths = Box::new(std::iter::repeat(((up + down) * every) as u64));
            Some(Cycles { start, lengths, bottom: None })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_cycle_cut_in_its_middle_is_told() {
        let found = finding("LR106", "sgd lr=0.1 | warm-restarts every 3 epochs to 0");
        assert_eq!(found.step, Some(999));
        assert!(found.sentence.starts_with("training ends after 33.3 % of a cycle"), "{}", found.sentence);
        assert_eq!(found.fix, "train for 900 or 1200 steps, where a cycle ends");
        finding("LR106", "sgd lr=0.1 | warm-restarts every 20 epochs to 0");
        let found = finding("LR106", "sgd lr=0.1 | torch CosineAnnealingWarmRestarts(T_0=2, T_mult=2)");
        assert_eq!(found.fix, "train for 600 or 1400 steps, where a cycle ends");
        let found = finding(
            "LR106",
            "sgd lr=0.1 | torch CyclicLR(0.001, 0.1, step_size_up=300, cycle_momentum=False) per step",
        );
        assert_eq!(found.fix, "train for 600 or 1200 steps, where a cycle ends");
    }

    #[test]
    fn whole_cycles_and_what_is_led_down_are_let_be() {
        let texts = [
            "sgd lr=0.1 | warm-restarts every 5 epochs to 0",
            "sgd lr=0.1 | warm-restarts every 100 steps, 300 steps, 600 steps to 0",
            "sgd lr=0.1 | cyclic from 10% to 100% up 50 steps",
            "sgd lr=0.1 | warm-restarts every 3 epochs to 0 cooldown 10% to 0",
            "sgd lr=0.1 | cosine to 0 repeat 3",
            "sgd lr=0.1 | cyclic from 10% to 100% up 99 steps down 1 step",
            "sgd lr=0.1 | torch CosineAnnealingWarmRestarts(T_0=5)",
        ];
        for text in texts {
            assert!(is_silent("LR106", text), "{text}");
        }
    }
}
