//! `LR520`: `CosineAnnealingWarmRestarts.step(epoch)` misses restarts.

use lrlab_core::registry::Source;

use crate::lint::{Check, Group, Hit, Lint, Severity};

pub(in crate::lint) static RESTARTS_ROUNDED: Lint = Lint {
    code: "LR520",
    name: "restarts-rounded",
    severity: Severity::Note,
    summary: "CosineAnnealingWarmRestarts.step(epoch) gives the trough where a cycle restarts",
    why: "It finds the cycle by int(log(x, T_mult)), which rounds down at exact powers, of 3 for instance; step() without \
          an epoch counts and is right.",
    source: Source {
        citation: "CosineAnnealingWarmRestarts of PyTorch 2.15, observed; PyTorch issue 88791",
        link: "https://github.com/pytorch/pytorch/issues/88791",
    },
    check: Check::Group(check),
};

/// The first restart at a count of steps that is in training and that `step(epoch)` misses.
fn missed(first: f64, growth: f64, last: f64) -> Option<f64> {
    let mut start = 0.0;
    for cycle in 1_u32.. {
        start += first * growth.powf(f64::from(cycle - 1));
        if start > last {
            break;
        }
        let power = start / first * (growth - 1.0) + 1.0;
        // Python's math.log(x, base) divides one logarithm by the other.
        if ((power.ln() / growth.ln()) as u32) < cycle {
            return Some(start);
        }
    }
    None
}

fn check(group: &Group<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for placed in group.calls.iter().filter(|placed| placed.is("CosineAnnealingWarmRestarts")) {
        let (Some(first), Some(growth)) = (placed.number("T_0"), placed.number("T_mult")) else { continue };
        let last = group.steps_made() as f64 - placed.start;
        let Some(restart) = Some(()).filter(|()| growth > 1.0).and_then(|()| missed(first, growth, last))
        else {
            continue;
        };
        let sentence = format!(
            "step({restart}) of CosineAnnealingWarmRestarts(T_0={first}, T_mult={growth}) would give the end of a cycle where \
             one begins; here it is stepped without an epoch"
        );
        let fix = "resume by its state_dict, not by step(epoch)";
        hits.push(Hit::new(sentence, fix).at(group.update_at(placed.start + restart)));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::missed;
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_restart_that_is_rounded_away_is_told() {
        // PyTorch 2.15: step(1210) with T_0=10 and T_mult=3 gives T_cur=810=T_i.
        assert_eq!(missed(10.0, 3.0, 1300.0), Some(1210.0));
        let text = "sgd lr=0.1 | torch CosineAnnealingWarmRestarts(T_0=5, T_mult=3) per step";
        assert_eq!(finding("LR520", text).step, Some(605));
    }

    #[test]
    fn cycles_that_double_are_let_be() {
        assert_eq!(missed(10.0, 2.0, 1e6), None);
        assert!(is_silent(
            "LR520",
            "sgd lr=0.1 | torch CosineAnnealingWarmRestarts(T_0=5, T_mult=2) per step"
        ));
        assert!(is_silent("LR520", "sgd lr=0.1 | torch CosineAnnealingWarmRestarts(T_0=5)"));
    }
}
