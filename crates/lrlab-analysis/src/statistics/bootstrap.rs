//! Bootstrap intervals: for statistics that have no interval of their own.

use super::{Draws, StatisticsError, open_share, quantile, within};

/// The percentile bootstrap interval of `statistic` with `confidence` (between 0 and 1): its quantiles
/// over `resamples` samples drawn from `sample` with replacement (Efron 1979). Equal arguments give
/// equal bits.
///
/// Anything can be resampled: numbers, or rows of several numbers that belong together. `sample` may
/// not be empty and `resamples` not 0. The interval covers what it claims only for large samples:
/// for a mean of 10 normal values at 0.95 about 0.90. For the worst value of a sample it says little,
/// since no resample holds a worse one.
///
/// ```
/// use lrlab_analysis::statistics::{bootstrap_interval, median};
/// let regrets = [0.1, 0.3, 0.2, 0.9, 0.4, 0.2, 0.3];
/// let [low, high] = bootstrap_interval(&regrets, |sample| median(sample), 0.95, 2000, 1)?;
/// assert!((0.1..=0.3).contains(&low) && (0.3..=0.9).contains(&high));
/// # Ok::<(), lrlab_analysis::statistics::StatisticsError>(())
/// ```
pub fn bootstrap_interval<T: Clone>(
    sample: &[T],
    statistic: impl Fn(&[T]) -> f64,
    confidence: f64,
    resamples: usize,
    seed: u64,
) -> Result<[f64; 2], StatisticsError> {
    let confidence = open_share("the confidence", confidence)?;
    within("the number of resamples", resamples as f64, "at least 1", |count| count >= 1.0)?;
    within("the size of the sample", sample.len() as f64, "at least 1", |count| count >= 1.0)?;
    let mut draws = Draws::new(seed);
    let mut resample = sample.to_vec();
    let statistics: Vec<f64> = (0..resamples)
        .map(|_| {
            for place in &mut resample {
                *place = sample[draws.index(sample.len())].clone();
            }
            statistic(&resample)
        })
        .collect();
    let tail = 0.5 * (1.0 - confidence);
    Ok([quantile(&statistics, tail), quantile(&statistics, 1.0 - tail)])
}

#[cfg(test)]
mod tests {
    use super::super::{mean, mean_interval, median};
    use super::*;

    #[test]
    fn for_a_mean_of_many_values_it_is_the_interval_of_the_t_distribution() {
        let values: Vec<f64> = (0..400).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let [low, high] = bootstrap_interval(&values, mean, 0.95, 4000, 3).unwrap();
        let [t_low, t_high] = mean_interval(&values).unwrap();
        assert!((low - t_low).abs() < 0.01 && (high - t_high).abs() < 0.01, "{low} {high} {t_low} {t_high}");
    }

    #[test]
    fn a_seed_is_all_that_decides() {
        let of = |seed| bootstrap_interval(&[0.3, 0.1, 0.9, 0.4], median, 0.9, 200, seed).unwrap();
        assert_eq!(of(5), of(5));
        let rows = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)];
        let ratio =
            |rows: &[(f64, f64)]| rows.iter().map(|row| row.1 / row.0).sum::<f64>() / rows.len() as f64;
        assert_eq!(bootstrap_interval(&rows, ratio, 0.95, 50, 1).unwrap(), [2.0, 2.0], "rows stay together");
    }

    #[test]
    fn what_cannot_be_resampled_is_refused() {
        assert!(bootstrap_interval(&[], mean, 0.95, 10, 1).is_err());
        assert!(bootstrap_interval(&[1.0], mean, 1.0, 10, 1).is_err());
        assert!(bootstrap_interval(&[1.0], mean, 0.95, 0, 1).is_err());
    }
}
