//! What holds for every way to read a range test, and for lrlab's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod sweep_samples;

use std::{collections::BTreeMap, sync::Arc};

use lrlab_analysis::{
    Run,
    finder::{FINDERS, Limit, NoSuggestion, Spacing, Sweep, SweepError, edge, hint, least_edge, stable_rate},
};
use lrlab_core::{
    Duration, Horizon, Outcome, TaskSpec, TrialSpec,
    event::{Event, Probe, Probed, Started, Step},
};
use proptest::prelude::*;
use sweep_samples::{falls_and_rises, noise, rates};

fn with_losses(sweep: &Sweep, change: impl Fn(usize, f64) -> f64) -> Sweep {
    let losses = sweep.losses().iter().enumerate().map(|(step, loss)| change(step, *loss)).collect();
    Sweep::new(sweep.rates().to_vec(), losses).unwrap()
}

/// Gradient descent on `sum of curvature x^2 / 2` from 1, at rising rates.
fn descent(curvatures: &[f64], from: f64, to: f64) -> Sweep {
    let rates: Vec<f64> = (0..100).map(|t| from * (to / from).powf(f64::from(t) / 100.0)).collect();
    let mut at = vec![1.0; curvatures.len()];
    let losses = rates
        .iter()
        .map(|rate| {
            let loss = at.iter().zip(curvatures).map(|(x, c)| c * x * x / 2.0).sum();
            at.iter_mut().zip(curvatures).for_each(|(x, c)| *x -= rate * c * *x);
            loss
        })
        .collect();
    Sweep::new(rates, losses).unwrap()
}

fn started(seed: u64, steps: u64) -> Started {
    let trial = TrialSpec {
        task: TaskSpec { name: "digits".into(), args: BTreeMap::new() },
        strategy: Arc::new("sgd lr=1 | range-test from lr 1e-7 to lr 10".parse().unwrap()),
        seed,
        budget: Duration::Steps(steps),
        batch_size: None,
        measure: true,
        stop: None,
    };
    Started {
        trial,
        label: None,
        lrlab: "0.1.0".into(),
        horizon: Horizon::new(steps, 45),
        parameters: 64,
        groups: vec!["all".into()],
        full_batch: false,
        untrained: None,
        objective: "validation loss".into(),
        data: Vec::new(),
        bowl: None,
    }
}

fn run_of(sweep: &Sweep, probes: Vec<Probed>) -> Run {
    let mut events = vec![Event::Started(Box::new(started(7, 150)))];
    events.extend(probes.into_iter().map(Event::Probed));
    for (t, (&rate, &loss)) in sweep.rates().iter().zip(sweep.losses()).enumerate() {
        let step = Step { t: t as u64, loss, lr: vec![rate], grad_norm: Some(1.0), ..Step::default() };
        events.push(Event::Step(step));
    }
    events.push(Event::Finished { outcome: Outcome::Stopped });
    Run::fold(events).unwrap()
}

#[test]
fn rates_that_are_no_sweep_are_refused() {
    let refused = |rates: &[f64], losses: &[f64]| Sweep::new(rates.to_vec(), losses.to_vec()).unwrap_err();
    assert_eq!(refused(&[], &[]), SweepError::Empty);
    assert_eq!(refused(&[0.1], &[]), SweepError::Lengths { rates: 1, losses: 0 });
    assert_eq!(refused(&[0.0], &[1.0]), SweepError::Rate { step: 0, rate: 0.0 });
    assert!(matches!(refused(&[0.1, f64::NAN], &[1.0; 2]), SweepError::Rate { step: 1, .. }));
    let flat = SweepError::NotRising { step: 2, rate: 0.2, before: 0.2 };
    assert_eq!(refused(&[0.1, 0.2, 0.2], &[1.0; 3]), flat);
}

#[test]
fn a_run_gives_its_sweep() {
    let made = falls_and_rises(2e-3, 0.3, 0.1, 7);
    let limit = 2.0 / made.rates()[0];
    let probe = Probe::Sharpness { value: 8.0, residual: 0.0, limit, products: 20 };
    let run = run_of(&made, vec![Probed { t: 0, probe }]);
    let sweep = Sweep::of(&run).unwrap();
    assert_eq!((sweep.rates(), sweep.losses()), (made.rates(), made.losses()));
    assert_eq!((sweep.seed(), sweep.planned_steps()), (Some(7), 150));
    assert_eq!(sweep.stable_rate(), Some(0.25), "2 / sharpness for SGD");

    let bowed = Probe::Sharpness { value: -8.0, residual: 0.0, limit, products: 20 };
    assert_eq!(stable_rate(&run_of(&made, vec![Probed { t: 0, probe: bowed }])), None);
    let constant =
        Run { steps: run.steps.iter().map(|s| Step { lr: vec![0.1], ..Step::from(s) }).collect(), ..run };
    assert!(matches!(Sweep::of(&constant), Err(SweepError::NotRising { step: 1, .. })));
}

#[test]
fn spacing_is_told_from_the_rates() {
    assert_eq!(falls_and_rises(1e-3, 0.3, 0.0, 0).spacing(), Spacing::Exponential);
    let linear = (1..=50).map(|t| f64::from(t) * 0.01).collect();
    assert_eq!(Sweep::new(linear, vec![1.0; 50]).unwrap().spacing(), Spacing::Linear);
    assert_eq!(Sweep::new(vec![0.1], vec![1.0]).unwrap().spacing(), Spacing::Exponential);
}

#[test]
fn the_edge_is_the_first_loss_that_left() {
    let sweep = falls_and_rises(2e-3, 0.3, 0.05, 1);
    let seen = edge(&sweep).unwrap();
    assert!((0.2..0.8).contains(&seen), "{seen}");
    for bad in [f64::NAN, f64::INFINITY] {
        let cut = with_losses(&sweep, |step, loss| if step >= 60 { bad } else { loss });
        assert_eq!(edge(&cut), Some(sweep.rates()[60]));
        assert_eq!(least_edge(&[sweep.clone(), cut]), Some(sweep.rates()[60]));
    }
    assert_eq!(edge(&with_losses(&sweep, |_, _| 1.0)), None);
    let spike = with_losses(&sweep, |step, _| if step == 30 { 8.0 } else { 2.0 });
    assert_eq!(edge(&spike), None, "one batch is no divergence");
}

#[test]
fn on_a_quadratic_the_edge_shows_late_and_the_hint_stays_below_it() {
    for sharpest in [0.5, 20.0, 3000.0] {
        let sweep = descent(&[sharpest, sharpest / 50.0], 1e-4 / sharpest, 1e2 / sharpest);
        let theory = 2.0 / sharpest;
        let seen = edge(&sweep).unwrap();
        // What diverges has to outgrow what still falls.
        assert!(seen > theory && seen < 10.0 * theory, "{seen} is not above {theory}");
        let hint = hint(&[sweep.stable_to(theory)]).unwrap();
        assert!(hint.rate <= 2.0 * theory && hint.rate > theory / 100.0, "{} for {theory}", hint.rate);
    }
}

#[test]
fn the_hint_is_held_by_what_is_lowest() {
    let sweeps: Vec<Sweep> = (0..3).map(|seed| falls_and_rises(2e-3, 0.3, 0.1, seed)).collect();
    let free = hint(&sweeps).unwrap();
    assert_eq!((free.limited_by, free.stability, free.per_seed.len()), (None, None, 3));
    assert!((5e-4..2e-2).contains(&free.rate), "{}", free.rate);

    let mut held = sweeps.clone();
    held[1] = held[1].clone().stable_to(1e-4);
    let held = hint(&held).unwrap();
    assert_eq!((held.limited_by, held.rate), (Some(Limit::Stability), 2e-4));
    assert!(held.reasons().iter().any(|reason| reason.contains("stability limit")), "{:?}", held.reasons());

    let mut cut = sweeps;
    cut.push(with_losses(&cut[0], |step, loss| if step >= 30 { f64::NAN } else { loss }).seeded(9));
    let cut = hint(&cut).unwrap();
    assert_eq!((cut.limited_by, cut.edge), (Some(Limit::Edge), Some(rates()[30])));
    assert_eq!(cut.unread, [(Some(9), NoSuggestion::NeverFalls)], "its edge counts all the same");
}

#[test]
fn nothing_is_hinted_at_where_nothing_was_seen() {
    assert_eq!(hint(&[]), Err(NoSuggestion::NoSweep));
    let flat = |losses: Vec<f64>| hint(&[Sweep::new(rates(), losses).unwrap()]);
    assert_eq!(flat(vec![1.0; 100]), Err(NoSuggestion::NeverFalls));
    assert_eq!(flat((0..100).map(|t| 1.0 + f64::from(t) / 100.0).collect()), Err(NoSuggestion::NeverFalls));
    for seed in 0..20 {
        let losses = noise(seed).take(100).map(|noise| 2.0 + 0.3 * noise).collect();
        assert_eq!(flat(losses), Err(NoSuggestion::NeverFalls), "seed {seed}");
    }
    let cut = with_losses(
        &falls_and_rises(2e-3, 0.3, 0.1, 1),
        |step, loss| if step >= 5 { f64::NAN } else { loss },
    );
    assert!(matches!(hint(&[cut]), Err(NoSuggestion::TooShort { points: 5, .. })));
}

#[test]
fn the_contiguous_valley_starts_where_the_fall_does() {
    // A short fall, a rise, then one stretch down from step 40 to 60.
    let loss = |step: usize| match step {
        0..5 => 2.1 - 0.02 * step as f64,
        5..40 => 2.0 + 0.02 * (step - 5) as f64,
        40..60 => 2.7 - 0.1 * (step - 40) as f64,
        _ => 0.7 + 0.02 * (step - 60) as f64,
    };
    let sweep = Sweep::new(rates(), (0..100).map(loss).collect()).unwrap();
    let valley = FINDERS.iter().find(|finder| finder.name == "valley").unwrap();
    let rate = (valley.suggest)(&sweep).unwrap();
    assert!(rates()[44..56].contains(&rate), "{rate:e} is not in the middle of the fall");
}

#[test]
fn every_plan_is_a_sweep_and_a_spec() {
    for finder in FINDERS {
        let rates = finder.plan.rates();
        assert_eq!(rates.len() as u64, finder.plan.steps);
        Sweep::new(rates, vec![1.0; 100]).unwrap();
        let strategy = format!("sgd lr=1 | {}", finder.plan.schedule()).parse::<lrlab_core::Strategy>();
        strategy.unwrap();
    }
}

/// A sweep like real ones, at times broken.
fn sweeps() -> impl Strategy<Value = Sweep> {
    let shape = (-5.0..-1.0_f64, -1.5..0.5_f64, 0.0..0.4_f64, any::<u64>());
    (shape, prop::option::of((1_usize..100, prop::bool::ANY))).prop_map(
        |((middle, edge, loud, seed), broken)| {
            let sweep = falls_and_rises(10_f64.powf(middle), 10_f64.powf(edge), loud, seed);
            match broken {
                Some((from, nan)) => with_losses(&sweep, |step, loss| match (step < from, nan) {
                    (true, _) => loss,
                    (false, true) => f64::NAN,
                    (false, false) => f64::INFINITY,
                })
                .seeded(seed),
                None => sweep,
            }
        },
    )
}

proptest! {
    #[test]
    fn no_finder_gives_a_rate_without_a_loss(sweep in sweeps()) {
        let finite = sweep.losses().iter().take_while(|loss| loss.is_finite()).count();
        for finder in FINDERS {
            if let Ok(rate) = (finder.suggest)(&sweep) {
                prop_assert!(rate <= sweep.rates()[finite - 1], "{} gives {rate:e}", finder.name);
            }
        }
    }

    #[test]
    fn the_unit_of_the_loss_decides_nothing(sweep in sweeps(), power in -8_i32..8) {
        let unit = 2_f64.powf(f64::from(power));
        let scaled = with_losses(&sweep, |_, loss| loss * unit);
        // The slide has a threshold in units of the loss.
        for finder in FINDERS.iter().filter(|finder| finder.name != "fastai-slide") {
            prop_assert_eq!((finder.suggest)(&sweep), (finder.suggest)(&scaled), "{}", finder.name);
        }
        prop_assert_eq!(edge(&sweep), edge(&scaled));
        let rate = |sweep: Sweep| hint(&[sweep]).map(|hint| hint.rate);
        prop_assert_eq!(rate(sweep), rate(scaled));
    }

    #[test]
    fn the_hint_stays_below_what_is_unstable(
        sweeps in prop::collection::vec(sweeps(), 1..5),
        stable in prop::option::of(-6.0..1.0_f64),
    ) {
        let mut sweeps = sweeps;
        if let Some(stable) = stable {
            sweeps[0] = sweeps[0].clone().stable_to(10_f64.powf(stable));
        }
        if let Ok(hint) = hint(&sweeps) {
            let [low, high] = hint.interval;
            prop_assert!(low <= hint.rate && hint.rate <= high && low > 0.0, "{hint:?}");
            prop_assert!(hint.edge.is_none_or(|edge| high < edge), "{hint:?}");
            prop_assert!(hint.stability.is_none_or(|stable| hint.rate <= 2.0 * stable), "{hint:?}");
            prop_assert_eq!(hint.edge, least_edge(&sweeps));
            prop_assert!(!hint.reasons().is_empty());
        }
    }
}
