//! A list of rates for one arm, each tried with the same seeds; the worse half may be given up early.
//!
//! Giving up is by rank, and only among the rates of one arm: there it assumes that a rate which is worse
//! than half of the others after a quarter (or half) of the training would be worse at its end too. That
//! fails where a higher rate is slower at first and overtakes later; across schedules, which reach their
//! low rates at different times, it would fail as a rule, and is not done.

use std::sync::Arc;

use lrlab_core::{Arm, Horizon, Outcome, Strategy, StudySpec, TrialSpec};

use super::TunedArm;
use crate::{
    TrialResult,
    compare::RateResult,
    planner::{Action, Request},
    statistics::mean,
};

/// Shares of the training after which the worse half is given up.
const RUNGS: [f64; 2] = [0.25, 0.5];

/// The rates of one arm.
pub(super) struct Grid<'a> {
    pub(super) spec: &'a StudySpec,
    /// The beginning of its runs' names.
    pub(super) prefix: &'a str,
    pub(super) arm: &'a Arm,
    /// Ascending.
    pub(super) rates: &'a [f64],
    pub(super) seeds: u64,
}

/// Updates after which the worse half is given up: at the ends of epochs, where there is a validation.
pub(super) fn rungs(horizon: Horizon) -> Vec<u64> {
    let epoch = horizon.steps_per_epoch.max(1);
    let at = |share: f64| (share * horizon.total_steps as f64 / epoch as f64).round() as u64 * epoch;
    let mut rungs = RUNGS.map(at).to_vec();
    rungs.retain(|&t| t > 0 && t < horizon.total_steps);
    rungs.dedup();
    rungs
}

impl Grid<'_> {
    /// The best rate, or what is to be trained before it can be told.
    pub(super) fn tune<'r>(
        &self,
        rungs: &[u64],
        seen: impl Iterator<Item = &'r TrialResult>,
    ) -> Result<TunedArm, Vec<Request>> {
        // Of a trial that was paused, the last word counts.
        let mut last: Vec<Vec<Option<&TrialResult>>> =
            vec![vec![None; self.seeds as usize]; self.rates.len()];
        for result in seen {
            let rate = self.rates.iter().position(|rate| *rate == result.trial.strategy.lr());
            let seed = result.trial.seed.checked_sub(self.spec.tuning_seed()).map(|seed| seed as usize);
            if let (Some(rate), Some(seed)) = (rate, seed)
                && let Some(place) = last[rate].get_mut(seed)
            {
                *place = Some(result);
            }
        }
        let mut going: Vec<usize> = (0..self.rates.len()).collect();
        let mut wanted = Vec::new();
        for &t in rungs {
            let reached = |result: &TrialResult| result.updates >= t || result.outcome.is_some();
            wanted.extend(self.missing(&going, &last, reached, &Action::RunUntil(t)));
            if !wanted.is_empty() {
                return Err(wanted);
            }
            let up = self.given_up(&mut going, &last, t);
            for (rate, why) in up {
                wanted.extend(self.missing(
                    &[rate],
                    &last,
                    |result| result.outcome.is_some(),
                    &Action::Halt(why),
                ));
            }
        }
        wanted.extend(self.missing(&going, &last, |result| result.outcome.is_some(), &Action::Run));
        if wanted.is_empty() { Ok(self.chosen(&going, &last)) } else { Err(wanted) }
    }

    fn trial(&self, strategy: &Arc<Strategy>, seed: u64) -> TrialSpec {
        TrialSpec { measure: false, ..self.spec.trial(Arc::clone(strategy), seed) }
    }

    /// The trials of `rates` that are not yet `there`.
    fn missing(
        &self,
        rates: &[usize],
        last: &[Vec<Option<&TrialResult>>],
        there: impl Fn(&TrialResult) -> bool,
        action: &Action,
    ) -> Vec<Request> {
        let mut requests = Vec::new();
        for &rate in rates {
            let lr = self.rates[rate];
            let strategy = Arc::new(self.arm.strategy.with_lr(lr));
            for (index, result) in last[rate].iter().enumerate() {
                if result.is_some_and(&there) {
                    continue;
                }
                let seed = self.spec.tuning_seed() + index as u64;
                let name = format!("{}lr-{lr:e}-seed{seed}", self.prefix);
                requests.push(Request { name, trial: self.trial(&strategy, seed), action: action.clone() });
            }
        }
        requests
    }

    /// Takes the worse half out of `going` by what was known after `t` updates, and says why.
    fn given_up(
        &self,
        going: &mut Vec<usize>,
        last: &[Vec<Option<&TrialResult>>],
        t: u64,
    ) -> Vec<(usize, String)> {
        let mut ranked: Vec<(usize, f64)> =
            going.iter().map(|&rate| (rate, mean_at(&last[rate], t))).collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        let of = ranked.len();
        let kept = of.div_ceil(2).max(1);
        let up = ranked.split_off(kept.min(of));
        *going = ranked.into_iter().map(|(rate, _)| rate).collect();
        going.sort_unstable();
        let total = self.rates.len();
        let why = |place: usize| {
            format!(
                "given up at update {t}: place {} of the {of} rates of this strategy still trained (of {total}); \
                 its better half goes on",
                kept + place + 1
            )
        };
        up.into_iter().enumerate().map(|(place, (rate, _))| (rate, why(place))).collect()
    }

    fn chosen(&self, going: &[usize], last: &[Vec<Option<&TrialResult>>]) -> TunedArm {
        let all = || last.iter().flatten().flatten();
        let mut rates: Vec<RateResult> = Vec::new();
        let mut given_up = Vec::new();
        let mut best: Option<(usize, f64)> = None;
        for (index, &rate) in self.rates.iter().enumerate() {
            let of_rate = || last[index].iter().flatten();
            let ended = |is: fn(&Outcome) -> bool| of_rate().any(|r| r.outcome.as_ref().is_some_and(is));
            let result = RateResult {
                rate,
                objectives: of_rate().filter(|r| r.is_completed()).filter_map(|r| r.objective()).collect(),
                diverged: of_rate().filter(|result| result.is_diverged()).count(),
            };
            if ended(|outcome| matches!(outcome, Outcome::Halted { .. })) {
                given_up.push(rate);
            }
            let whole = going.contains(&index) && !ended(|outcome| matches!(outcome, Outcome::Failed { .. }));
            if let Some(mean) = result.mean().filter(|_| whole)
                && best.is_none_or(|(_, least)| mean < least)
            {
                best = Some((index, mean));
            }
            rates.push(result);
        }
        let chosen = best.map(|(index, _)| index);
        let strategy = chosen
            .map_or_else(|| self.arm.strategy.clone(), |index| self.arm.strategy.with_lr(self.rates[index]));
        TunedArm {
            label: self.arm.label.clone(),
            strategy,
            given_up,
            rates,
            chosen,
            decided: chosen.is_some(),
            trials: all().count(),
            gradients: all().map(|result| result.gradients).sum(),
            seeds: 0,
        }
    }
}

/// Mean objective over the seeds as it was known after `t` updates; infinite where a trial diverged or
/// failed before.
fn mean_at(results: &[Option<&TrialResult>], t: u64) -> f64 {
    let at = |result: &TrialResult| {
        let ended = result.updates < t && result.outcome.is_some();
        let known = result.objectives.iter().rev().find(|(when, _)| *when <= t).map(|(_, value)| *value);
        known.filter(|value| !ended && !value.is_nan()).unwrap_or(f64::INFINITY)
    };
    mean(&results.iter().flatten().map(|result| at(result)).collect::<Vec<f64>>())
}
