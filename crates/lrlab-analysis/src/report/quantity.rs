//! One quantity against steps, small enough to draw: summaries over seeds, single runs thinned to the
//! least and greatest value of each pixel column.

use lrlab_core::{Outcome, event::Validated};

use crate::{ArmRuns, Run, StudyRuns};

use super::order::Order;

/// Points of a summary across the figure where every value is exact: about one for each two pixels.
const EXACT_BINS: u64 = 500;
/// Points where mini-batches make the loss noisy: few enough to see through the noise.
const NOISY_BINS: u64 = 150;
/// Pixel columns of a single run's curve; each gives at most two points.
pub(super) const COLUMNS: usize = 500;
/// Pixel columns of what stands behind in a study of many arms.
pub(super) const FEW_COLUMNS: usize = 60;
/// Points that all single runs of an arm may have together, to keep a page small.
const POINTS_OF_ARM: usize = 10_000;
/// And those of all arms.
const POINTS_OF_ALL: usize = 40_000;

/// A quantity of a study's runs and how it is shown.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    /// What it is called.
    pub(super) name: String,
    /// Values of a run that each point of a summary is the mean of.
    pub(super) bin: u64,
    /// The step in the middle of each bin.
    pub(super) t: Vec<f64>,
    /// The last step with a value.
    pub(super) last: u64,
    /// Whether single runs are so unsteady, by noise or by number of points, that they hide each other.
    pub(super) unsteady: bool,
    /// One entry for each arm.
    pub(super) arms: Vec<Spread>,
    /// Values worth showing, on a log axis: without the flight of diverging runs.
    pub(super) log_range: [f64; 2],
    /// The same on a linear axis.
    pub(super) linear_range: [f64; 2],
}

/// A quantity over the runs of one arm, bin by bin. NaN stands for a gap.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    /// Mean over the runs that came through, or over all if none did.
    pub(super) mean: Vec<f64>,
    /// Median of the same.
    pub(super) median: Vec<f64>,
    /// The value that a tenth of the runs lie below.
    pub(super) low: Vec<f64>,
    /// The value that a tenth of the runs lie above.
    pub(super) high: Vec<f64>,
    /// The single runs, thinned; none of an arm that is not drawn at first.
    pub(super) runs: Vec<Line>,
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

impl Quantity {
    /// The loss of every step's batch.
    pub(super) fn training_loss(study: &StudyRuns, order: &Order) -> Self {
        let all = || study.arms.iter().flat_map(|arm| &arm.runs);
        let last = all().filter_map(|run| run.steps.last()).map(|step| step.t).max().unwrap_or(0);
        let count = last.saturating_add(1);
        // A log that holds only some of the steps must not leave bins empty.
        let spacing = |run: &Run| Some(run.steps.last()?.t.div_ceil((run.steps.len() as u64 - 1).max(1)));
        let spacing = all().filter_map(spacing).max().unwrap_or(1).max(1);
        let bin = count.div_ceil(if exact(study) { EXACT_BINS } else { NOISY_BINS }).max(spacing);
        let middle = |index: u64| {
            let (from, to) = (index * bin, ((index + 1) * bin - 1).min(last));
            (from + to) as f64 / 2.0
        };
        let t = (0..count.div_ceil(bin)).map(middle).collect();
        let values = |run: &Run| run.steps.iter().map(|step| (step.t, step.loss)).collect();
        Self::of((study, order), "training loss", bin, t, last, values, |t| Some((t / bin) as usize))
    }

    /// The metric called `name` at every validation, as far as there are enough for a line.
    pub(super) fn objective(study: &StudyRuns, order: &Order, name: &str) -> Option<Self> {
        let values = |run: &Run| -> Vec<(u64, f64)> {
            let value = |v: &Validated| Some((v.t, v.metrics.get(name)?.0));
            run.validated.iter().filter_map(value).collect()
        };
        let runs: Vec<Vec<(u64, f64)>> =
            study.arms.iter().flat_map(|arm| &arm.runs).map(values).filter(|run| !run.is_empty()).collect();
        let mut grid: Vec<u64> = runs.iter().flatten().map(|(t, _)| *t).collect();
        grid.sort_unstable();
        grid.dedup();
        let last = *grid.last()?;
        // The validation that ends a run early is not a point of the others.
        grid.retain(|at| {
            let reach = runs.iter().filter(|run| run.last().is_some_and(|(t, _)| t >= at));
            let (all, with) = reach.fold((0, 0), |(all, with), run| {
                (all + 1, with + usize::from(run.binary_search_by_key(at, |(t, _)| *t).is_ok()))
            });
            2 * with >= all
        });
        if grid.len() < 2 {
            return None;
        }
        let bin = (grid.len() as u64).div_ceil(EXACT_BINS);
        let middle = |same: &[u64]| same.iter().sum::<u64>() as f64 / same.len() as f64;
        let t = grid.chunks(bin as usize).map(middle).collect();
        let place = |t| grid.binary_search(&t).ok().map(|at| at / bin as usize);
        Some(Self::of((study, order), name, bin, t, last, values, place))
    }

    fn of(
        (study, order): (&StudyRuns, &Order),
        name: &str,
        bin: u64,
        t: Vec<f64>,
        last: u64,
        values: impl Fn(&Run) -> Vec<(u64, f64)>,
        place: impl Fn(u64) -> Option<usize>,
    ) -> Self {
        let most = (POINTS_OF_ALL / order.leading().len().max(1)).min(POINTS_OF_ARM);
        let points = |index| if order.leads(index) { most } else { 0 };
        let arms = study.arms.iter().enumerate();
        let arms: Vec<Spread> =
            arms.map(|(index, arm)| Spread::of(arm, points(index), &values, &place)).collect();
        let unsteady = bin > 1 || !exact(study);
        let [log_range, linear_range] = ranges(&arms, order, study);
        Self { name: name.to_owned(), bin, t, last, unsteady, arms, log_range, linear_range }
    }
}

impl Spread {
    fn of(
        arm: &ArmRuns,
        points: usize,
        values: impl Fn(&Run) -> Vec<(u64, f64)>,
        place: impl Fn(u64) -> Option<usize>,
    ) -> Self {
        let mut spread = Self::default();
        // A run that drops out would make the mean leap, so runs that diverged stand beside it; if
        // none got through, the mean ends where the first run does.
        let through = |run: &&Run| matches!(run.outcome, Some(Outcome::Completed | Outcome::Stopped));
        let binned = |runs: Vec<&Run>| -> Vec<Vec<f64>> {
            runs.into_iter().map(|run| bin_means(values(run), &place)).collect()
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
        for index in 0..reached.unwrap_or(0) {
            let mut values: Vec<f64> =
                binned.iter().filter_map(|run| run.get(index).copied()).filter(|v| v.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            spread.mean.push(if mean.is_finite() { mean } else { f64::NAN });
            spread.median.push(quantile(&values, 0.5));
            spread.low.push(quantile(&values, 0.1));
            spread.high.push(quantile(&values, 0.9));
        }
        if points > 0 {
            let columns = (points / 2 / arm.runs.len().max(1)).clamp(20, COLUMNS);
            let line = |run: &Run| thin(run.started.trial.seed, values(run).into_iter(), columns);
            spread.runs = arm.runs.iter().map(line).collect();
        }
        spread
    }
}

/// Whether every step of every run sees the same data.
fn exact(study: &StudyRuns) -> bool {
    study.arms.iter().flat_map(|arm| &arm.runs).all(|run| run.started.full_batch)
}

/// Mean of `values` in each bin that they reach; NaN where one is not finite, or there is none.
fn bin_means(values: Vec<(u64, f64)>, place: impl Fn(u64) -> Option<usize>) -> Vec<f64> {
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for (t, value) in values {
        let Some(index) = place(t) else { continue };
        if sums.len() <= index {
            sums.resize(index + 1, (0.0, 0.0));
        }
        sums[index].0 += value;
        sums[index].1 += 1.0;
    }
    sums.into_iter().map(|(sum, count)| sum / count).collect()
}

/// The value below which a share `p` of `sorted` lies, between neighbours by straight lines.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = p * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// Keeps the least and the greatest value of each of `columns` columns, and every gap's place.
pub(super) fn thin(key: u64, points: impl Iterator<Item = (u64, f64)>, columns: usize) -> Line {
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

/// Values worth showing of the arms drawn at first, on a log and on a linear axis.
fn ranges(arms: &[Spread], order: &Order, study: &StudyRuns) -> [[f64; 2]; 2] {
    let arms: Vec<&Spread> = order.leading().iter().map(|&index| &arms[index]).collect();
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
