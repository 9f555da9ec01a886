//! Comparisons of hand-made studies: who is best, who is tied, what counts as reached, what to do next.

#![allow(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

mod quadratic;

use std::collections::BTreeMap;

use lrlab_analysis::{
    ArmRuns, Comparison, Run, StudyRuns, compare,
    compare::{Recommendation, compute_points, objective_against_compute},
    statistics::{Decision, Side},
};
use lrlab_core::{
    Arm, Event, Horizon, Outcome, Protocol, StudySpec,
    event::{Metric, Started, Step, Validated},
    horizon::Duration,
};
use quadratic::{strategy, task, trial};

/// A run validated after 0, 10 and 20 updates, with these objectives.
fn run(seed: u64, objectives: [f64; 3], outcome: Outcome) -> Run {
    let started = Started {
        trial: trial(strategy("sgd lr=0.1"), seed, 20),
        label: None,
        lrlab: "test".to_owned(),
        horizon: Horizon::new(20, 10),
        parameters: 1,
        groups: vec!["all".to_owned()],
        full_batch: false,
        untrained: None,
        objective: "validation loss".to_owned(),
        data: Vec::new(),
        bowl: None,
    };
    let mut events = vec![Event::Started(Box::new(started))];
    for (t, loss) in [(0_u64, 4.0), (5, 2.0), (10, 3.0), (15, 1.0)] {
        let lr = vec![0.1];
        events.push(Event::Step(Step { t, loss, lr, grad_norm: Some(1.0), ..Step::default() }));
    }
    for (t, objective) in [0, 10, 20].into_iter().zip(objectives) {
        let metrics = BTreeMap::from([
            ("validation loss".to_owned(), Metric(objective)),
            ("validation accuracy".to_owned(), Metric(1.0 - objective / 10.0)),
        ]);
        events.push(Event::Validated(Validated { t, metrics }));
    }
    events.push(Event::Finished { outcome });
    Run::fold(events).unwrap()
}

/// Arms by their final objectives, one for each seed from 0; they pass the double half-way.
fn study(arms: &[(&str, &[f64])]) -> StudyRuns {
    let runs = |finals: &[f64]| {
        let run = |(seed, &end): (usize, &f64)| run(seed as u64, [9.0, 2.0 * end, end], Outcome::Completed);
        finals.iter().enumerate().map(run).collect()
    };
    let seeds = arms.iter().map(|(_, finals)| finals.len()).max().unwrap_or(0) as u64;
    StudyRuns {
        spec: StudySpec {
            title: "Which?".to_owned(),
            task: task(),
            arms: arms
                .iter()
                .map(|(label, _)| Arm { label: (*label).to_owned(), strategy: strategy("sgd lr=0.1") })
                .collect(),
            seeds: (0..seeds).collect(),
            budget: Duration::Steps(20),
            batch_size: None,
            protocol: Protocol::default(),
        },
        arms: arms
            .iter()
            .map(|(label, finals)| ArmRuns {
                label: (*label).to_owned(),
                runs: runs(finals),
                ..ArmRuns::default()
            })
            .collect(),
    }
}

fn ties(comparison: &Comparison) -> Vec<bool> {
    comparison.rows.iter().map(|row| row.tied_with_best).collect()
}

const EIGHT: [f64; 8] = [0.10, 0.12, 0.11, 0.09, 0.10, 0.13, 0.08, 0.11];

#[test]
fn a_difference_that_every_seed_shares_is_one_and_a_mixed_one_is_a_tie() {
    let worse = EIGHT.map(|value| 1.5 * value);
    let mut mixed = EIGHT;
    mixed[0] += 0.03;
    mixed[1] -= 0.02;
    let comparison = compare(&study(&[("worse", &worse), ("best", &EIGHT), ("mixed", &mixed)]));
    assert_eq!(comparison.best, Some(1));
    assert_eq!(ties(&comparison), [false, false, true]);
    let p: Vec<Option<f64>> = comparison.rows.iter().map(|row| row.p_value).collect();
    assert_eq!(p[0], Some(2.0 * 2.0 / 256.0));
    assert_eq!(p[1], None);
    // The two seeds that differ can be flipped in 4 ways, all at least as far but 2: p = 1.
    assert!(p[2].unwrap() > 0.4, "{p:?}");
    assert!(comparison.notes.is_empty(), "{:?}", comparison.notes);
    let row = &comparison.rows[1];
    assert_eq!((row.objective.count, row.runs, row.failed, row.diverged), (8, 8, 0, 0));
    assert_eq!(row.final_loss.mean, 2.0 - 0.25 * 2.0 + 1.0);
    assert!((row.accuracy.unwrap().mean - 0.9895).abs() < 1e-12);
}

#[test]
fn too_few_seeds_claim_neither_a_difference_nor_a_tie() {
    let comparison = compare(&study(&[("best", &EIGHT[..3]), ("worse", &[0.2, 0.22, 0.21])]));
    assert_eq!(comparison.best, Some(0));
    assert_eq!(ties(&comparison), [false, false]);
    assert_eq!(comparison.rows[1].p_value, Some(0.25));
    assert_eq!(comparison.notes.len(), 1);
    assert!(comparison.notes[0].starts_with("3 seeds are too few"), "{:?}", comparison.notes);
    assert!(comparison.notes[0].ends_with("at least 6 seeds."), "{:?}", comparison.notes);
    // Equal in every seed is equal, however few they are.
    assert_eq!(ties(&compare(&study(&[("a", &[0.1, 0.2]), ("b", &[0.1, 0.2])]))), [false, true]);
}

#[test]
fn one_seed_is_ranked_and_no_more() {
    let comparison = compare(&study(&[("a", &[0.3]), ("b", &[0.1])]));
    assert_eq!(comparison.best, Some(1));
    assert_eq!(ties(&comparison), [false, false]);
    assert_eq!(comparison.rows[0].p_value, None);
    assert_eq!(comparison.notes, ["One seed: the order is as measured, with no claim of significance."]);
}

#[test]
fn the_target_is_where_the_worst_good_strategy_ended() {
    let comparison = compare(&study(&[("best", &[0.1; 6]), ("good", &[0.15; 6]), ("poor", &[0.3; 6])]));
    assert_eq!(comparison.target, 0.15);
    assert!(comparison.target_words.contains("good"), "{}", comparison.target_words);
    let reached: Vec<usize> = comparison.rows.iter().map(|row| row.reached_target).collect();
    assert_eq!(reached, [6, 6, 0]);
    assert_eq!(comparison.rows[0].steps_to_target.mean, 20.0);
    assert!(comparison.rows[2].steps_to_target.mean.is_nan());
}

#[test]
fn alone_the_best_sets_the_target_with_its_worst_run_so_that_all_its_runs_reach_it() {
    let comparison = compare(&study(&[("best", &EIGHT), ("poor", &[0.5; 8])]));
    assert_eq!(comparison.target, 0.13);
    assert_eq!(comparison.rows[0].reached_target, 8);
    assert_eq!(comparison.rows[0].steps_to_target.count, 8);
}

#[test]
fn diverged_and_failed_arms_are_counted_and_never_best() {
    let mut study =
        study(&[("wild", &[0.01; 8]), ("best", &EIGHT), ("broken", &[0.02; 8]), ("cut", &EIGHT[..6])]);
    study.arms[0].runs[3] = run(3, [9.0, 99.0, f64::NAN], Outcome::Diverged { t: 12, loss: f64::NAN });
    study.arms[2].runs[0] = run(0, [9.0, 9.0, 9.0], Outcome::Failed { why: "no memory".to_owned() });
    let comparison = compare(&study);
    assert_eq!(comparison.best, Some(1));
    let counts: Vec<[usize; 3]> =
        comparison.rows.iter().map(|row| [row.objective.count, row.diverged, row.failed]).collect();
    assert_eq!(counts, [[7, 1, 0], [8, 0, 0], [7, 0, 1], [6, 0, 2]]);
    let p: Vec<bool> = comparison.rows.iter().map(|row| row.p_value.is_some()).collect();
    assert_eq!(p, [false, false, false, true]);
    assert!(ties(&comparison)[3], "it is the same on the six seeds that it has");
    assert!(comparison.notes[0].starts_with("3 of 32 runs failed"), "{:?}", comparison.notes);
}

#[test]
fn where_all_diverge_there_is_no_best_and_no_target() {
    let mut study = study(&[("wild", &[0.1])]);
    study.arms[0].runs[0] = run(0, [9.0, 99.0, 1e9], Outcome::Diverged { t: 12, loss: 1e9 });
    let comparison = compare(&study);
    assert_eq!(comparison.best, None);
    assert!(comparison.target.is_nan());
    assert_eq!(comparison.rows[0].reached_target, 0);
    study.arms[0].runs.clear();
    assert_eq!(compare(&study).rows[0].failed, 1);
}

#[test]
fn a_winner_is_named_with_its_difference_and_what_the_seeds_could_show() {
    let worse = EIGHT.map(|value| 1.5 * value);
    let comparison = compare(&study(&[("worse", &worse), ("best", &EIGHT)]));
    assert_eq!(comparison.recommendation, Recommendation::Winner { arm: 1, seeds: 8 });
    assert!(comparison.recommendation.is_final());
    assert_eq!((comparison.recommendation.arm(), comparison.cheapest), (Some(1), Some(1)));
    assert!(comparison.rows[1].against_best.is_none());
    let known = comparison.rows[0].against_best.as_ref().unwrap();
    assert_eq!((known.pairs, known.level, known.decision), (8, 0.05, Decision::Winner(Side::First)));
    assert!((known.difference - 0.0525).abs() < 1e-12);
    assert!(0.0 < known.interval[0] && known.interval[0] < 0.0525 && known.interval[1] > 0.0525);
    assert!(known.p_value <= 0.05);
    // Standard deviation of half of EIGHT, and less than two of them detectable.
    let least = known.detectable.unwrap();
    assert!(least > 0.0080 && least < 0.025, "{least}");
    let words = comparison.recommendation_words();
    assert_eq!(
        words,
        "Take best: its validation loss is lower than that of every other strategy, on 8 shared seeds."
    );
}

#[test]
fn differences_that_do_not_matter_are_a_tie_and_the_cheaper_one_is_named() {
    // Different by 0.0002 here and there, where 1 % of the mean is 0.00105.
    let mut close = EIGHT;
    for (seed, value) in close.iter_mut().enumerate() {
        *value += if seed % 2 == 0 { 2e-4 } else { -1e-4 };
    }
    let mut study = study(&[("close", &close), ("best", &EIGHT), ("poor", &EIGHT.map(|value| 2.0 * value))]);
    // This one is there with its first validation.
    for (seed, run) in study.arms[0].runs.iter_mut().enumerate() {
        run.validated[1].metrics.insert("validation loss".to_owned(), Metric(close[seed]));
    }
    let comparison = compare(&study);
    assert_eq!(comparison.recommendation, Recommendation::Tied { arms: vec![1, 0], seeds: 8 });
    assert_eq!(comparison.cheapest, Some(0));
    let words = comparison.recommendation_words();
    assert!(words.starts_with("best and close are tied on 8 shared seeds"), "{words}");
    assert!(words.ends_with("The cheapest that is not worse than best is close."), "{words}");
    // Where every difference matters they are not tied, and nobody is shown to be as good as the best.
    study.spec.protocol.equivalence = 0.0;
    let strict = compare(&study);
    let Recommendation::Undecided { leaders, .. } = &strict.recommendation else { panic!("{strict:?}") };
    assert_eq!(leaders, &[1, 0]);
    assert_eq!(strict.cheapest, Some(1));
}

#[test]
fn what_is_open_asks_for_more_seeds() {
    let mut mixed = EIGHT;
    for (seed, value) in mixed.iter_mut().enumerate() {
        *value += if seed % 2 == 0 { 0.03 } else { -0.01 };
    }
    let open = compare(&study(&[("best", &EIGHT), ("mixed", &mixed)]));
    let Recommendation::Undecided { more_seeds: Some(more), leaders } = &open.recommendation else {
        panic!("{:?}", open.recommendation)
    };
    assert!(*more > 0 && !open.recommendation.is_final());
    assert_eq!(leaders, &[0, 1]);
    assert_eq!(
        open.recommendation_words(),
        format!("Undecided between best and mixed: about {more} more seeds.")
    );
    // Five seeds of which each says the same are not enough, and one more is.
    let five = compare(&study(&[("best", &EIGHT[..5]), ("worse", &EIGHT.map(|value| value + 1.0)[..5])]));
    assert_eq!(five.recommendation, Recommendation::Undecided { more_seeds: Some(1), leaders: vec![0, 1] });
    assert_eq!(five.rows[1].against_best.as_ref().unwrap().detectable, None);
}

#[test]
fn arms_that_diverged_are_not_compared() {
    let mut study = study(&[("wild", &EIGHT), ("best", &EIGHT)]);
    study.arms[0].runs[0] = run(0, [9.0, 99.0, f64::NAN], Outcome::Diverged { t: 12, loss: f64::NAN });
    let comparison = compare(&study);
    assert_eq!(comparison.recommendation, Recommendation::OnlyOne { arm: 1 });
    assert!(comparison.recommendation_words().ends_with("it was compared with nothing."));
    study.arms[1].runs[0] = study.arms[0].runs[0].clone();
    let comparison = compare(&study);
    assert_eq!((comparison.recommendation, comparison.cheapest), (Recommendation::NoneFinished, None));
    assert!(comparison.margin.is_nan());
}

#[test]
fn runs_that_never_reach_the_target_are_censored_and_not_left_out() {
    let mut study = study(&[("best", &[0.1; 6]), ("late", &[0.1, 0.1, 0.3, 0.3, 0.3, 0.3])]);
    study.arms[1].runs[5] = run(5, [9.0, 99.0, f64::NAN], Outcome::Diverged { t: 12, loss: f64::NAN });
    study.arms[1].runs[4].outcome = Some(Outcome::Stopped);
    let comparison = compare(&study);
    let [best, late] = [0, 1].map(|arm| comparison.rows[arm].time_to_target);
    assert_eq!(
        (best.reached, best.censored, best.median, best.restricted_mean),
        (6, 0, Some(20.0), Some(20.0))
    );
    assert_eq!((late.reached, late.censored, late.horizon), (2, 4, 20));
    // The stopped run was last seen after 16 updates, the diverged one counts to the end: 2 of the 5
    // left meet it at 20, which is not half.
    assert_eq!((late.median, late.restricted_mean), (None, Some(20.0)));
    assert_eq!(comparison.rows[0].gradients, 6 * 16);
}

#[test]
fn the_objective_is_known_against_compute_as_far_as_runs_went() {
    let mut study = study(&[("a", &[0.1, 0.3])]);
    let points = compute_points(&study);
    assert_eq!(points, [0, 10, 20]);
    let values = |study: &StudyRuns, points: &[u64]| -> Vec<(f64, usize, usize)> {
        let found = objective_against_compute(&study.arms[0], points);
        found.into_iter().map(|point| (point.objective, point.runs, point.missing)).collect()
    };
    assert_eq!(values(&study, &[0, 5, 10, 20]), [(9.0, 2, 0), (9.0, 2, 0), (0.4, 2, 0), (0.2, 2, 0)]);
    study.arms[0].runs[1].validated.truncate(1);
    study.arms[0].runs[1].steps.truncate(2);
    assert_eq!(values(&study, &[5, 20]), [(9.0, 2, 0), (0.1, 1, 1)]);
    assert!(values(&study, &[30])[0].0.is_nan());
}
