//! What signals make of readings, and what they refuse.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    Duration, Horizon, Signal,
    registry::{Argument, Arguments, Level},
    signal::{self, SIGNALS, Setting, SignalError, SignalState},
    spec::Fault,
};
use proptest::prelude::*;

/// 1000 steps, 10 an epoch.
const HORIZON: Horizon = Horizon { total_steps: 1000, steps_per_epoch: 10 };

fn steps(count: u64) -> Argument {
    Argument::Duration(Duration::Steps(count))
}

fn share(value: f64) -> Argument {
    Argument::Level(Level::Fraction(value))
}

fn word(word: &str) -> Argument {
    Argument::Word(word.to_owned())
}

fn arguments(pairs: &[(&str, Argument)]) -> Arguments {
    pairs.iter().map(|(name, argument)| ((*name).to_owned(), argument.clone())).collect()
}

fn build(name: &str, pairs: &[(&str, Argument)]) -> Box<dyn Signal> {
    (signal::find(name).unwrap().build)(&arguments(pairs), Setting { horizon: HORIZON, warmup: 0 }).unwrap()
}

fn faults(name: &str, warmup: u64, pairs: &[(&str, Argument)]) -> Vec<Fault> {
    let setting = Setting { horizon: HORIZON, warmup };
    (signal::find(name).unwrap().build)(&arguments(pairs), setting).unwrap_err()
}

/// The factor after each reading of the loss, one every `every` steps.
fn factors(signal: &mut dyn Signal, every: u64, readings: &[f64]) -> Vec<f64> {
    let read = |(t, value): (u64, &f64)| {
        signal.on_metric(every * t, "loss", *value).unwrap();
        signal.factor()
    };
    (1..).zip(readings).map(read).collect()
}

#[test]
fn plateau_lowers_after_its_patience_and_rests_after_that() {
    let pairs = [("patience", steps(20)), ("factor", Argument::Number(0.5)), ("cooldown", steps(20))];
    let readings = [1.0, 0.9, 0.9, 0.95, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5];
    // Best at t = 20; lowered at 50, the first reading more than 20 steps later; at rest until 70.
    let want = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25];
    assert_eq!(factors(build("plateau", &pairs).as_mut(), 10, &readings), want);
}

#[test]
fn plateau_lowers_at_the_same_time_however_often_it_is_read() {
    let lowered = |every: u64| {
        let mut plateau = build("plateau", &[("patience", steps(60)), ("floor", share(0.5))]);
        plateau.on_metric(12, "loss", 1.0).unwrap();
        (1..100).map(|k| 12 + every * k).find(|t| {
            plateau.on_metric(*t, "loss", 1.0).unwrap();
            plateau.factor() < 1.0
        })
    };
    assert_eq!([1, 2, 6, 12, 24].map(lowered), [Some(73), Some(74), Some(78), Some(84), Some(84)]);
}

#[test]
fn a_relative_threshold_works_below_zero() {
    let pairs = [("patience", steps(0)), ("threshold", share(0.1)), ("factor", Argument::Number(0.5))];
    // -1.05 is better than -1 by 5 % only; -0.95 is worse, though PyTorch's bar is -0.9; -1.2 is better.
    let readings = [-1.0, -1.05, -0.95, -1.2, 0.0, -1.4];
    assert_eq!(
        factors(build("plateau", &pairs).as_mut(), 10, &readings),
        [1.0, 0.5, 0.25, 0.25, 0.125, 0.125]
    );
    let mut rising = pairs.to_vec();
    rising.push(("mode", word("max")));
    let readings = [-1.0, -0.95, -1.05, -0.85, 0.0, 0.1];
    assert_eq!(
        factors(build("plateau", &rising).as_mut(), 10, &readings),
        [1.0, 0.5, 0.25, 0.25, 0.25, 0.25]
    );
    let absolute = [("patience", steps(0)), ("threshold_abs", Argument::Number(0.3))];
    assert_eq!(factors(build("plateau", &absolute).as_mut(), 10, &[0.2, 0.0, -0.2]), [1.0, 0.1, 0.1]);
}

#[test]
fn the_floor_and_the_ceiling_hold() {
    let pairs = [("patience", steps(0)), ("floor", share(0.05))];
    assert_eq!(factors(build("plateau", &pairs).as_mut(), 10, &[1.0; 5]), [1.0, 0.1, 0.05, 0.05, 0.05]);
    let pairs = [
        ("patience", steps(0)),
        ("factor", Argument::Number(0.5)),
        ("ceiling", share(3.0)),
        ("floor", share(0.4)),
    ];
    let readings = [9.0, 8.0, 7.0, 6.0, 6.0, 6.0, 6.0, 6.0, 5.0];
    let want = [1.0, 2.0, 3.0, 3.0, 1.5, 0.75, 0.4, 0.4, 0.8];
    assert_eq!(factors(build("greedy", &pairs).as_mut(), 10, &readings), want);
}

#[test]
fn greedy_needs_a_streak_longer_than_its_patience() {
    let pairs = [("patience", steps(20)), ("factor", Argument::Number(0.5)), ("cooldown", steps(10))];
    let readings = [9.0, 8.0, 7.0, 6.0, 1.0, 0.5, 0.4, 0.4, 0.3, 0.2, 0.1, 0.4, 0.4, 0.4];
    // Compared from t = 10 on: raised at 40, at rest until 50. The bad reading at 80 breaks the good
    // streak, which begins anew there and raises at 110; at rest at 120.
    let want = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0];
    let mut greedy = build("greedy", &pairs);
    assert_eq!(factors(greedy.as_mut(), 10, &readings), want);
    // Bad at 130, 140 and 150: more than 20 steps after 120.
    greedy.on_metric(150, "loss", 0.4).unwrap();
    assert_eq!(greedy.factor(), 2.0);
}

#[test]
fn greedy_judges_the_mean_of_the_window() {
    let pairs =
        [("patience", steps(0)), ("factor", Argument::Number(0.5)), ("smoothed", Argument::Number(2.0))];
    // Means 4, 3.5, 4, 3.5 (equal to the best), 1.5.
    let readings = [4.0, 3.0, 5.0, 2.0, 1.0];
    assert_eq!(factors(build("greedy", &pairs).as_mut(), 10, &readings), [1.0, 2.0, 1.0, 0.5, 1.0]);
}

#[test]
fn readings_before_the_gate_are_ignored() {
    for (pairs, warmup) in [(vec![], 30), (vec![("after", steps(30))], 500)] {
        let mut pairs: Vec<(&str, Argument)> = pairs;
        pairs.extend([("patience", steps(10)), ("factor", Argument::Number(0.5))]);
        for entry in SIGNALS {
            let setting = Setting { horizon: HORIZON, warmup };
            let mut signal = (entry.build)(&arguments(&pairs), setting).unwrap();
            // Lower than all that follow, and falling: neither a best nor a streak. The reading at
            // t = 30 is the first one; NaN before it is no error either.
            let readings = [0.2, f64::NAN, 1.0, 1.0, 1.0];
            assert_eq!(factors(signal.as_mut(), 10, &readings), [1.0, 1.0, 1.0, 1.0, 0.5], "{}", entry.name);
        }
    }
}

#[test]
fn readings_that_are_not_finite_count_as_asked() {
    for entry in SIGNALS {
        let with = |policy: &str| {
            let pairs = [("patience", steps(10)), ("factor", Argument::Number(0.5)), ("nan", word(policy))];
            build(entry.name, &pairs)
        };
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let readings = [1.0, value, value, value];
            assert_eq!(factors(with("bad").as_mut(), 10, &readings), [1.0, 1.0, 0.5, 0.5], "{}", entry.name);
            assert_eq!(factors(with("ignore").as_mut(), 10, &readings), [1.0; 4]);
            let mut strict = with("error");
            strict.on_metric(10, "loss", 1.0).unwrap();
            let before = strict.state();
            let error = strict.on_metric(20, "loss", value).unwrap_err();
            assert!(
                matches!(error, SignalError::NotFinite { t: 20, .. })
                    && error.to_string().contains("nan=bad")
            );
            assert_eq!(strict.state(), before);
        }
        // Nothing but NaN: the patience counts from the gate.
        assert_eq!(factors(with("bad").as_mut(), 10, &[f64::NAN, f64::NAN]), [1.0, 0.5]);
    }
}

#[test]
fn only_its_own_metric_is_heard_and_only_in_order() {
    let heard = |metric: &str| {
        let signal = build("plateau", &[("metric", word(metric))]);
        let names =
            ["loss", "validation loss", "excess loss", "training loss", "validation accuracy", "gloss"];
        names.map(|name| u8::from(signal.listens_to(name)))
    };
    assert_eq!(heard("loss"), [1, 1, 1, 0, 0, 0]);
    assert_eq!(heard("training_loss"), [0, 0, 0, 1, 0, 0]);
    assert_eq!(heard("accuracy"), [0, 0, 0, 0, 1, 0]);
    for entry in SIGNALS {
        let pairs = [("patience", steps(0)), ("metric", word("accuracy")), ("factor", Argument::Number(0.5))];
        let mut signal = build(entry.name, &pairs);
        signal.on_metric(10, "validation accuracy", 0.5).unwrap();
        let before = signal.state();
        signal.on_metric(20, "loss", 0.5).unwrap();
        assert_eq!(signal.state(), before);
        let error = signal.on_metric(9, "validation accuracy", 0.5).unwrap_err();
        assert!(matches!(error, SignalError::OutOfOrder { t: 9, last: 10, .. }), "{error}");
        assert_eq!(signal.state(), before);
        // Lower is worse for an accuracy.
        signal.on_metric(20, "validation accuracy", 0.4).unwrap();
        assert_eq!(signal.factor(), 0.5);
    }
}

#[test]
fn what_makes_no_sense_is_refused_at_once_and_completely() {
    let pairs = [
        ("patiense", steps(5)),
        ("factor", Argument::Number(1.0)),
        ("threshold", share(0.1)),
        ("threshold_abs", Argument::Number(0.1)),
        ("cooldown", Argument::Duration(Duration::Epochs(0.01))),
        ("floor", Argument::Level(Level::Absolute(1e-5))),
        ("nan", word("perhaps")),
    ];
    let told = faults("plateau", 0, &pairs);
    for words in [
        "unknown parameter of plateau `patiense`, did you mean `patience`?",
        "factor: got `1`, expected a number above 0 and below 1",
        "not both",
        "cooldown: got `0.01 epochs`, expected a duration of at least one step here, or `0 steps`",
        "floor: got `lr 1e-5`, expected a share such as `1%`",
        "nan: got `perhaps`, expected one of bad, ignore, error",
    ] {
        assert!(told.iter().any(|fault| fault.to_string().contains(words)), "{words}: {told:?}");
    }
    assert_eq!(told.len(), pairs.len() - 1, "{told:?}");
    let told = faults("greedy", 0, &[("ceiling", share(0.5)), ("smoothed", Argument::Number(1e5))]);
    assert!(told[0].to_string().contains("ceiling: got `50%`, expected a share of 100% or more"), "{told:?}");
    assert!(told[1].to_string().contains("from 1 to 10000"), "{told:?}");
    for (warmup, patience, words) in [
        (1000, 5, "it waits for 1000 of 1000 steps"),
        (900, 100, "its patience of 100 steps is no shorter than the 100 steps from t = 900 on"),
    ] {
        let told = faults("plateau", warmup, &[("patience", steps(patience))]);
        assert!(told.len() == 1 && told[0].to_string().contains(words), "{told:?}");
    }
    let setting = Setting { horizon: Horizon::new(0, 0), warmup: 0 };
    for entry in SIGNALS {
        let told = (entry.build)(&Arguments::new(), setting).unwrap_err();
        assert!(told.iter().any(|fault| fault.to_string().contains("at least one step")), "{told:?}");
    }
}

#[test]
fn a_state_that_cannot_be_is_refused_and_changes_nothing() {
    let good = build("greedy", &[]).state();
    let states: [(SignalState, &str); 5] = [
        (build("plateau", &[]).state(), "signal"),
        (SignalState { factor: 20.0, ..good.clone() }, "factor"),
        (SignalState { factor: f64::NAN, ..good.clone() }, "factor"),
        (SignalState { best: Some(f64::INFINITY), ..good.clone() }, "best or recent"),
        (SignalState { recent: vec![1.0; 2], ..good.clone() }, "recent"),
    ];
    for (state, wrong) in states {
        let mut greedy = build("greedy", &[]);
        let error = greedy.restore(&state).unwrap_err();
        assert!(matches!(error, SignalError::State { field, .. } if field == wrong), "{error}");
        assert_eq!(greedy.state(), good);
    }
}

/// `GreedyLR`'s rule as it counts readings, but for the first reading.
fn counted_greedy(patience: u64, cooldown: u64, readings: &[f64]) -> Vec<f64> {
    let (mut factor, mut best, mut good, mut bad, mut rest) = (1.0_f64, readings[0], 0, 0, 0);
    let mut factors = vec![1.0];
    for value in &readings[1..] {
        if rest > 0 {
            rest -= 1;
        } else {
            let better = *value < best - 0.1;
            (good, bad) = if better { (good + 1, 0) } else { (0, bad + 1) };
            best = if better { *value } else { best };
            if good.max(bad) > patience {
                factor = if better { (factor / 0.5).min(10.0) } else { (factor * 0.5).max(0.01) };
                (good, bad, rest) = (0, 0, cooldown);
            }
        }
        factors.push(factor);
    }
    factors
}

proptest! {
    #[test]
    fn read_once_an_epoch_greedy_reacts_as_counts_do(
        patience in 0_u64..4,
        cooldown in 0_u64..4,
        noise in prop::collection::vec(-0.3..2.0, 2..80),
    ) {
        // Falls more often than it rises, so that there are streaks of both kinds.
        let mut level = 0.0;
        let readings: Vec<f64> = noise.iter().map(|step| { level -= step; level + step * step }).collect();
        let pairs = [
            ("patience", Argument::Duration(Duration::Epochs(patience as f64))),
            ("cooldown", Argument::Duration(Duration::Epochs(cooldown as f64))),
            ("factor", Argument::Number(0.5)),
            ("threshold_abs", Argument::Number(0.1)),
        ];
        let got = factors(build("greedy", &pairs).as_mut(), 10, &readings);
        prop_assert_eq!(got, counted_greedy(patience, cooldown, &readings));
    }

    #[test]
    fn a_restored_signal_goes_on_as_the_one_it_was_taken_from(
        which in 0..SIGNALS.len(),
        patience in 0_u64..40,
        cooldown in 0_u64..40,
        smoothed in 1_u32..6,
        readings in prop::collection::vec((0_u64..20, prop_oneof![8 => -2.0..2.0, 1 => Just(f64::NAN)]), 1..60),
        cut in 0_usize..60,
    ) {
        let entry = SIGNALS[which];
        let mut pairs = vec![
            ("patience", steps(patience)),
            ("cooldown", steps(cooldown)),
            ("factor", Argument::Number(0.7)),
            ("floor", share(0.01)),
            ("after", steps(50)),
        ];
        if entry.params.iter().any(|parameter| parameter.name == "smoothed") {
            pairs.push(("smoothed", Argument::Number(smoothed.into())));
        }
        let mut straight = build(entry.name, &pairs);
        let mut t = 0;
        let mut resumed: Option<Box<dyn Signal>> = None;
        for (index, (gap, value)) in readings.into_iter().enumerate() {
            if index == cut {
                let json = serde_json::to_string(&straight.state()).unwrap();
                let mut other = build(entry.name, &pairs);
                // What it has been through before leaves no trace.
                for t in 50..57_u32 {
                    other.on_metric(t.into(), "loss", f64::from(t)).unwrap();
                }
                other.restore(&serde_json::from_str(&json).unwrap()).unwrap();
                resumed = Some(other);
            }
            t += gap;
            straight.on_metric(t, "loss", value).unwrap();
            prop_assert!((0.01..=10.0).contains(&straight.factor()));
            if let Some(resumed) = &mut resumed {
                resumed.on_metric(t, "loss", value).unwrap();
                prop_assert_eq!(resumed.state(), straight.state());
                prop_assert_eq!(resumed.factor().to_bits(), straight.factor().to_bits());
            }
        }
        let copy = straight.clone_box();
        straight.on_metric(t + 500, "loss", f64::NAN).unwrap();
        prop_assert_eq!(copy.state().last, Some(t));
    }
}
