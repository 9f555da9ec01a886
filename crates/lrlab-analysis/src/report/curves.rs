//! Curves small enough to draw: summaries over seeds in bins of steps, single runs thinned to the
//! least and greatest value of each pixel column.

use lrlab_core::{Outcome, event::Probe, event::Step};

use crate::{ArmRuns, Run, StudyRuns};

/// Bins across the figure where every step sees the same data: about one for each two pixels.
const EXACT_BINS: u64 = 500;
/// Bins where mini-batches make the loss noisy: wide enough to see through the noise.
const NOISY_BINS: u64 = 150;
/// Pixel columns of a single run's curve; each gives at most two points.
const COLUMNS: usize = 500;
/// Points that all single runs of an arm may have together, to keep a page small.
const POINTS_OF_ARM: usize = 10_000;

/// What is drawn of a study's losses and rates.
#[derive(Clone, Debug)]
pub(super) struct Curves {
    /// Steps that each point of a summary is the mean of.
    pub(super) bin: u64,
    /// The step in the middle of each bin.
    pub(super) t: Vec<f64>,
    /// The last step of any run.
    pub(super) last: u64,
    /// One entry for each arm.
    pub(super) arms: Vec<ArmCurves>,
    /// Losses worth showing, on a log axis: without the flight of diverging runs.
    pub(super) log_range: [f64; 2],
    /// The same on a linear axis.
    pub(super) linear_range: [f64; 2],
}

/// The curves of one arm. NaN stands for a gap.
#[derive(Clone, Debug, Default)]
pub(super) struct ArmCurves {
    /// Mean loss over the runs that came through, or over all if none did, bin by bin.
    pub(super) mean: Vec<f64>,
    /// Median of the same.
    pub(super) median: Vec<f64>,
    /// The value that a tenth of the runs lie below.
    pub(super) low: Vec<f64>,
    /// The value that a tenth of the runs lie above.
    pub(super) high: Vec<f64>,
    /// The single runs, thinned.
    pub(super) runs: Vec<Line>,
    /// Learning rate of each parameter group, of the run that got furthest.
    pub(super) rates: Vec<Line>,
    /// Where runs left all bounds: seed and step.
    pub(super) diverged: Vec<(u64, u64)>,
}

/// Points of one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    /// The seed of a run, or the place of a parameter group.
    pub(super) key: u64,
    /// Steps.
    pub(super) t: Vec<u64>,
    /// Values; NaN stands for a gap.
    pub(super) y: Vec<f64>,
}

impl Curves {
    /// The curves of `study`.
    pub(super) fn of(study: &StudyRuns) -> Self {
        let all = || study.arms.iter().flat_map(|arm| &arm.runs);
        let last = all().filter_map(|run| run.steps.last()).map(|step| step.t).max().unwrap_or(0);
        let exact = all().all(|run| run.started.full_batch);
        let count = last.saturating_add(1);
        // A log that holds only some of the steps must not leave bins empty.
        let spacing = |run: &Run| Some(run.steps.last()?.t.div_ceil((run.steps.len() as u64 - 1).max(1)));
        let spacing = all().filter_map(spacing).max().unwrap_or(1).max(1);
        let bin = count.div_ceil(if exact { EXACT_BINS } else { NOISY_BINS }).max(spacing);
        let bins = count.div_ceil(bin);
        let t = (0..bins)
            .map(|index| {
                let (from, to) = (index * bin, ((index + 1) * bin - 1).min(last));
                (from + to) as f64 / 2.0
            })
            .collect();
        let arms: Vec<ArmCurves> =
            study.arms.iter().map(|arm| ArmCurves::of(arm, bin, bins as usize)).collect();
        let [log_range, linear_range] = ranges(&arms, study);
        Self { bin, t, last, arms, log_range, linear_range }
    }
}

impl ArmCurves {
    fn of(arm: &ArmRuns, bin: u64, bins: usize) -> Self {
        let mut curves = Self::default();
        // A run that drops out would make the mean leap, so runs that diverged stand beside it; if
        // none got through, the mean ends where the first run does.
        let through = |run: &&Run| matches!(run.outcome, Some(Outcome::Completed | Outcome::Stopped));
        let binned = |runs: Vec<&Run>| -> Vec<Vec<f64>> {
            runs.into_iter().map(|run| bin_means(&run.steps, bin, bins)).collect()
        };
        let (binned, reached) = if arm.runs.iter().any(|run| through(&run)) {
            let binned = binned(arm.runs.iter().filter(through).collect());
            let reached = binned.iter().map(Vec::len).max();
            (binned, reached)
        } else {
            let binned = binned(arm.runs.iter().collect());
            let reached = binned.iter().map(Vec::len).min();
            (binned, reached)
        };
        let reached = reached.unwrap_or(0);
        for index in 0..reached {
            let mut values: Vec<f64> =
                binned.iter().filter_map(|run| run.get(index).copied()).filter(|v| v.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            curves.mean.push(if mean.is_finite() { mean } else { f64::NAN });
            curves.median.push(quantile(&values, 0.5));
            curves.low.push(quantile(&values, 0.1));
            curves.high.push(quantile(&values, 0.9));
        }
        let columns = (POINTS_OF_ARM / 2 / arm.runs.len().max(1)).clamp(20, COLUMNS);
        curves.runs = arm
            .runs
            .iter()
            .map(|run| thin(run.started.trial.seed, run.steps.iter().map(|s| (s.t, s.loss)), columns))
            .collect();
        if let Some(longest) = arm.runs.iter().max_by_key(|run| run.steps.len()) {
            let groups = longest.steps.first().map_or(0, |step| step.lr.len());
            curves.rates = (0..groups)
                .map(|group| {
                    let rate = |s: &Step| (s.t, s.lr.get(group).copied().unwrap_or(f64::NAN));
                    thin(group as u64, longest.steps.iter().map(rate), COLUMNS)
                })
                .collect();
            // Groups that move alike are one line.
            curves.rates.dedup_by(|next, line| next.t == line.t && next.y == line.y);
        }
        curves.diverged =
            arm.runs.iter().filter_map(|run| Some((run.started.trial.seed, diverged_at(run)?))).collect();
        curves
    }
}

/// The step at which `run` left all bounds, if it did.
pub(super) fn diverged_at(run: &Run) -> Option<u64> {
    match run.outcome {
        Some(Outcome::Diverged { t, .. }) => Some(t),
        _ => None,
    }
}

/// Mean loss of each bin that `steps` reach; NaN where a loss is not finite.
fn bin_means(steps: &[Step], bin: u64, bins: usize) -> Vec<f64> {
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for step in steps {
        let index = (step.t / bin) as usize;
        if index >= bins {
            break;
        }
        if sums.len() <= index {
            sums.resize(index + 1, (0.0, 0.0));
        }
        sums[index].0 += step.loss;
        sums[index].1 += 1.0;
    }
    sums.into_iter().map(|(sum, count)| sum / count).collect()
}

/// The value below which a share `p` of `sorted` lies, between neighbours by straight lines.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = p * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// Keeps the least and the greatest value of each of `columns` columns, and every gap's place.
fn thin(key: u64, points: impl Iterator<Item = (u64, f64)>, columns: usize) -> Line {
    let points: Vec<(u64, f64)> = points.collect();
    let count = points.len();
    let mut line = Line { key, ..Line::default() };
    if count <= 2 * columns {
        (line.t, line.y) =
            points.into_iter().map(|(t, y)| (t, if y.is_finite() { y } else { f64::NAN })).unzip();
        return line;
    }
    for column in points.chunks(count.div_ceil(columns)) {
        let finite = || column.iter().filter(|(_, y)| y.is_finite());
        let mut kept: Vec<(u64, f64)> =
            [finite().min_by(|a, b| a.1.total_cmp(&b.1)), finite().max_by(|a, b| a.1.total_cmp(&b.1))]
                .into_iter()
                .flatten()
                .copied()
                .collect();
        kept.sort_by_key(|(t, _)| *t);
        kept.dedup();
        if kept.is_empty() {
            kept.push((column[0].0, f64::NAN));
        }
        for (t, y) in kept {
            line.t.push(t);
            line.y.push(y);
        }
    }
    line
}

/// A loss this many times the greatest first loss is out of the picture.
const FLIGHT: f64 = 30.0;

/// Losses worth showing, on a log and on a linear axis.
fn ranges(arms: &[ArmCurves], study: &StudyRuns) -> [[f64; 2]; 2] {
    let finite = |values: &[f64]| values.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>();
    let greatest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let starts: Vec<f64> = arms.iter().filter_map(|arm| finite(&arm.mean).first().copied()).collect();
    if starts.is_empty() {
        return [[0.1, 1.0], [0.0, 1.0]];
    }
    let start = greatest(&starts);
    let centres: Vec<f64> = arms.iter().flat_map(|arm| finite(&arm.median)).collect();
    let edges: Vec<f64> =
        arms.iter().flat_map(|arm| [finite(&arm.low), finite(&arm.high)]).flatten().chain(starts).collect();
    let bowls = study.arms.iter().flat_map(|arm| &arm.runs).filter_map(|run| run.started.bowl.as_ref());
    let floor = least(&bowls.map(|bowl| bowl.floor).collect::<Vec<_>>()).min(0.0);

    let top = greatest(&centres).max(start).min(1.5 * start.abs());
    let bottom = least(&centres).min(floor);
    let linear =
        if top > bottom { [bottom, top + 0.06 * (top - bottom)] } else { [bottom - 0.5, bottom + 0.5] };

    let top = greatest(&edges).min(FLIGHT * start).max(f64::MIN_POSITIVE);
    let positive: Vec<f64> = edges.into_iter().filter(|value| *value > 0.0).collect();
    // Below a billionth of the top there is only rounding to see.
    let bottom = least(&positive).clamp(top * 1e-9, top);
    let room = (top / bottom).powf(0.04).max(1.1);
    [[bottom / room, top * room], linear]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_extremes_and_gaps() {
        let spike = |t: u64| if t == 4321 { 99.0 } else { (t % 7) as f64 };
        let line = thin(3, (0..10_000_u64).map(|t| (t, spike(t))), 500);
        assert!(line.t.len() <= 1000);
        assert!(line.y.contains(&99.0) && line.y.contains(&0.0));
        assert!(line.t.is_sorted());

        let broken = thin(0, (0..5000_u64).map(|t| (t, if t < 4000 { 1.0 } else { f64::INFINITY })), 100);
        assert!(broken.y.iter().any(|y| y.is_nan()) && broken.y.iter().all(|y| !y.is_infinite()));
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0], 0.5), 1.5);
        assert_eq!(quantile(&[7.0], 0.9), 7.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
