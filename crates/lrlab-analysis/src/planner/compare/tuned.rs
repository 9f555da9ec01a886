//! An arm at the rate that was chosen for it, and what choosing it took.

use lrlab_core::{Arm, Strategy};

use crate::{
    compare::RateResult,
    planner::FindAnswer,
    search::{Observation, Why},
};

/// An arm at the rate that it is compared at.
#[derive(Clone, Debug, PartialEq)]
pub struct TunedArm {
    /// The arm's name.
    pub label: String,
    /// The strategy with that rate.
    pub strategy: Strategy,
    /// The rates that were tried, ascending, with what came of trials that were not given up; empty where
    /// the rate is as written.
    pub rates: Vec<RateResult>,
    /// Those of them that were given up before the end, ascending.
    pub given_up: Vec<f64>,
    /// Which of `rates` was chosen, or is nearest to what was.
    pub chosen: Option<usize>,
    /// Whether the choice can be trusted: worse rates on both sides for a search, any rate that came to
    /// its end for a list.
    pub decided: bool,
    /// Trials spent on the choice.
    pub trials: usize,
    /// Gradient evaluations spent on it.
    pub gradients: u64,
    /// Seeds that the arm was then compared on.
    pub seeds: usize,
}

impl TunedArm {
    pub(super) fn as_written(arm: &Arm) -> Self {
        Self {
            label: arm.label.clone(),
            strategy: arm.strategy.clone(),
            rates: Vec::new(),
            given_up: Vec::new(),
            chosen: None,
            decided: true,
            trials: 0,
            gradients: 0,
            seeds: 0,
        }
    }

    pub(super) fn searched(arm: &Arm, answer: FindAnswer, trials: usize) -> Self {
        let gradients = answer.gradients;
        let Some(found) = answer.found else {
            return Self { trials, gradients, decided: false, ..Self::as_written(arm) };
        };
        let rates = by_rate(&found.observations);
        let distance = |rate: &RateResult| (rate.rate / found.rate).ln().abs();
        let nearest = (0..rates.len()).min_by(|&a, &b| distance(&rates[a]).total_cmp(&distance(&rates[b])));
        // Where every rate diverged, the arm is shown as the user wrote it.
        let all_diverged = found.estimate.why == Why::Diverged;
        Self {
            label: arm.label.clone(),
            strategy: if all_diverged { arm.strategy.clone() } else { found.strategy },
            chosen: nearest.filter(|_| !all_diverged),
            rates,
            given_up: Vec::new(),
            decided: found.estimate.is_decided(),
            trials,
            gradients,
            seeds: 0,
        }
    }
}

/// What a search saw, by rate, ascending.
fn by_rate(observations: &[Observation]) -> Vec<RateResult> {
    let mut rates: Vec<RateResult> = Vec::new();
    for observation in observations {
        let rate = observation.x.exp2();
        let same = |result: &RateResult| (result.rate / rate - 1.0).abs() < 1e-6;
        let place = rates.iter().position(same).unwrap_or_else(|| {
            rates.push(RateResult { rate, objectives: Vec::new(), diverged: 0 });
            rates.len() - 1
        });
        if observation.objective.is_finite() {
            rates[place].objectives.push(observation.objective);
        } else {
            rates[place].diverged += 1;
        }
    }
    rates.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    rates
}
