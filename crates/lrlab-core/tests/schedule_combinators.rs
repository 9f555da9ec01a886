//! What schedules that are made of others do with them, over many of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use lrlab_core::{
    Duration, Horizon, Schedule, ScheduleSpec,
    registry::Level,
    schedule::{CooldownShape, SCHEDULES},
};
use proptest::{prelude::*, sample::select};

const HORIZON: Horizon = Horizon { total_steps: 1200, steps_per_epoch: 10 };

fn build_over(text: &str, horizon: Horizon) -> Arc<dyn Schedule> {
    let spec: ScheduleSpec = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    spec.build(horizon).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn build(text: &str) -> Arc<dyn Schedule> {
    build_over(text, HORIZON)
}

fn same(a: &dyn Schedule, b: &dyn Schedule, base: f64) -> Option<u64> {
    (0..1500).find(|&t| a.value_at(t, base).to_bits() != b.value_at(t, base).to_bits())
}

/// The examples of the registry: every schedule at least once.
fn examples() -> impl Iterator<Item = ScheduleSpec> {
    SCHEDULES.iter().map(|entry| entry.example.parse().unwrap())
}

fn stage() -> impl Strategy<Value = String> {
    let shape = select(vec![
        "linear from 100% to 10%",
        "linear from 20% to lr 0.05",
        "cosine to 5%",
        "constant 30%",
        "step every 7 steps x0.5",
        "(warmup 3 steps then cosine)",
        "(cosine to 0 noise 5% seed=4)",
        "(cosine to 0 repeat 2)",
        "(constant times cosine to 50%)",
    ]);
    (shape, 5_u32..200).prop_map(|(shape, steps)| format!("{shape} for {steps} steps"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sequences_are_associative(stages in proptest::collection::vec(stage(), 3..6), cut in 1_usize..5) {
        let flat = build(&stages.join(" then "));
        let cut = cut.min(stages.len() - 1);
        let (left, right) = stages.split_at(cut);
        let halves = build(&format!("({}) then ({})", left.join(" then "), right.join(" then ")));
        prop_assert_eq!(same(&*flat, &*halves, 0.1), None);
        let mut nested = stages[stages.len() - 1].clone();
        for stage in stages[..stages.len() - 1].iter().rev() {
            nested = format!("{stage} then ({nested})");
        }
        prop_assert_eq!(same(&*flat, &*build(&nested), 0.1), None);
    }

    #[test]
    fn a_floor_is_between_clip_and_the_groups_own_value(percent in 1_u32..100, t in 0_u64..1300) {
        let clip = build(&format!("cosine to 0 floor {percent}%")).value_at(t, 0.1);
        let scale = build(&format!("cosine to 0 floor {percent}% by scale")).value_at(t, 0.1);
        let (plain, low) = (build("cosine to 0").value_at(t, 0.1), 0.1 * (f64::from(percent) / 100.0));
        prop_assert_eq!(clip, plain.max(low));
        prop_assert!(scale >= clip - 1e-16 && scale <= 0.1 + 1e-16, "{} {}", scale, clip);
        let to = build(&format!("cosine to {percent}%")).value_at(t, 0.1);
        prop_assert!((scale - to).abs() < 1e-16, "{} {}", scale, to);
    }
}

#[test]
fn clip_runs_along_the_floor_and_scale_reaches_it_at_the_end() {
    let along = |text: &str| {
        let schedule = build(text);
        (0..=1200).filter(|&t| (schedule.value_at(t, 0.1) - 0.01).abs() < 1e-12).count()
    };
    // The last fifth of a cosine is below a tenth: arccos(-0.8) / pi = 0.795.
    assert_eq!(along("cosine to 0 floor 10%"), 1200 - 955 + 1);
    assert_eq!(along("cosine to 0 floor 10% by scale"), 1);
}

#[test]
fn noise_is_a_function_of_its_seed_and_the_step() {
    let noise = |seed: u32, shape: &str| build(&format!("constant noise 20% seed={seed} shape={shape}"));
    for shape in ["uniform", "normal"] {
        let (first, again, other) = (noise(1, shape), noise(1, shape), noise(2, shape));
        assert_eq!(same(&*first, &*again, 0.1), None);
        assert_eq!((0..1000).filter(|&t| first.value_at(t, 1.0) == other.value_at(t, 1.0)).count(), 0);
        // At any t, in any order.
        let ahead: Vec<f64> = (0..1000).rev().map(|t| first.value_at(t, 1.0)).collect();
        assert!(ahead.iter().rev().zip(0..).all(|(value, t)| *value == first.value_at(t, 1.0)));
        let values: Vec<f64> = (0..1200).map(|t| first.value_at(t, 1.0)).collect();
        assert!(values.iter().all(|value| *value > 0.8 && *value < 1.2), "{shape}");
        let mean = values.iter().sum::<f64>() / 1200.0;
        // Five standard errors: 0.2 / sqrt(3 * 1200).
        assert!((mean - 1.0).abs() < 5.0 * 0.0034, "{shape}: {mean}");
    }
}

#[test]
fn noise_ends_with_its_schedule() {
    let schedule = build("linear to 50% over 100 steps noise 20%");
    assert!(schedule.value_at(99, 1.0) != build("linear to 50% over 100 steps").value_at(99, 1.0));
    assert!((100..1300).all(|t| schedule.value_at(t, 1.0) == 0.5));
    assert_eq!(schedule.length(), Some(100));
}

#[test]
fn a_repeated_cosine_is_pytorchs_warm_restarts() {
    let ours = build_over("cosine to lr 0.01 over 13 steps repeat", Horizon::new(100, 10));
    let counted = build_over("cosine to lr 0.01 repeat 7", Horizon::new(91, 10));
    let (length, low, base) = (13, 0.01, 0.1);
    let mut now = 0_u32;
    for t in 0..100 {
        // CosineAnnealingWarmRestarts(T_0=13, eta_min=0.01) after t calls, with its T_cur.
        let wave = 0.5 * (1.0 + (std::f64::consts::PI * f64::from(now) / f64::from(length)).cos());
        let (theirs, own) = (low + (base - low) * wave, ours.value_at(t, base));
        assert!((theirs - own).abs() < 1e-16, "step {t}: {theirs} {own}");
        if t < 91 {
            assert_eq!(counted.value_at(t, base), own);
        }
        now = if now + 1 == length { 0 } else { now + 1 };
    }
    // A count ends with the end of a cycle, where PyTorch begins another one.
    assert_eq!(counted.value_at(91, base), low);
    assert!((ours.value_at(91, base) - base).abs() < 1e-16);
}

/// The changes of a running training, with what they make of a spec that was built for [`HORIZON`].
fn changes(spec: &ScheduleSpec, at: u64) -> Vec<(&'static str, ScheduleSpec, Horizon)> {
    let spec = || spec.clone();
    let (steps, half, zero) = (Duration::Steps(100), Level::Fraction(0.5), Level::Fraction(0.0));
    let mut all = vec![
        ("rebased", spec().rebased(at, half, None), HORIZON),
        ("rebased over", spec().rebased(at, Level::Absolute(0.02), Some(steps)), HORIZON),
        ("longer", spec().extended(at, HORIZON), Horizon { total_steps: 3000, ..HORIZON }),
        ("as long", spec().extended(at, HORIZON), HORIZON),
        ("shorter", spec().extended(at, HORIZON), Horizon { total_steps: at + 50, ..HORIZON }),
    ];
    let shapes = [
        CooldownShape::Linear,
        CooldownShape::Cosine,
        CooldownShape::OneMinusSqrt,
        CooldownShape::OneMinusSquare,
    ];
    for shape in shapes {
        all.push(("cooled down", spec().cooled_down(at, steps, shape, zero), HORIZON));
    }
    all
}

#[test]
fn a_change_keeps_what_was_to_the_bit() {
    for spec in examples() {
        let old = spec.build(HORIZON).unwrap();
        for at in [0, 1, 119, 500, 777, 1199] {
            for (what, changed, horizon) in changes(&spec, at) {
                let text = changed.to_string();
                assert_eq!(text.parse::<ScheduleSpec>().as_ref(), Ok(&changed), "{what}");
                let new = changed.build(horizon).unwrap_or_else(|error| panic!("{text}: {error}"));
                let differs =
                    (0..at).find(|&t| new.value_at(t, 0.1).to_bits() != old.value_at(t, 0.1).to_bits());
                assert_eq!(differs, None, "{text}");
                if what != "rebased" {
                    assert_eq!(new.value_at(at, 0.1).to_bits(), old.value_at(at, 0.1).to_bits(), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_change_moves_on_without_a_jump() {
    for spec in examples() {
        let (at, old) = (650, spec.build(HORIZON).unwrap());
        let (now, next) = (old.value_at(at, 0.1), old.value_at(at + 1, 0.1));
        for (what, changed, horizon) in changes(&spec, at) {
            let moved = changed.build(horizon).unwrap().value_at(at + 1, 0.1) - now;
            let most = match what {
                "cooled down" => now * 0.1,
                "rebased over" => (next - now).abs() + 0.1 * 0.01,
                "longer" | "as long" => (next - now).abs(),
                _ => continue,
            };
            assert!(moved.abs() <= most + 1e-15, "{changed}: {moved:e} of {most:e}");
        }
    }
}

#[test]
fn a_change_of_length_that_changes_nothing_changes_nothing() {
    for spec in examples() {
        let old = spec.build(HORIZON).unwrap();
        let new = spec.clone().extended(300, HORIZON).build(HORIZON).unwrap();
        assert_eq!(same(&*old, &*new, 0.1), None, "{spec}");
    }
}

#[test]
fn a_cooldown_and_a_stretched_plan_come_to_their_end() {
    for spec in examples() {
        let old = spec.build(HORIZON).unwrap();
        for (what, changed, horizon) in changes(&spec, 650) {
            let end = changed.build(horizon).unwrap().value_at(horizon.total_steps, 0.1);
            match what {
                "cooled down" => assert_eq!(end, 0.0, "{changed}"),
                "longer" | "as long" | "shorter" => assert_eq!(end, old.value_at(1200, 0.1), "{changed}"),
                _ => {}
            }
        }
    }
}

#[test]
fn changes_can_follow_each_other() {
    let spec: ScheduleSpec = "warmup 5% then constant".parse().unwrap();
    let twice = spec.extended(400, HORIZON).rebased(500, Level::Fraction(0.5), None).cooled_down(
        1500,
        Duration::Steps(500),
        CooldownShape::Linear,
        Level::Fraction(0.0),
    );
    let text = "warmup 5% then constant stretched at 400 steps from 1200 steps rebased at 500 steps to 50% \
                cooldown 500 steps at 1500 steps to 0 by linear";
    assert_eq!(twice.to_string(), text);
    let schedule = build_over(text, Horizon::new(2000, 10));
    let rates = [60, 400, 500, 1500, 1750, 2000].map(|t| schedule.value_at(t, 0.1));
    assert_eq!(rates, [0.1, 0.1, 0.05, 0.05, 0.025, 0.0]);
}
