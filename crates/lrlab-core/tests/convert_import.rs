//! Constructors in: lrlab's own schedules against PyTorch's recursion, replayed, and against Hugging
//! Face's formulas.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use lrlab_core::{
    Field, Horizon, ScheduleSpec, Scheduler, Strategy as Whole,
    scheduler::torch::TorchPlan,
    spec::{PlanSpec, Unit},
};
use proptest::prelude::*;
use serde::Deserialize;

const STEPS_PER_EPOCH: u64 = 3;

/// Rates and momenta agree to this, of the group's own rate.
const CLOSE: f64 = 1e-9;

/// Holds the own meaning of `text` to PyTorch's replay of it through `calls` calls.
fn assert_same(text: &str, unit: Unit, calls: u64) -> Result<(), TestCaseError> {
    let every = if unit == Unit::Epoch { STEPS_PER_EPOCH } else { 1 };
    let total = calls * every;
    // Longer than any part: lrlab refuses one that the training cannot hold.
    let horizon = Horizon::new(total + 100 * every, STEPS_PER_EPOCH);
    let word = if unit == Unit::Epoch { "per epoch" } else { "per step" };
    let plan = format!("sgd lr=0.1 momentum=0.9 | {text} {word}");
    let own: Whole = plan.parse().map_err(|error| TestCaseError::fail(format!("{plan}: {error}")))?;
    let mut own = own.build(horizon).map_err(|error| TestCaseError::fail(format!("{plan}: {error}")))?;
    let mut groups = vec![own.groups[0].group.clone()];
    let mut torch_groups = groups.clone();
    let call = text.parse().unwrap();
    let torch = TorchPlan::new(call, 0..1, every, &torch_groups);
    let mut torch = torch.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    for t in 0..total {
        own.scheduler.before_step(t, &mut groups).unwrap();
        torch.before_step(t, &mut torch_groups).unwrap();
        for field in [Field::Lr, Field::Momentum] {
            let (ours, theirs) = (groups[0].get(field), torch_groups[0].get(field));
            prop_assert!(
                (ours - theirs).abs() <= CLOSE * 0.1,
                "{plan} at {t}: {} {ours} for {theirs}",
                field.name()
            );
        }
    }
    Ok(())
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![Just(Unit::Epoch), Just(Unit::Step)]
}

/// A constructor whose own meaning is PyTorch's through so many calls at least.
fn leaf() -> impl Strategy<Value = (String, u64)> {
    let gamma = 0.05..1.2_f64;
    let part = 0.01..=1.0_f64;
    let count = 1..40_u64;
    let forever = 60;
    prop_oneof![
        (count.clone(), gamma.clone()).prop_map(move |(n, g)| (format!("StepLR({n}, gamma={g})"), forever)),
        (proptest::collection::btree_set(1..50_u64, 1..4), gamma.clone()).prop_map(move |(times, g)| {
            let times: Vec<u64> = times.into_iter().collect();
            (format!("MultiStepLR({times:?}, gamma={g})"), forever)
        }),
        (part.clone(), count.clone())
            .prop_map(move |(f, n)| (format!("ConstantLR(factor={f}, total_iters={n})"), forever)),
        (part.clone(), part.clone(), count.clone()).prop_map(move |(a, b, n)| {
            (format!("LinearLR(start_factor={a}, end_factor={b}, total_iters={n})"), forever)
        }),
        (0.5..1.05_f64).prop_map(move |g| (format!("ExponentialLR({g})"), forever)),
        (count.clone(), 0.1..4.0_f64)
            .prop_map(move |(n, p)| (format!("PolynomialLR({n}, power={p})"), forever)),
        (count.clone(), 0.0..0.09_f64)
            .prop_map(|(n, low)| (format!("CosineAnnealingLR(T_max={n}, eta_min={low})"), n)),
        (count, 1..4_u64, 0.0..0.09_f64).prop_map(move |(n, k, low)| {
            (format!("CosineAnnealingWarmRestarts(T_0={n}, T_mult={k}, eta_min={low})"), forever)
        }),
        (0.5..1.05_f64).prop_map(move |g| (format!("LambdaLR(lambda epoch: {g} ** epoch)"), forever)),
    ]
}

/// The same, of the classes that only stand alone.
fn alone() -> impl Strategy<Value = (String, u64)> {
    let forever = 60;
    let swa = (0.0..0.5_f64, 0..40_u64, any::<bool>()).prop_map(move |(to, n, cosine)| {
        let shape = if cosine { "cos" } else { "linear" };
        (format!("SWALR(swa_lr={to}, anneal_epochs={n}, anneal_strategy='{shape}')"), forever)
    });
    let multiplicative = (0.5..1.05_f64)
        .prop_map(move |g| (format!("MultiplicativeLR(lambda epoch: {g} + 0.001 * (epoch % 5))"), forever));
    let cyclic = (0.0..0.5_f64, 0.0..0.5_f64, 1..20_u64, 1..20_u64, any::<bool>(), any::<bool>()).prop_map(
        move |(low, high, up, down, halving, momentum)| {
            let mode = if halving { "triangular2" } else { "triangular" };
            let momentum = if momentum { "True" } else { "False" };
            let text = format!(
                "CyclicLR(base_lr={low}, max_lr={high}, step_size_up={up}, step_size_down={down}, mode='{mode}', \
                 cycle_momentum={momentum})"
            );
            (text, forever)
        },
    );
    prop_oneof![leaf(), swa, multiplicative, cyclic]
}

fn one_cycle() -> impl Strategy<Value = (String, u64)> {
    (10..60_u64, 0.15..0.45_f64, any::<bool>(), any::<bool>(), 1.0..100.0_f64).prop_map(
        |(total, part, cosine, three, division)| {
            let shape = if cosine { "cos" } else { "linear" };
            let three = if three { "True" } else { "False" };
            let text = format!(
                "OneCycleLR(max_lr=0.5, total_steps={total}, pct_start={part}, anneal_strategy='{shape}', \
                 three_phase={three}, div_factor={division})"
            );
            (text, total)
        },
    )
}

/// Classes that multiply the rate, and the calls through which they do.
fn factor() -> impl Strategy<Value = (String, u64)> {
    leaf().prop_filter_map("they set the rate", |(text, calls)| {
        let multiplies = !text.contains("Restarts") && !text.contains("Lambda");
        let text = match text.split_once(", eta_min") {
            Some((start, _)) => format!("{start})"),
            None => text,
        };
        // At the very end of a cosine 0 is divided by 0 in all but name.
        multiplies.then(|| (text.clone(), if text.starts_with("Cosine") { calls - 1 } else { calls }))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_class_means_what_pytorch_does((text, calls) in alone(), unit in unit()) {
        assert_same(&text, unit, calls + 1)?;
    }

    #[test]
    fn one_cycle_means_what_pytorch_does((text, calls) in one_cycle()) {
        assert_same(&text, Unit::Step, calls)?;
    }

    #[test]
    fn sequences_mean_what_pytorch_does(
        parts in proptest::collection::vec((leaf(), 1..20_u64), 2..4), unit in unit()
    ) {
        // A part that is cut off before its own end is one that PyTorch does not go on with.
        let lengths: Vec<u64> = parts.iter().map(|((_, calls), length)| (*length).min(*calls)).collect();
        let ends: Vec<u64> = lengths.iter().scan(0, |end, length| { *end += length; Some(*end) }).collect();
        let (last, milestones) = ends.split_last().unwrap();
        let texts: Vec<&str> = parts.iter().map(|((text, _), _)| text.as_str()).collect();
        assert_same(&format!("SequentialLR([{}], milestones={milestones:?})", texts.join(", ")), unit, *last)?;
    }

    #[test]
    fn chains_mean_what_pytorch_does(parts in proptest::collection::vec(factor(), 1..4), unit in unit()) {
        let calls = parts.iter().map(|(_, calls)| *calls).min().unwrap();
        let texts: Vec<&str> = parts.iter().map(|(text, _)| text.as_str()).collect();
        assert_same(&format!("ChainedScheduler([{}])", texts.join(", ")), unit, calls.max(1))?;
    }
}

#[derive(Deserialize)]
struct Goldens {
    lr: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    texts: Vec<String>,
    steps: u64,
    factors: Vec<f64>,
}

#[test]
fn hugging_faces_schedules_have_their_rates_within_the_training() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/convert_hugging_face.json");
    let Goldens { lr, cases } = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 100);
    for Case { texts, steps, factors } in cases {
        for text in texts {
            let spec: ScheduleSpec = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            let horizon = Horizon::new(steps, 5);
            let schedule = spec.build(horizon).unwrap_or_else(|error| panic!("{text} ({spec}): {error}"));
            for (t, factor) in (0..).zip(&factors) {
                let value = schedule.value_at(t, lr);
                assert!(
                    (value - lr * factor).abs() <= 1e-12 * lr,
                    "{text} ({spec}) at {t}: {value} for {}",
                    lr * factor
                );
            }
        }
    }
}

#[test]
fn hugging_faces_schedules_hold_their_last_value() {
    for text in ["cosine(5, 50)", "cosine(5, 50, num_cycles=1)", "cosine_with_min_lr(5, 50, min_lr_rate=0.1)"]
    {
        let spec: ScheduleSpec = text.parse().unwrap();
        let schedule = spec.build(Horizon::new(200, 10)).unwrap();
        assert_eq!(schedule.value_at(120, 1.0), schedule.value_at(50, 1.0), "{text}");
    }
}

fn read(text: &str) -> PlanSpec {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn momentum_is_beta1_beside_adam() {
    let text = "OneCycleLR(max_lr=0.01, total_steps=60)";
    assert!(read(text).fields.contains_key(&Field::Momentum));
    let strategy: Whole = format!("adamw lr=0.01 | {text}").parse().unwrap();
    let fields: Vec<_> = strategy.groups[0].plan.fields.keys().copied().collect();
    assert_eq!(fields, [Field::Beta1]);
    let toml = format!("optimizer = \"adamw lr=0.01\"\nschedule = \"{text}\"");
    assert_eq!(toml::from_str::<Whole>(&toml).unwrap(), strategy);
    // What was not imported says what it says.
    let explicit: Whole = "adamw lr=0.01 | momentum: linear".parse().unwrap();
    assert!(explicit.build(Horizon::new(60, 10)).is_err());
    let twice = format!("adamw lr=0.01 | beta1: linear from 90% | {text}");
    assert!(twice.parse::<Whole>().unwrap_err().to_string().contains("`beta1:` is given twice"));
}

#[test]
fn the_lowest_rate_of_a_plateau_becomes_a_share() {
    let strategy: Whole = "sgd lr=0.1 | ReduceLROnPlateau(patience=2, min_lr=1e-3)".parse().unwrap();
    assert_eq!(strategy.to_string(), "sgd lr=0.1 | constant | plateau patience 2 epochs x0.1 floor 1%");
    let error = "sgd lr=0.1 | ReduceLROnPlateau(min_lr=0.2)".parse::<Whole>().unwrap_err().to_string();
    assert_eq!(error, "min_lr: got `0.2`, expected a rate below the group's own, 0.1");
    let alone = read("ReduceLROnPlateau(min_lr=1e-3)");
    assert!(alone.signals[0].to_string().contains("floor lr 0.001"), "{alone}");
}

#[test]
fn what_was_read_prints_and_reads_back() {
    let texts = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/convert_hugging_face.json"),
    );
    let Goldens { cases, .. } = serde_json::from_str(&texts.unwrap()).unwrap();
    for text in cases.into_iter().flat_map(|case| case.texts) {
        let plan = read(&text);
        assert_eq!(plan.to_string().parse(), Ok(plan), "{text}");
    }
}

#[test]
fn a_group_of_one_may_be_a_list() {
    assert_eq!(read("CyclicLR([0.1], [0.2], 5)"), read("CyclicLR(0.1, 0.2, 5)"));
    let error = "OneCycleLR(max_lr=[0.1, 0.2], total_steps=50)".parse::<PlanSpec>().unwrap_err();
    assert!(error.to_string().contains("max_lr: got `2 values`"), "{error}");
}
