//! What all cases together say of a method.
//!
//! Quantiles are the smallest value that so large a share does not exceed, so that an infinite regret (a
//! rate that diverges, or none at all) has its place among the others. Intervals resample problems, not
//! cases: one problem under three schedules is not three problems.

use lrlab::analysis::statistics::{CONFIDENCE, bootstrap_interval, proportion_upper, sign_flip_p};

use crate::{Measured, Result};

const RESAMPLES: usize = 2000;
/// Stands for infinity where it must be averaged.
const HUGE: f64 = 1e300;

/// A figure with its bootstrap interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) interval: [f64; 2],
}

/// One method over all cases.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) method: &'static str,
    /// Regret in standard deviations between seeds: median, 90th percentile, worst.
    pub(crate) median: Figure,
    pub(crate) ninetieth: Figure,
    pub(crate) worst: f64,
    /// Distance from the oracle's rate in octaves: median and 90th percentile.
    pub(crate) octaves_median: Figure,
    pub(crate) octaves: Figure,
    /// Cases without any rate, and cases whose rate diverges on some seed.
    pub(crate) without: usize,
    pub(crate) diverged: usize,
    pub(crate) cases: usize,
    /// Cost as a share of the grid's: median and largest.
    pub(crate) share: [f64; 2],
    /// Cost in whole trainings: median.
    pub(crate) trainings: f64,
}

impl Summary {
    /// Of the method with this index.
    pub(crate) fn of(measured: &[&Measured], index: usize, method: &'static str) -> Result<Self> {
        let regret = |one: &Measured| regret(one, index);
        let octaves = |one: &Measured| octaves(one, index);
        let share = |one: &Measured| {
            one.verdicts[index].advice.gradients as f64 / one.reference.gradients.max(1) as f64
        };
        let trainings = |one: &Measured| one.verdicts[index].advice.gradients as f64 / one.case.steps();
        let all = |of: &dyn Fn(&Measured) -> f64| measured.iter().map(|one| of(one)).collect::<Vec<f64>>();
        let counted = |of: &dyn Fn(&Measured) -> bool| measured.iter().filter(|one| of(one)).count();
        Ok(Self {
            method,
            median: figure(measured, &regret, 0.5)?,
            ninetieth: figure(measured, &regret, 0.9)?,
            worst: quantile(&all(&regret), 1.0),
            octaves_median: figure(measured, &octaves, 0.5)?,
            octaves: figure(measured, &octaves, 0.9)?,
            without: counted(&|one| one.verdicts[index].score.is_none()),
            diverged: counted(&|one| one.verdicts[index].score.is_some_and(|score| score.diverged > 0)),
            cases: measured.len(),
            share: [quantile(&all(&share), 0.5), quantile(&all(&share), 1.0)],
            trainings: quantile(&all(&trainings), 0.5),
        })
    }
}

/// Regret of a method's rate in standard deviations; infinite where it has none.
pub(crate) fn regret(one: &Measured, index: usize) -> f64 {
    one.verdicts[index].score.map_or(f64::INFINITY, |score| score.deviations)
}

/// Octaves between a method's rate and the oracle's; infinite where it has none.
pub(crate) fn octaves(one: &Measured, index: usize) -> f64 {
    one.verdicts[index].score.map_or(f64::INFINITY, |score| score.octaves.abs())
}

/// The smallest value that a share `q` of `values` does not exceed; NaN for none.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (q * sorted.len() as f64 - 1e-9).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// A quantile with its interval, problems being what is resampled.
fn figure(measured: &[&Measured], of: &dyn Fn(&Measured) -> f64, q: f64) -> Result<Figure> {
    let mut problems: Vec<(&str, Vec<f64>)> = Vec::new();
    for one in measured {
        match problems.iter_mut().find(|(name, _)| *name == one.case.problem.name) {
            Some((_, values)) => values.push(of(one)),
            None => problems.push((one.case.problem.name, vec![of(one)])),
        }
    }
    let groups: Vec<Vec<f64>> = problems.into_iter().map(|(_, values)| values).collect();
    interval_of(&groups, q)
}

/// A quantile of all values, with an interval that resamples groups of them.
pub(crate) fn interval_of(groups: &[Vec<f64>], q: f64) -> Result<Figure> {
    let value = quantile(&groups.concat(), q);
    let statistic = |sample: &[Vec<f64>]| quantile(&sample.concat(), q).clamp(-HUGE, HUGE);
    let interval = bootstrap_interval(groups, statistic, CONFIDENCE, RESAMPLES, 1);
    let interval = interval.map_err(|why| why.to_string())?;
    // What lies between a number and infinity is infinite.
    let interval = interval.map(|bound| if bound > HUGE.sqrt() { f64::INFINITY } else { bound });
    Ok(Figure { value, interval })
}

/// Two methods on the same cases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duel {
    /// Cases in which the first has less regret, as much, more.
    pub(crate) cases: [usize; 3],
    /// Two-sided, of the sign-flip test on signed ranks, one sum for each problem.
    pub(crate) p: f64,
}

/// Holds two methods against each other, case by case.
pub(crate) fn duel(measured: &[&Measured], first: usize, second: usize) -> Duel {
    let difference = |one: &&Measured| {
        let [a, b] = [regret(one, first), regret(one, second)];
        // Two infinities are a draw.
        (one.case.problem.name, if a == b { 0.0 } else { a - b })
    };
    duel_of(&measured.iter().map(difference).collect::<Vec<_>>())
}

/// Of differences of regret, each with its problem. A difference is replaced by its rank among all of them,
/// with its sign (Wilcoxon 1945), because an infinite one has no size; the ranks of a problem's cases are
/// added up, and the signs of the sums are flipped.
fn duel_of(differences: &[(&str, f64)]) -> Duel {
    let rank = |size: f64| {
        let below = differences.iter().filter(|(_, other)| other.abs() < size).count();
        let same = differences.iter().filter(|(_, other)| other.abs() == size).count();
        below as f64 + 0.5 * (same as f64 + 1.0)
    };
    let mut sums: Vec<(&str, f64)> = Vec::new();
    for &(problem, difference) in differences.iter().filter(|(_, difference)| *difference != 0.0) {
        let signed = difference.signum() * rank(difference.abs());
        match sums.iter_mut().find(|(name, _)| *name == problem) {
            Some((_, sum)) => *sum += signed,
            None => sums.push((problem, signed)),
        }
    }
    let sums: Vec<f64> = sums.into_iter().map(|(_, sum)| sum).collect();
    let count = |of: &dyn Fn(f64) -> bool| differences.iter().filter(|(_, d)| of(*d)).count();
    Duel { cases: [count(&|d| d < 0.0), count(&|d| d == 0.0), count(&|d| d > 0.0)], p: sign_flip_p(&sums) }
}

impl Duel {
    /// Whether the first has less regret, beyond what chance explains at 5 %.
    pub(crate) fn is_won(&self) -> bool {
        self.p < 0.05 && self.cases[0] > self.cases[2]
    }
}

/// The 95 % bound on a share of which `seen` of `cases` were seen.
pub(crate) fn bound(seen: usize, cases: usize) -> Result<f64> {
    proportion_upper(seen as u64, cases as u64, CONFIDENCE).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_have_their_place_among_quantiles() {
        let values = [3.0, f64::INFINITY, 1.0, 2.0];
        assert_eq!(quantile(&values, 0.5), 2.0);
        assert_eq!(quantile(&values, 0.75), 3.0);
        assert_eq!(quantile(&values, 0.9), f64::INFINITY);
        assert_eq!(quantile(&[5.0; 10], 0.9), 5.0);
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(quantile(&ten, 0.9), 9.0);
    }

    #[test]
    fn an_interval_that_reaches_infinity_says_so() {
        let groups = [vec![1.0, 2.0], vec![f64::INFINITY, f64::INFINITY], vec![1.0, 3.0]];
        let figure = interval_of(&groups, 0.5).unwrap();
        assert_eq!(figure.value, 2.0);
        assert_eq!(figure.interval[1], f64::INFINITY);
        assert!(figure.interval[0] <= 2.0);
    }

    #[test]
    fn a_duel_counts_cases_and_tests_problems() {
        let differences = [("a", -1.0), ("a", -2.0), ("b", f64::NEG_INFINITY), ("c", -0.5), ("d", 0.0)];
        let duel = duel_of(&differences);
        assert_eq!(duel.cases, [4, 1, 0]);
        // Three problems differ, all the same way: 2 of 2^3 flips.
        assert_eq!(duel.p, 0.25);
        let split = duel_of(&[("a", -1.0), ("b", 1.0)]);
        assert_eq!((split.cases, split.p), ([1, 0, 1], 1.0));
        assert!(!duel.is_won() && !split.is_won());
        let seven: Vec<(&str, f64)> = ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, -1.0)).into();
        assert!(duel_of(&seven).is_won());
    }
}
