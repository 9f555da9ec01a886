//! Compares the arms of a study: summaries, targets, ties, what is known of the differences while
//! seeds are still being added, what it cost, and what to do next.

use std::collections::BTreeMap;

use lrlab_core::{Outcome, event::is_of_other_weights};

use crate::{
    ArmRuns, Run, StudyRuns, Verdict, Word,
    diagnose::{diagnose, diagnose_arm},
    statistics::{self, Decision},
};

mod against_best;
mod compute;
pub mod fairness;
mod rates;
mod recommend;
mod seeds;
mod sensitivity;
mod target;
mod ties;

pub use against_best::AgainstBest;
pub use compute::{ComputePoint, TimeToTarget, compute_points, objective_against_compute};
pub use rates::RateResult;
pub use recommend::Recommendation;
pub use seeds::seeds_can_show;
pub use sensitivity::{Cost, OffBest, Sensitivity, sensitivity};

/// Mean and spread of one number over an arm's runs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Summary {
    /// Runs with a finite value.
    pub count: usize,
    /// Arithmetic mean; NaN for no runs.
    pub mean: f64,
    /// Sample standard deviation (n - 1); NaN for fewer than two runs.
    pub standard_deviation: f64,
    /// Median; NaN for no runs.
    pub median: f64,
    /// A 95 % confidence interval of the median (order statistics, exact), or the range for runs
    /// too few to give one.
    pub median_interval: [f64; 2],
}

impl Summary {
    /// Summarises the finite ones of `values`.
    ///
    /// ```
    /// use lrlab_analysis::compare::Summary;
    /// let summary = Summary::of([1.0, 3.0, f64::NAN]);
    /// assert_eq!((summary.count, summary.mean), (2, 2.0));
    /// ```
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        Self {
            count: values.len(),
            mean: statistics::mean(&values),
            standard_deviation: statistics::standard_deviation(&values),
            median: statistics::median(&values),
            median_interval: statistics::median_interval(&values),
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row {
    /// The arm's name.
    pub label: String,
    /// The objective at the end, over the runs that completed.
    pub objective: Summary,
    /// Training loss at the end, over the runs that completed: mean over the last epoch's steps
    /// (full batch: the last step).
    pub final_loss: Summary,
    /// The least epoch mean of the training loss, over the runs that completed.
    pub best_loss: Summary,
    /// Last value of the task's accuracy, where it has one, over the runs that completed.
    pub accuracy: Option<Summary>,
    /// The objective of other weights than those that the trainings are judged by, over the runs that completed,
    /// under its whole name: `ema validation loss`.
    pub beside: Vec<(String, Summary)>,
    /// Updates until a validation first met the target; only of runs that met it, so that no
    /// number stands in for runs that did not.
    pub steps_to_target: Summary,
    /// Runs that met the target.
    pub reached_target: usize,
    /// Runs that diverged: left all bounds, or ended above where they began (the rule for
    /// "diverged", held against each run by itself).
    pub diverged: usize,
    /// Runs that failed, were stopped or are missing.
    pub failed: usize,
    /// Runs that the study asked for.
    pub runs: usize,
    /// The word for the arm, from its runs' evidence together.
    pub verdict: Verdict,
    /// Whether a test that could have told this arm from the best one did not; never set where the
    /// seeds are too few to tell anything, which [`Comparison::notes`] then says. False for the best
    /// itself.
    pub tied_with_best: bool,
    /// Holm-adjusted p-value of the paired sign-flip test against the best arm; `None` for the
    /// best itself, for arms that diverged or failed, and for fewer than two paired runs.
    ///
    /// It holds for a number of seeds set beforehand. While seeds are still being added, the p-value of
    /// [`against_best`](Self::against_best) does.
    pub p_value: Option<f64>,
    /// What the seeds so far say of the difference to the best arm, valid while one looks; `None` for
    /// the best itself, for arms that diverged or failed, and where no seed is shared.
    pub against_best: Option<AgainstBest>,
    /// Gradient evaluations spent, one an update, over all runs, whatever became of them.
    pub gradients: u64,
    /// Updates until a validation first met the target, with runs that did not meet it counted as what
    /// they are: still waiting when they were last seen.
    pub time_to_target: TimeToTarget,
}

/// A study's outcome.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Comparison {
    /// Name of the metric that decides, lower being better.
    pub objective: String,
    /// The value of the objective that counts as reached; NaN where there is no best arm.
    pub target: f64,
    /// How the target was chosen, as one sentence.
    pub target_words: String,
    /// One row for each arm, in the study's order.
    pub rows: Vec<Row>,
    /// Index of the arm with the best mean objective among those of which no run diverged or
    /// failed; `None` if there is none.
    pub best: Option<usize>,
    /// Differences of the objective up to this do not matter, in the objective's unit; NaN where there
    /// is no best arm.
    pub margin: f64,
    /// What to do next, judged while one looks.
    pub recommendation: Recommendation,
    /// The cheapest arm that is not worse than the best: of the best arm and all arms whose confidence
    /// sequence excludes being worse by more than the margin, the one with the fewest updates a run,
    /// and among equals the one with the least restricted mean time to the target. `None` where there
    /// is no best arm.
    pub cheapest: Option<usize>,
    /// What a reader must know before trusting the order: too few seeds, missing runs. One
    /// sentence each; empty when there is nothing to add.
    pub notes: Vec<String>,
}

/// Compares the arms of `study`, with differences of up to its protocol's share of the best mean counted as
/// none.
///
/// Arms are paired by seed and ranked by the mean of the objective. The best arm is held against
/// every other one of which no run diverged or failed, with a sign-flip test on the differences of
/// the same seeds, adjusted for their number (Holm); at 0.05 or more they are tied. Beside it stands
/// a confidence sequence of each difference, which may be looked at after every seed: the
/// recommendation rests on it alone.
pub fn compare(study: &StudyRuns) -> Comparison {
    let mut rows: Vec<Row> = study.arms.iter().map(|arm| row(arm, study.asked(arm))).collect();
    let best = best(study, &rows);
    let target = target::choose(study, &rows, best);
    for (row, arm) in rows.iter_mut().zip(&study.arms) {
        let reached: Vec<u64> = arm.runs.iter().filter_map(|run| run.steps_to(target.value)).collect();
        row.reached_target = reached.len();
        row.steps_to_target = Summary::of(reached.into_iter().map(|steps| steps as f64));
        row.time_to_target = TimeToTarget::of(&arm.runs, target.value);
    }
    let mut notes: Vec<String> = missing(&rows).into_iter().collect();
    let looked = study.spec.protocol.stop_early;
    if let Some(best) = best {
        let unable = ties::mark(study, &mut rows, best);
        notes.extend(unable.filter(|_| !looked));
    } else if !rows.is_empty() {
        notes.push("No strategy brought all its runs to their end: there is no best one.".to_owned());
    }
    let margin =
        best.map_or(f64::NAN, |best| study.spec.protocol.equivalence * rows[best].objective.mean.abs());
    let known = best.and_then(|best| against_best::mark(study, &mut rows, best, margin));
    // Where one looked after every seed, only what holds for that counts.
    for row in rows.iter_mut().filter(|_| looked) {
        row.tied_with_best = row.against_best.as_ref().is_some_and(|known| known.decision == Decision::Tie);
    }
    Comparison {
        objective: objective_name(study),
        margin,
        recommendation: Recommendation::of(best, known),
        cheapest: best.map(|best| compute::cheapest(study, &rows, best, margin)),
        target: target.value,
        target_words: target.words,
        rows,
        best,
        notes,
    }
}

/// The objective is the task's, so any run names it.
fn objective_name(study: &StudyRuns) -> String {
    study
        .arms
        .iter()
        .flat_map(|arm| &arm.runs)
        .next()
        .map_or_else(String::new, |run| run.started.objective.clone())
}

fn row(arm: &ArmRuns, seeds: usize) -> Row {
    let of = |number: fn(&Run) -> Option<f64>| {
        Summary::of(arm.runs.iter().filter(|run| run.is_completed()).filter_map(number))
    };
    let completed = arm.runs.iter().filter(|run| run.is_completed()).count();
    let blown_up = arm.runs.iter().filter(|run| run.is_diverged()).count();
    let diverged = arm.runs.iter().filter(|run| diagnose(run).word == Word::Diverged).count();
    let accuracy = of(accuracy);
    Row {
        label: arm.label.clone(),
        objective: of(Run::objective),
        final_loss: of(Run::final_loss),
        best_loss: of(Run::best_loss),
        accuracy: (accuracy.count > 0).then_some(accuracy),
        beside: beside(arm),
        steps_to_target: Summary::of([]),
        reached_target: 0,
        diverged,
        failed: seeds.saturating_sub(completed + blown_up),
        runs: seeds,
        verdict: diagnose_arm(&arm.runs),
        tied_with_best: false,
        p_value: None,
        against_best: None,
        gradients: arm.runs.iter().map(Run::updates).sum(),
        time_to_target: TimeToTarget::default(),
    }
}

/// The metric whose name says that it is an accuracy: `validation accuracy` for instance.
fn accuracy(run: &Run) -> Option<f64> {
    let metrics = &run.validated.last()?.metrics;
    metrics
        .iter()
        .find(|(name, _)| name.ends_with("accuracy") && !is_of_other_weights(name))
        .map(|(_, metric)| metric.0)
}

/// The objective of the weights that do not judge, by its whole name.
fn beside(arm: &ArmRuns) -> Vec<(String, Summary)> {
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for run in arm.runs.iter().filter(|run| run.is_completed()) {
        let objective = run.started.objective.as_str();
        for (name, metric) in run.validated.last().iter().flat_map(|last| &last.metrics) {
            let of_objective = name.split_once(' ').is_some_and(|(_, rest)| rest == objective);
            if of_objective && is_of_other_weights(name) {
                found.entry(name).or_default().push(metric.0);
            }
        }
    }
    found.into_iter().map(|(name, values)| (name.to_owned(), Summary::of(values))).collect()
}

/// Whether an arm may be ranked: no run diverged or failed, and all that completed have a finite
/// objective. Runs that were stopped or are missing, in a study under way, are left to a note.
fn sound(arm: &ArmRuns) -> bool {
    let broken = |run: &Run| matches!(run.outcome, Some(Outcome::Diverged { .. } | Outcome::Failed { .. }));
    let finite = |run: &Run| run.objective().is_some_and(f64::is_finite);
    arm.runs.iter().any(Run::is_completed)
        && arm.runs.iter().all(|run| !broken(run) && (!run.is_completed() || finite(run)))
}

/// Seed and objective of the runs that completed.
fn objectives(arm: &ArmRuns) -> impl Iterator<Item = (u64, f64)> + '_ {
    let completed = arm.runs.iter().filter(|run| run.is_completed());
    completed.filter_map(|run| Some((run.started.trial.seed, run.objective()?)))
}

fn best(study: &StudyRuns, rows: &[Row]) -> Option<usize> {
    let candidates = || rows.iter().enumerate().filter(|(index, _)| sound(&study.arms[*index]));
    // Where beaten arms get no more seeds, the few that they had may have been kind to them.
    let seeds =
        candidates().map(|(_, row)| row.objective.count).max().filter(|_| study.spec.protocol.stop_early);
    let candidates = candidates().filter(|(_, row)| row.objective.count >= seeds.unwrap_or(0));
    candidates.min_by(|(_, a), (_, b)| a.objective.mean.total_cmp(&b.objective.mean)).map(|(index, _)| index)
}

fn missing(rows: &[Row]) -> Option<String> {
    let missing: usize = rows.iter().map(|row| row.failed).sum();
    let all: usize = rows.iter().map(|row| row.runs).sum();
    (missing > 0).then(|| {
        format!(
            "{missing} of {all} runs failed, were stopped or have not ended; every number is over the others."
        )
    })
}
