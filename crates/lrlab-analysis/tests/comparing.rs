//! The planner of comparisons, against made-up trainings whose outcome is known.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use lrlab_analysis::{
    Planner, TrialResult,
    planner::{Action, CompareAnswer, ComparePlanner, Ended, Next, Request, replay},
    statistics::Draws,
};
use lrlab_core::{
    Arm, Duration, Horizon, Outcome, Protocol, Strategy, StudySpec, TrialSpec, Tuning,
    layout::{arm_of, is_tuning},
    spec::Code,
};

const STEPS: u64 = 80;
const EPOCH: u64 = 10;

/// The objective of a trial after so many updates; infinite where it has diverged by then.
type Law = dyn Fn(usize, &TrialSpec, u64) -> f64;

fn study(arms: usize, seeds: u64, tuning: Tuning) -> StudySpec {
    let arm = |index: usize| Arm {
        label: format!("arm {index}"),
        strategy: format!("sgd lr=0.1 momentum=0.{index}").parse().unwrap(),
    };
    StudySpec {
        title: "made up".to_owned(),
        task: "line".parse().unwrap(),
        arms: (0..arms).map(arm).collect(),
        seeds: (0..seeds).collect(),
        budget: Duration::Steps(STEPS),
        batch_size: None,
        protocol: Protocol { tuning, stop_early: true, ..Protocol::default() },
    }
}

fn halving(arms: usize, rates: &[f64]) -> Tuning {
    Tuning::Grid { rates: vec![rates.to_vec(); arms], seeds: 1, halving: true }
}

/// What a planner asked for while it was answered by a law, with the most trials that were paused at once.
struct Asked {
    answer: CompareAnswer,
    results: BTreeMap<String, TrialResult>,
    paused: usize,
}

impl Asked {
    /// Seeds that an arm was compared on, or tuned with.
    fn seeds(&self, arm: usize, tuning: bool) -> BTreeSet<u64> {
        let of_arm = self.results.values().filter(|r| arm_of(&r.name) == Some(arm));
        of_arm.filter(|r| is_tuning(&r.name) == tuning).map(|r| r.trial.seed).collect()
    }
}

fn trained(request: &Request, until: u64, law: &Law) -> TrialResult {
    let arm = arm_of(&request.name).unwrap();
    let at = |t: u64| law(arm, &request.trial, t);
    let epochs = (1..=STEPS / EPOCH).map(|epoch| epoch * EPOCH).filter(|t| *t <= until);
    let diverged = epochs.clone().find(|t| at(*t).is_infinite());
    let updates = diverged.unwrap_or(until);
    TrialResult {
        name: request.name.clone(),
        trial: request.trial.clone(),
        outcome: match diverged {
            Some(t) => Some(Outcome::Diverged { t, loss: f64::INFINITY }),
            None => (until == STEPS).then_some(Outcome::Completed),
        },
        updates,
        gradients: updates,
        untrained: None,
        clipped: 0,
        objectives: epochs.filter(|t| *t < updates || diverged.is_none()).map(|t| (t, at(t))).collect(),
        sweep: Vec::new(),
        stable: Vec::new(),
    }
}

fn ask(spec: &StudySpec, law: &Law) -> Asked {
    let horizon = Horizon::new(STEPS, EPOCH);
    let mut planner = ComparePlanner::new(spec.clone(), horizon);
    let mut results: BTreeMap<String, TrialResult> = BTreeMap::new();
    let (mut seen, mut paused) = (Vec::new(), 0);
    let answer = loop {
        let requests = match planner.next(&seen) {
            Next::Stop(answer) => break answer,
            Next::Run(requests) => requests,
        };
        for request in requests {
            let result = match &request.action {
                Action::Run => trained(&request, STEPS, law),
                Action::RunUntil(t) => trained(&request, *t, law),
                Action::Halt(why) => {
                    let paused = &results[&request.name];
                    let outcome = Outcome::Halted { t: paused.updates, why: why.clone() };
                    TrialResult { outcome: Some(outcome), ..paused.clone() }
                }
            };
            results.insert(request.name.clone(), result.clone());
            seen.push(result);
        }
        paused = paused.max(results.values().filter(|result| result.outcome.is_none()).count());
    };
    // From the whole logs alone, and in a new planner, the answer is the same.
    let again = replay(&mut ComparePlanner::new(spec.clone(), horizon), |request| {
        results.get(&request.name).filter(|result| result.trial == request.trial).cloned()
    });
    assert_eq!(again.as_ref(), Some(&answer));
    assert!(results.values().all(|result| result.outcome.is_some()), "a trial was left paused");
    Asked { answer, results, paused }
}

/// A valley in the rate's logarithm with its lowest point at `best`, and some noise for each seed.
fn valley(best: f64, trial: &TrialSpec) -> f64 {
    let octaves = (trial.strategy.lr() / best).log2();
    1.0 + 0.1 * octaves * octaves + 0.02 * noise(trial.seed)
}

/// A number of mean 0 and deviation 1 that belongs to a seed.
fn noise(seed: u64) -> f64 {
    let mut draws = Draws::new(seed);
    (0..12).map(|_| draws.uniform()).sum::<f64>() - 6.0
}

#[test]
fn each_arm_gets_its_own_rate_with_seeds_that_the_comparison_does_not_see() {
    let tuning = Tuning::Grid { rates: vec![vec![0.05, 0.1, 0.2, 0.4]; 2], seeds: 2, halving: false };
    let law = |arm: usize, trial: &TrialSpec, _: u64| valley([0.05, 0.2][arm], trial) + arm as f64;
    let asked = ask(&study(2, 12, tuning), &law);
    let rates: Vec<f64> = asked.answer.arms.iter().map(|arm| arm.strategy.lr()).collect();
    assert_eq!(rates, [0.05, 0.2]);
    assert_eq!((asked.answer.best, asked.answer.ended), (Some(0), Ended::Decided));
    for arm in 0..2 {
        assert!(asked.seeds(arm, true).is_disjoint(&asked.seeds(arm, false)));
        assert_eq!(asked.seeds(arm, true).len(), 2);
    }
}

#[test]
fn a_search_gives_every_arm_the_same_effort() {
    let law = |arm: usize, trial: &TrialSpec, _: u64| valley([0.03, 0.5][arm], trial);
    let asked = ask(&study(2, 12, Tuning::Search { effort: 10.0 }), &law);
    for (arm, best) in asked.answer.arms.iter().zip([0.03, 0.5]) {
        let octaves = (arm.strategy.lr() / best).log2().abs();
        assert!(octaves < 1.0, "{} instead of {best}", arm.strategy.lr());
        assert!(arm.gradients <= 10 * STEPS, "{} gradient evaluations", arm.gradients);
    }
}

#[test]
fn the_worse_half_of_an_arms_rates_is_given_up_by_its_rank_within_the_arm() {
    // The second arm is worse at every rate; each keeps its own best for all that.
    let law = |arm: usize, trial: &TrialSpec, t: u64| valley(0.2, trial) + 10.0 * arm as f64 + 1.0 / t as f64;
    let rates = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
    let asked = ask(&study(2, 6, halving(2, &rates)), &law);
    for arm in &asked.answer.arms {
        assert_eq!(arm.strategy.lr(), 0.2);
        // Seven, four after a quarter, two after a half; of equals the lower goes on.
        assert_eq!(arm.given_up, [0.025, 0.05, 0.4, 0.8, 1.6]);
        assert_eq!(arm.gradients, 3 * 20 + 2 * 40 + 2 * 80);
    }
    let halted = asked.results.values().filter_map(|result| match &result.outcome {
        Some(Outcome::Halted { t, why }) => Some((*t, why.clone())),
        _ => None,
    });
    let at: Vec<u64> = halted
        .map(|(t, why)| {
            assert!(why.contains("given up at update") && why.contains("rates of this strategy"), "{why}");
            t
        })
        .collect();
    assert_eq!((at.iter().filter(|t| **t == 20).count(), at.iter().filter(|t| **t == 40).count()), (6, 4));
}

#[test]
fn giving_up_early_assumes_what_it_says() {
    // A high rate that is behind until the end, and best there, is lost with halving and found without.
    let law = |_: usize, trial: &TrialSpec, t: u64| {
        let late = if t < STEPS { 2.0 } else { 0.5 };
        if trial.strategy.lr() > 0.3 { late } else { valley(0.1, trial) }
    };
    let rates = [0.05, 0.1, 0.4];
    assert_eq!(ask(&study(1, 1, halving(1, &rates)), &law).answer.arms[0].strategy.lr(), 0.1);
    let whole = Tuning::Grid { rates: vec![rates.to_vec()], seeds: 1, halving: false };
    assert_eq!(ask(&study(1, 1, whole), &law).answer.arms[0].strategy.lr(), 0.4);
}

#[test]
fn rates_that_diverge_are_not_chosen_and_an_arm_of_nothing_else_is_shown_as_written() {
    let law = |arm: usize, trial: &TrialSpec, t: u64| {
        if arm == 1 || (trial.strategy.lr() > 0.15 && t > 10) { f64::INFINITY } else { valley(0.4, trial) }
    };
    let asked = ask(&study(2, 12, halving(2, &[0.05, 0.1, 0.2, 0.4])), &law);
    let [sound, broken] = asked.answer.arms.as_slice() else { panic!("two arms") };
    assert_eq!((sound.strategy.lr(), sound.rates[2].diverged), (0.1, 1));
    assert_eq!((broken.chosen, broken.decided, broken.strategy.lr()), (None, false, 0.1));
    // Once it is known to diverge it gets no more seeds, nor does the other need any.
    assert_eq!((asked.answer.ended, sound.seeds, broken.seeds), (Ended::OnlyOne, 6, 6));
}

#[test]
fn beaten_arms_get_no_more_seeds_while_the_others_go_on() {
    let law = |arm: usize, trial: &TrialSpec, _: u64| {
        let own = 0.1 * noise(trial.seed + 1000 * arm as u64);
        [1.0, 1.01, 5.0][arm] + own
    };
    let asked = ask(&study(3, 20, Tuning::AsWritten), &law);
    let seeds: Vec<usize> = asked.answer.arms.iter().map(|arm| arm.seeds).collect();
    assert_eq!(asked.answer.ended, Ended::AllSeeds);
    assert!(seeds[2] < 10 && seeds[..2] == [20, 20], "{seeds:?}");
    assert_eq!(asked.answer.saved(), 20 - seeds[2]);
    assert_eq!(asked.seeds(2, false).len(), seeds[2]);
}

#[test]
fn a_beaten_arm_comes_back_where_those_that_beat_it_diverge_later() {
    let law = |arm: usize, trial: &TrialSpec, _: u64| match arm {
        2 => 5.0 + 0.1 * noise(trial.seed + 7),
        _ if trial.seed >= 12 => f64::INFINITY,
        _ => 1.0 + 0.1 * noise(trial.seed + 1000 * arm as u64),
    };
    let asked = ask(&study(3, 20, Tuning::AsWritten), &law);
    assert_eq!((asked.answer.best, asked.answer.ended), (Some(2), Ended::OnlyOne));
    assert!(asked.answer.arms[2].seeds < asked.answer.arms[0].seeds, "it was beaten for a while");
}

#[test]
fn all_seeds_are_run_where_nothing_ends_early() {
    let mut spec = study(2, 9, Tuning::AsWritten);
    spec.protocol.stop_early = false;
    let asked = ask(&spec, &|arm, trial, _| arm as f64 + valley(0.1, trial));
    assert_eq!((asked.answer.saved(), asked.results.len()), (0, 18));
}

#[test]
fn trials_that_wait_are_few_however_many_arms_there_are() {
    let rates: Vec<f64> = (0..8).map(|k| 0.01 * 2_f64.powf(f64::from(k))).collect();
    let law = |_: usize, trial: &TrialSpec, _: u64| valley(0.1, trial);
    let mut spec = study(1, 1, halving(90, &rates));
    spec.arms = (0..90)
        .map(|index| Arm {
            label: format!("arm {index}"),
            strategy: format!("sgd lr=0.1 momentum={}", f64::from(index) / 100.0).parse().unwrap(),
        })
        .collect();
    let asked = ask(&spec, &law);
    assert_eq!(asked.results.len(), 90 * 8 + 90);
    assert!(asked.paused <= 256, "{} trials waited at once", asked.paused);
}

#[test]
fn code_that_brings_its_rate_is_compared_at_it_without_tuning() {
    let law = |_: usize, trial: &TrialSpec, _: u64| valley(0.1, trial);
    let mut spec = study(2, 4, Tuning::Search { effort: 16.0 });
    let code = Code { name: "mine".to_owned(), takes_rate: false };
    spec.arms[1].strategy = Strategy::of_code(code, 0.07);
    let asked = ask(&spec, &law);
    assert_eq!(asked.answer.arms[1].strategy.lr(), 0.07);
    assert_eq!((asked.answer.arms[1].trials, asked.answer.arms[1].chosen), (0, None));
    assert!(asked.answer.arms[0].trials > 0);
}
