//! `LR307`: an optimizer that has a rate or a schedule of its own.

use lrlab_core::registry::{Argument, Source};

use crate::lint::{Check, Group, Hit, Lint, Severity, words::number};

pub(in crate::lint) static OPTIMIZER_SETS_OWN_RATE: Lint = Lint {
    code: "LR307",
    name: "optimizer-sets-own-rate",
    severity: Severity::Warning,
    summary: "the optimizer finds its rate itself, or decays it, and the plan ignores or doubles that",
    why: "An optimizer that ignores the rate trains as if there were no plan; one that decays it decays it twice; \
          one that measures its own takes the rate as a factor, which is 1 for it.",
    source: Source {
        citation: "Shazeer and Stern 2018 (Adafactor); Mishchenko and Defazio 2023 (Prodigy); Ivgi et al. 2023 (DoG); \
                   Defazio et al. 2024 (Schedule-Free); torch.optim.ASGD",
        link: "https://github.com/facebookresearch/schedule_free/issues/16",
    },
    check: Check::Group(check),
};

/// What an optimizer does with the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// It computes one from the step and the size of the weights; the plan is ignored.
    Ignores,
    /// It divides the rate as training goes on.
    Decays,
    /// It measures one, and multiplies it with the plan's, which should be about 1.
    Measures,
    /// It averages instead of decaying: a warmup is all that it wants.
    Averages,
}

/// An optimizer that is not just told its rate.
struct Fact {
    optimizer: &'static str,
    does: Own,
    /// The flag on which it does, and whether it is set by default.
    flag: Option<(&'static str, bool)>,
}

const FACTS: &[Fact] = &[
    Fact { optimizer: "adafactor", does: Own::Ignores, flag: Some(("relative_step", false)) },
    Fact { optimizer: "asgd", does: Own::Decays, flag: None },
    Fact { optimizer: "prodigy", does: Own::Measures, flag: None },
    Fact { optimizer: "dadapt-adam", does: Own::Measures, flag: None },
    Fact { optimizer: "dadapt-sgd", does: Own::Measures, flag: None },
    Fact { optimizer: "dog", does: Own::Measures, flag: None },
    Fact { optimizer: "dowg", does: Own::Measures, flag: None },
    Fact { optimizer: "schedule-free-sgd", does: Own::Averages, flag: None },
    Fact { optimizer: "schedule-free-adamw", does: Own::Averages, flag: None },
    Fact { optimizer: "schedule-free-radam", does: Own::Averages, flag: None },
];

/// How far a rate may be from 1 where 1 is what is wanted: their authors try 0.5 and 2 as well.
const NEAR_ONE: f64 = 10.0;

/// A plan decays if it ends at this share of its peak or less.
const DECAYED: f64 = 0.5;

fn check(group: &Group<'_>) -> Vec<Hit> {
    let same = |fact: &&Fact| lrlab_core::registry::same_name(fact.optimizer, group.optimizer);
    let Some(fact) = FACTS.iter().find(same) else { return Vec::new() };
    let is_on = fact.flag.is_none_or(|(flag, default)| match group.spec.optimizer.args.get(flag) {
        Some(Argument::Flag(set)) => *set,
        _ => default,
    });
    let (Some(last), Some(peak)) = (group.lr.last(), group.lr.peak()) else { return Vec::new() };
    let (name, decays) = (group.optimizer, last.value <= DECAYED * peak.value);
    let hit = match fact.does {
        Own::Ignores if !group.lr.is_constant() => Hit::new(
            format!(
                "{name} computes its own rate, so the plan from {} to {} is ignored",
                number(peak.value),
                number(last.value)
            ),
            format!(
                "turn its own off: `{name} {}=false`",
                fact.flag.map_or("relative_step", |(flag, _)| flag)
            ),
        ),
        Own::Decays if decays => Hit::new(
            format!(
                "{name} decays the rate itself, and the plan lowers it to {} once more",
                number(last.value)
            ),
            "leave the rate alone: `| constant`",
        ),
        Own::Averages if decays => Hit::new(
            format!(
                "{name} averages its weights in place of a decay, and the plan lowers the rate to {}",
                number(last.value)
            ),
            "warm up only: `| warmup 5% then constant`",
        ),
        Own::Measures if !(1.0 / NEAR_ONE..=NEAR_ONE).contains(&peak.value) => Hit::new(
            format!(
                "{name} measures its rate and multiplies it with the plan's, which reaches {} where about 1 is meant",
                number(peak.value)
            ),
            format!("write `{name} lr=1`"),
        ),
        _ => return Vec::new(),
    };
    if is_on { vec![hit] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use super::*;
    use crate::lint::Subject;

    /// What is found where `sgd` has another name.
    fn told(optimizer: &str, text: &str) -> Option<String> {
        let strategy: Strategy = text.parse().unwrap();
        let mut subject = Subject::new(&strategy, Horizon::new(1000, 100)).unwrap();
        subject.groups[0].optimizer = optimizer;
        check(&subject.groups[0]).pop().map(|hit| hit.sentence)
    }

    #[test]
    fn what_an_optimizer_does_itself_is_told() {
        let text = "asgd decays the rate itself, and the plan lowers it to 2.47e-7 once more";
        assert_eq!(told("asgd", "sgd lr=0.1 | cosine to 0").as_deref(), Some(text));
        assert!(told("prodigy", "sgd lr=1e-3 | cosine to 0").unwrap().contains("reaches 0.001"));
        assert!(told("schedule_free_adamw", "sgd lr=0.1 | cosine to 0").unwrap().contains("averages"));
    }

    #[test]
    fn plans_that_suit_the_optimizer_are_let_be() {
        assert_eq!(told("asgd", "sgd lr=0.1"), None);
        assert_eq!(told("prodigy", "sgd lr=1 | cosine to 0"), None);
        assert_eq!(told("schedule-free-sgd", "sgd lr=0.1 | warmup 5% then constant"), None);
        assert_eq!(told("sgd", "sgd lr=0.1 | cosine to 0"), None);
        assert_eq!(told("adafactor", "sgd lr=0.1 | cosine to 0"), None);
    }
}
