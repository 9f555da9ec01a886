//! What the arms cost, and what they had reached for how much.

use crate::{
    ArmRuns, Run, StudyRuns,
    statistics::{Survival, Wait, mean},
};

use super::Row;

/// Updates until the target was met, with runs that never met it counted as censored.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct TimeToTarget {
    /// Runs that met it.
    pub reached: usize,
    /// Runs that did not while they were watched: to the end of the budget for those that completed or
    /// diverged (a diverged run meets it no more), to the last update for those cut short.
    pub censored: usize,
    /// Updates by which half of the runs have met it (Kaplan and Meier); `None` where half never did.
    pub median: Option<f64>,
    /// Mean updates until it was met, where a run that needs more than `horizon` counts as `horizon`;
    /// `None` where the runs were not watched that long.
    pub restricted_mean: Option<f64>,
    /// The longest budget of the runs, in updates; 0 for no runs.
    pub horizon: u64,
}

/// What an arm had reached after a number of updates.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ComputePoint {
    /// Updates made: gradient evaluations of one run.
    pub updates: u64,
    /// Mean objective over the runs that went as far: each run's latest validation up to there. NaN
    /// for no runs; not finite where a run's objective was not.
    pub objective: f64,
    /// Runs in that mean.
    pub runs: usize,
    /// Runs that did not go as far, because they diverged, failed or were stopped. A mean over the
    /// others is that of the luckier ones.
    pub missing: usize,
}

impl TimeToTarget {
    /// The times of these runs to `target`; nothing is reached where the target is NaN.
    pub(super) fn of(runs: &[Run], target: f64) -> Self {
        let waits: Vec<Wait> = runs.iter().map(|run| wait(run, target)).collect();
        let horizon = runs.iter().map(|run| run.started.horizon.total_steps).max().unwrap_or(0);
        let reached = waits.iter().filter(|wait| wait.reached).count();
        let survival = Survival::of(&waits).ok();
        let known = survival.as_ref().filter(|_| !target.is_nan());
        Self {
            reached,
            censored: waits.len() - reached,
            median: known.and_then(Survival::median),
            restricted_mean: known.and_then(|survival| survival.restricted_mean(horizon as f64)),
            horizon,
        }
    }
}

fn wait(run: &Run, target: f64) -> Wait {
    let watched =
        if run.is_completed() || run.is_diverged() { run.started.horizon.total_steps } else { run.updates() };
    let reached = run.steps_to(target);
    Wait { time: reached.unwrap_or(watched) as f64, reached: reached.is_some() }
}

/// The numbers of updates after which any run of the study was validated, in order: the points at which
/// [`objective_against_compute`] has something new to say.
pub fn compute_points(study: &StudyRuns) -> Vec<u64> {
    let runs = study.arms.iter().flat_map(|arm| &arm.runs);
    let mut points: Vec<u64> =
        runs.flat_map(|run| run.validated.iter().map(|validated| validated.t)).collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// The arm's mean objective after each of these numbers of updates.
pub fn objective_against_compute(arm: &ArmRuns, points: &[u64]) -> Vec<ComputePoint> {
    let at = |&updates: &u64| {
        let values: Vec<f64> = arm.runs.iter().filter_map(|run| objective_at(run, updates)).collect();
        ComputePoint {
            updates,
            objective: mean(&values),
            runs: values.len(),
            missing: arm.runs.len() - values.len(),
        }
    };
    points.iter().map(at).collect()
}

/// The latest objective up to `updates`, of a run that went as far.
fn objective_at(run: &Run, updates: u64) -> Option<f64> {
    let reached = run.validated.iter().map(|validated| validated.t).max().unwrap_or(0);
    if run.updates().max(reached) < updates {
        return None;
    }
    let mut before = run.validated.iter().rev().filter(|validated| validated.t <= updates);
    before.find_map(|validated| validated.metrics.get(&run.started.objective)).map(|metric| metric.0)
}

/// The cheapest arm that is not worse than the best by more than `margin`, as
/// [`Comparison::cheapest`](super::Comparison::cheapest) says.
pub(super) fn cheapest(study: &StudyRuns, rows: &[Row], best: usize, margin: f64) -> usize {
    let is_as_good = |index: &usize| {
        *index == best || rows[*index].against_best.as_ref().is_some_and(|known| known.interval[1] <= margin)
    };
    let cost = |index: usize| {
        let updates: Vec<f64> = study.arms[index].runs.iter().map(|run| run.updates() as f64).collect();
        let waiting = rows[index].time_to_target.restricted_mean.unwrap_or(f64::INFINITY);
        // The best arm goes first where all else is equal.
        (mean(&updates), waiting, index != best)
    };
    let cheaper = |a: &usize, b: &usize| {
        let [a, b] = [cost(*a), cost(*b)];
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
    };
    (0..rows.len()).filter(is_as_good).min_by(cheaper).unwrap_or(best)
}
