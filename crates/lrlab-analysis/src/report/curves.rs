//! What is drawn of a study against its steps: losses, rates, divergence and sharpness.

use lrlab_core::{Outcome, event::Probe};

use crate::{ArmRuns, Run, StepRef, StudyRuns};

use super::{
    StudyReport,
    order::Order,
    quantity::{COLUMNS, FEW_COLUMNS, Line, Quantity, quantile, thin},
};

/// The objective of tasks whose training loss is what counts.
const PLAIN_LOSS: &str = "loss";
/// The objective of tasks that know the expected loss, which their batches only sample.
const EXCESS_LOSS: &str = "excess loss";

/// What is drawn of a study's losses and rates.
#[derive(Clone, Debug)]
pub(super) struct Curves {
    /// The last step of any run, or the last validation if that is drawn and comes later.
    pub(super) last: u64,
    /// The training loss, then the objective where that is something else.
    pub(super) quantities: Vec<Quantity>,
    /// The place of the quantity that tells most: the objective where batches are fresh noise.
    pub(super) telling: usize,
    /// One entry for each arm.
    pub(super) arms: Vec<ArmCurves>,
    /// Which arms are drawn at first, and in which style.
    pub(super) order: Order,
}

/// What is drawn of one arm besides its losses.
#[derive(Clone, Debug)]
pub(super) struct ArmCurves {
    /// Learning rate of each parameter group, of the run that got furthest; it holds until the next
    /// point.
    pub(super) rates: Vec<Line>,
    /// Where runs left all bounds: seed and step.
    pub(super) diverged: Vec<(u64, u64)>,
}

impl Curves {
    /// The curves of `study`.
    pub(super) fn of(report: &StudyReport) -> Self {
        let (study, order) = (&report.runs, Order::of(&report.comparison));
        let mut quantities = vec![Quantity::training_loss(study, &order)];
        let name =
            study.arms.iter().flat_map(|arm| &arm.runs).map(|run| run.started.objective.as_str()).next();
        if let Some(name) = name.filter(|name| *name != PLAIN_LOSS) {
            quantities.extend(Quantity::objective(study, &order, name));
        }
        let telling = if samples_afresh(study) { quantities.len() - 1 } else { 0 };
        Self {
            last: quantities.iter().map(|quantity| quantity.last).max().unwrap_or(0),
            quantities,
            telling,
            arms: study
                .arms
                .iter()
                .enumerate()
                .map(|(index, arm)| {
                    ArmCurves::of(arm, if order.leads(index) { COLUMNS } else { FEW_COLUMNS })
                })
                .collect(),
            order,
        }
    }
}

/// Whether every batch is fresh noise, so that its loss says little about the parameters: the
/// gradient probes of such a task have no rows to measure on.
fn samples_afresh(study: &StudyRuns) -> bool {
    study.arms.iter().flat_map(|arm| &arm.runs).next().is_some_and(|run| {
        let rows = run.probes.iter().find_map(|probed| match probed.probe {
            Probe::Gradient { rows, .. } => Some(rows),
            _ => None,
        });
        !run.started.full_batch && rows.map_or(run.started.objective == EXCESS_LOSS, |rows| rows == 0)
    })
}

impl ArmCurves {
    fn of(arm: &ArmRuns, columns: usize) -> Self {
        let mut rates = Vec::new();
        if let Some(longest) = arm.runs.iter().max_by_key(|run| run.steps.len()) {
            let groups = longest.steps.first().map_or(0, |step| step.lr.len());
            rates = (0..groups)
                .map(|group| {
                    let rate = |s: StepRef<'_>| (s.t, s.lr.get(group).copied().unwrap_or(f64::NAN));
                    thin(group as u64, longest.steps.iter().map(rate), columns)
                })
                .collect();
            // Groups that move alike are one line.
            rates.dedup_by(|next: &mut Line, line| next.t == line.t && next.y == line.y);
        }
        let diverged = |run: &Run| Some((run.started.trial.seed, diverged_at(run)?));
        Self { rates, diverged: arm.runs.iter().filter_map(diverged).collect() }
    }
}

/// The step at which `run` left all bounds, if it did.
pub(super) fn diverged_at(run: &Run) -> Option<u64> {
    match run.outcome {
        Some(Outcome::Diverged { t, .. }) => Some(t),
        _ => None,
    }
}

/// Sharpness of one arm against its limit, over its runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharpness {
    /// Updates made before the measurement.
    pub(super) t: Vec<u64>,
    /// Median over the runs.
    pub(super) value: Vec<f64>,
    /// The least `value - residual` of a run.
    pub(super) low: Vec<f64>,
    /// The greatest `value + residual` of a run.
    pub(super) high: Vec<f64>,
    /// Median limit; NaN where the rate is zero and there is none.
    pub(super) limit: Vec<f64>,
}

/// The measured sharpness of `arm`; empty where it was not measured.
pub(super) fn sharpness(arm: &ArmRuns) -> Sharpness {
    let mut measured: Vec<(u64, [f64; 3])> = arm
        .runs
        .iter()
        .flat_map(|run| &run.probes)
        .filter_map(|probed| match probed.probe {
            Probe::Sharpness { value, residual, limit, .. } if value.is_finite() => {
                Some((probed.t, [value, if residual.is_finite() { residual } else { 0.0 }, limit]))
            }
            _ => None,
        })
        .collect();
    measured.sort_by_key(|(t, _)| *t);
    let mut result = Sharpness::default();
    for same in measured.chunk_by(|a, b| a.0 == b.0) {
        let sorted = |of: fn(&[f64; 3]) -> f64| {
            let mut values: Vec<f64> =
                same.iter().map(|(_, numbers)| of(numbers)).filter(|v| v.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        result.t.push(same[0].0);
        result.value.push(quantile(&sorted(|[value, ..]| *value), 0.5));
        result.low.push(quantile(&sorted(|[value, residual, _]| value - residual), 0.0));
        result.high.push(quantile(&sorted(|[value, residual, _]| value + residual), 1.0));
        result.limit.push(quantile(&sorted(|[.., limit]| *limit), 0.5));
    }
    result
}
