//! Lints keep to their registry, and stay silent about strategies that are known to be good.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use lrlab_analysis::lint::{self, Finding, LINTS, Severity, Subject, terminal};
use lrlab_core::{Horizon, Strategy, schedule::SCHEDULES};
use proptest::prelude::*;

fn found(text: &str, horizon: Horizon) -> Vec<Finding> {
    let strategy: Strategy = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    lint::lint(&strategy, horizon, None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_lint_has_a_code_and_a_name_of_its_own_and_tells_why() {
    let codes: Vec<&str> = LINTS.iter().map(|lint| lint.code).collect();
    assert!(codes.is_sorted() && codes.iter().collect::<BTreeSet<_>>().len() == codes.len(), "{codes:?}");
    assert_eq!(LINTS.iter().map(|lint| lint.name).collect::<BTreeSet<_>>().len(), LINTS.len());
    for lint in LINTS {
        assert!(lint.code.len() == 5 && lint.code.starts_with("LR"), "{}", lint.code);
        assert!(lint.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", lint.name);
        assert!(!lint.summary.is_empty() && !lint.summary.ends_with('.'), "{}", lint.code);
        assert!(lint.why.ends_with('.') && lint.why.len() > 40, "{}", lint.code);
        assert!(!lint.source.citation.is_empty() && !lint.source.link.is_empty(), "{}", lint.code);
        assert!(std::ptr::eq(lint::find(lint.code).unwrap(), *lint));
        assert!(std::ptr::eq(lint::find(lint.name).unwrap(), *lint));
    }
}

/// Recipes that are in wide use, for a training of 90 epochs of 100 steps.
const GOOD: &[&str] = &[
    "adamw lr=3e-4 | warmup 2% then cosine to 10%",
    "adamw lr=3e-4 beta2=0.95 weight_decay=0.1 | warmup 500 steps then cosine to 10% | clip norm 1",
    "adamw lr=1e-3 | warmup 5 epochs then cosine to 0",
    "adamw lr=2e-5 | warmup 6% then linear to 0",
    "adamw lr=1e-3 | warmup 2% then hold 78% then linear to 0",
    "adamw lr=1e-3 | warmup-stable-decay warmup 5% decay 20% shape 1-sqrt to 0",
    "adamw lr=1e-3 | constant cooldown 20% to 0 by 1-sqrt",
    "adam lr=1 | noam model 512 warmup 5%",
    "adam lr=1e-3 | warmup 10% then inverse-sqrt timescale 10%",
    "adam lr=1e-3 | one-cycle",
    "adam lr=1e-3 | exponential x0.95 every epoch",
    "sgd lr=0.1 momentum=0.9 | step every 30 epochs x0.1",
    "sgd lr=0.1 momentum=0.9 | multi-step at 30 epochs, 60 epochs, 80 epochs x0.1",
    "sgd lr=0.1 momentum=0.9 | warmup 5 epochs then multi-step at 30 epochs, 60 epochs x0.1",
    "sgd lr=0.1 momentum=0.9 | cosine to 0",
    "sgd lr=0.1 momentum=0.9 | cosine to 0 stepped each epoch",
    "sgd lr=0.1 momentum=0.9 | cosine to 0 floor 1%",
    "sgd lr=0.1 momentum=0.9 | polynomial to 0 power 2",
    "sgd lr=0.1 momentum=0.9 | slanted-triangular rising 10% ratio 32",
    "sgd lr=0.1 momentum=0.9 | warm-restarts every 10 epochs, 20 epochs, 60 epochs to 0",
    "sgd lr=0.1 momentum=0.9 | cyclic from 10% to 100% up 5 epochs",
    "sgd lr=0.1 momentum=0.9 | rex to 0",
    "sgd lr=0.1 momentum=0.9 | linear to 0 noise 10% seed=1",
    "sgd lr=0.1 momentum=0.9 | range-test",
    "sgd lr=0.1 momentum=0.9 | warmup 5% then constant | plateau patience 5 epochs x0.1",
    "sgd lr=0.1 momentum=0.9 | one-cycle | momentum: piecewise value 0.95 at 0 steps, value 0.85 at 30%, value 0.95 at 100%",
    "for *.bias: sgd lr=0.1 | cosine to 0; for *: adamw lr=3e-4 | warmup 2% then cosine to 10%",
    "sgd lr=0.1 momentum=0.9 | StepLR(step_size=30)",
    "sgd lr=0.1 momentum=0.9 | torch StepLR(step_size=30)",
    "sgd lr=0.1 momentum=0.9 | torch MultiStepLR([30, 60, 80])",
    "sgd lr=0.1 momentum=0.9 | torch CosineAnnealingLR(T_max=90)",
    "sgd lr=0.1 momentum=0.9 | torch CosineAnnealingLR(T_max=9000, eta_min=1e-4) per step",
    "sgd lr=0.1 momentum=0.9 | torch SequentialLR([LinearLR(0.01, total_iters=5), CosineAnnealingLR(85)], milestones=[5])",
    "sgd lr=0.1 momentum=0.9 | torch SequentialLR([ConstantLR(0.1, 5), MultiStepLR([25, 55])], milestones=[5])",
    "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(max_lr=0.1, total_steps=9000) per step",
    "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(max_lr=0.1, epochs=90, steps_per_epoch=100) per step",
    "sgd lr=0.1 momentum=0.9 | torch CosineAnnealingWarmRestarts(T_0=30)",
    "sgd lr=0.1 momentum=0.9 | torch CyclicLR(base_lr=0.001, max_lr=0.1, step_size_up=450) per step",
    "sgd lr=0.1 momentum=0.9 | torch PolynomialLR(total_iters=90, power=2.0)",
    "sgd lr=0.1 momentum=0.9 | torch ChainedScheduler([LinearLR(0.1, total_iters=5), ExponentialLR(0.95)])",
    "sgd lr=0.1 momentum=0.9 | torch LambdaLR('lambda epoch: 0.95 ** epoch')",
    "adam lr=1e-3 | torch ReduceLROnPlateau(patience=10)",
];

#[test]
fn good_strategies_are_let_be() {
    for horizon in [Horizon::new(9000, 100), Horizon::new(90 * 7, 7)] {
        for text in GOOD {
            if text.contains("9000")
                || text.contains("epoch=100")
                || text.contains("500 steps")
                || text.contains("450")
            {
                assert_eq!(found(text, Horizon::new(9000, 100)), [], "{text}");
            } else {
                assert_eq!(found(text, horizon), [], "{text} in {horizon:?}");
            }
        }
    }
}

#[test]
fn a_good_strategy_is_good_for_a_long_training_too() {
    for text in &GOOD[..2] {
        assert_eq!(found(text, Horizon::new(3_000_000, 10_000)), [], "{text}");
    }
    let late = found("sgd lr=0.1 | cosine to 1% over 50 epochs", Horizon::new(3_000_000, 30_000));
    assert_eq!((late[0].code, late[0].step), ("LR101", Some(1_500_000)));
}

/// Examples of the registry that a lint rightly says something about, in 100 epochs of 100 steps.
const EXAMPLES_WITH_FINDINGS: &[(&str, &[&str])] = &[
    ("constant", &["LR109"]),
    ("linear", &["LR101"]),
    ("polynomial", &["LR101"]),
    ("one-minus-sqrt", &["LR101"]),
    ("warm-restarts", &["LR106"]),
    ("cyclic", &["LR106"]),
];

#[test]
fn examples_of_the_registry_are_let_be_unless_they_are_listed() {
    let mut wrong: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for entry in SCHEDULES {
        let strategy = format!("sgd lr=0.1 momentum=0.9 | {}", entry.example);
        let codes: Vec<&str> =
            found(&strategy, Horizon::new(10_000, 100)).iter().map(|finding| finding.code).collect();
        let expected = EXAMPLES_WITH_FINDINGS
            .iter()
            .find(|(name, _)| *name == entry.name)
            .map_or(&[][..], |(_, codes)| codes);
        wrong.extend((codes != expected).then_some((entry.name, entry.example, codes)));
    }
    assert_eq!(wrong, []);
}

#[test]
fn what_cannot_be_built_is_no_finding() {
    for text in
        ["sgd lr=0.1 | step every 0 steps", "sgd lr=0.1 | torch StepLR()", "sgd lr=0.1 | torch LinearLR(2.0)"]
    {
        let strategy: Result<Strategy, _> = text.parse();
        let refused = match strategy {
            Ok(strategy) => lint::lint(&strategy, Horizon::new(1000, 100), None).is_err(),
            Err(_) => true,
        };
        assert!(refused, "{text}");
    }
    let strategy: Strategy = "sgd lr=0.1 | torch StepLR(3)".parse().unwrap();
    let too_long = lint::lint(&strategy, Horizon::new(u64::MAX, 1), None).unwrap_err();
    assert!(too_long.to_string().contains("replayed for up to"), "{too_long}");
}

#[test]
fn the_same_of_several_groups_is_said_once() {
    let two = "for a*: sgd lr=0.1 | cosine over 50%; for *: sgd lr=0.1 | cosine over 50%";
    let findings = found(two, Horizon::new(1000, 100));
    assert_eq!((findings.len(), &findings[0].group), (1, &None));
    let three = format!("{two}; for *x: sgd lr=0.1 | cosine");
    let findings = found(&three, Horizon::new(1000, 100));
    let early: Vec<&Finding> = findings.iter().filter(|finding| finding.code == "LR101").collect();
    assert_eq!((early.len(), early[0].group.as_deref()), (1, Some("a*, *")));
}

#[test]
fn the_worst_comes_first_and_the_terminal_counts() {
    let text =
        "sgd lr=0.1 | torch SequentialLR([LinearLR(), SequentialLR([StepLR(2), StepLR(3)], [3])], [5])";
    let findings = found(text, Horizon::new(1000, 100));
    assert_eq!(findings[0].severity, Severity::Error);
    assert!(findings.is_sorted_by(|a, b| a.severity >= b.severity));
    let text = terminal(&findings);
    assert!(text.starts_with("error LR504 nested-later at step 500\n"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("1 error"), "{text}");
    let json = serde_json::to_value(&findings).unwrap();
    assert_eq!((&json[0]["severity"], &json[0]["code"]), (&"error".into(), &"LR504".into()));
}

#[test]
fn names_and_metrics_are_optional() {
    let strategy: Strategy = "for *.bias: sgd lr=0.1 | cosine".parse().unwrap();
    let subject = Subject::new(&strategy, Horizon::new(1000, 100)).unwrap();
    assert_eq!(subject.findings().unwrap(), []);
    let names = ["a.weight".to_owned()];
    let codes: Vec<&str> =
        subject.with_parameters(&names).findings().unwrap().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["LR301", "LR303"]);
}

proptest! {
    /// Whatever can be read is judged or refused, never met with a panic.
    #[test]
    fn no_strategy_panics(
        example in 0..SCHEDULES.len(),
        text in prop::sample::select(GOOD),
        total in prop_oneof![0_u64..200, 1_u64..20_000],
        epoch in 0_u64..300,
    ) {
        for text in [text.to_owned(), format!("adamw lr=1e-3 | {}", SCHEDULES[example].example)] {
            let strategy: Strategy = text.parse().unwrap();
            let first = lint::lint(&strategy, Horizon::new(total, epoch), None);
            prop_assert_eq!(&first, &lint::lint(&strategy, Horizon::new(total, epoch), None));
            if let Ok(findings) = first {
                prop_assert!(findings.iter().all(|finding| !finding.sentence.contains("NaN")), "{findings:?}");
            }
        }
    }
}
