//! Comparisons of hand-made studies: who is best, who is tied, what counts as reached.

#![allow(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

mod quadratic;

use std::collections::BTreeMap;

use lrlab_analysis::{ArmRuns, Comparison, Run, StudyRuns, compare};
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
        lrlab: "test".to_owned(),
        horizon: Horizon::new(20, 10),
        parameters: 1,
        groups: vec!["all".to_owned()],
        full_batch: false,
        objective: "validation loss".to_owned(),
        bowl: None,
    };
    let mut events = vec![Event::Started(Box::new(started))];
    for (t, loss) in [(0_u64, 4.0), (5, 2.0), (10, 3.0), (15, 1.0)] {
        let lr = vec![0.1];
        events.push(Event::Step(Step {
            t,
            loss,
            lr,
            grad_norm: 1.0,
            turn: None,
            clipped: false,
            at: vec![],
        }));
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
