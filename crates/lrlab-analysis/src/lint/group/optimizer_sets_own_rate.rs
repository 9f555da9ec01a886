//! `LR307`: an optimizer that has a rate or a schedule of its own.

use lrlab_core::{
    optimizer::registry,
    registry::{Argument, Source},
};

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
                   Defazio et al. 2024 (Schedule-Free); torch.optim.ASGD, Adagrad and Rprop",
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
    when: When,
}

/// Under which of its own settings an optimizer does that.
#[derive(Clone, Copy, Debug)]
enum When {
    Always,
    /// While this flag is set.
    Flag(&'static str),
    /// While this number is above 0.
    Positive(&'static str),
}

const FACTS: &[Fact] = &[
    Fact { optimizer: "adafactor", does: Own::Ignores, when: When::Flag("relative_step") },
    Fact { optimizer: "rprop", does: Own::Ignores, when: When::Always },
    Fact { optimizer: "adagrad", does: Own::Decays, when: When::Positive("lr_decay") },
    Fact { optimizer: "asgd", does: Own::Decays, when: When::Positive("lambd") },
    Fact { optimizer: "prodigy", does: Own::Measures, when: When::Always },
    Fact { optimizer: "dadapt-adam", does: Own::Measures, when: When::Always },
    Fact { optimizer: "dadapt-sgd", does: Own::Measures, when: When::Always },
    Fact { optimizer: "dog", does: Own::Measures, when: When::Always },
    Fact { optimizer: "dowg", does: Own::Measures, when: When::Always },
    Fact { optimizer: "schedule-free-sgd", does: Own::Averages, when: When::Always },
    Fact { optimizer: "schedule-free-adamw", does: Own::Averages, when: When::Always },
    Fact { optimizer: "schedule-free-radam", does: Own::Averages, when: When::Always },
];

/// How far a rate may be from 1 where 1 is what is wanted: their authors try 0.5 and 2 as well.
const NEAR_ONE: f64 = 10.0;

/// A plan decays if it ends at this share of its peak or less.
const DECAYED: f64 = 0.5;

fn check(group: &Group<'_>) -> Vec<Hit> {
    let same = |fact: &&Fact| lrlab_core::registry::same_name(fact.optimizer, group.optimizer);
    let Some(fact) = FACTS.iter().find(same) else { return Vec::new() };
    if !is_on(fact, group) {
        return Vec::new();
    }
    let (Some(last), Some(peak)) = (group.lr.last(), group.lr.peak()) else { return Vec::new() };
    let (name, decays) = (group.optimizer, last.value <= DECAYED * peak.value);
    let hit = match fact.does {
        Own::Ignores if !group.lr.is_constant() => Hit::new(
            format!(
                "{name} computes its own rate, so the plan from {} to {} is ignored",
                number(peak.value),
                number(last.value)
            ),
            match fact.when {
                When::Flag(flag) => format!("turn its own off: `{name} {flag}=false`"),
                _ => "leave the rate alone: `| constant`".to_owned(),
            },
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
    vec![hit]
}

/// Whether the group's optimizer is set to do what the fact says of it; what is left out is as the registry says.
fn is_on(fact: &Fact, group: &Group<'_>) -> bool {
    let given = |name: &str| group.spec.optimizer.args.get(name);
    let params = registry::find(fact.optimizer).map_or(&[][..], |entry| entry.params);
    let default = |name: &str| params.iter().find(|param| param.name == name).and_then(|param| param.default);
    match fact.when {
        When::Always => true,
        When::Flag(name) => {
            given(name).map_or(default(name) == Some("true"), |given| *given == Argument::Flag(true))
        }
        When::Positive(name) => match given(name) {
            Some(Argument::Number(number)) => *number > 0.0,
            _ => default(name).and_then(|text| text.parse().ok()).is_some_and(|number: f64| number > 0.0),
        },
    }
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use super::*;
    use crate::lint::{
        Subject,
        sample::{finding, is_silent},
    };

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
    fn pytorchs_own_are_found_by_their_settings() {
        let found = finding("LR307", "rprop lr=0.01 | cosine to 0");
        assert!(found.sentence.contains("rprop computes its own rate"), "{}", found.sentence);
        finding("LR307", "asgd lr=0.01 | cosine to 0");
        finding("LR307", "adagrad lr=0.01 lr_decay=0.001 | linear to 0");
        for text in ["rprop lr=0.01", "asgd lr=0.01 lambd=0 | cosine to 0", "adagrad lr=0.01 | linear to 0"] {
            assert!(is_silent("LR307", text), "{text}");
        }
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
