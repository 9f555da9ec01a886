//! Centres and spreads of one sample, with intervals.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use super::CONFIDENCE;

/// Arithmetic mean; NaN for no values.
///
/// ```
/// assert_eq!(lrlab_analysis::statistics::mean(&[1.0, 2.0, 6.0]), 3.0);
/// ```
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample standard deviation (n - 1); NaN for fewer than two values.
///
/// ```
/// assert_eq!(lrlab_analysis::statistics::standard_deviation(&[1.0, 3.0]), 2.0_f64.sqrt());
/// ```
pub fn standard_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// Median: the middle value, or the mean of the two in the middle; NaN for no values.
///
/// ```
/// assert_eq!(lrlab_analysis::statistics::median(&[9.0, 1.0, 2.0, 4.0]), 3.0);
/// ```
pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// A 95 % confidence interval of the median, from order statistics: exact for any continuous
/// distribution, with at least the coverage it claims.
///
/// Fewer than 6 values cannot give 95 %: their range is returned, which covers the median with
/// probability 1 - 2/2^n. NaN for no values.
///
/// ```
/// use lrlab_analysis::statistics::median_interval;
/// // 10 values: the 2nd and the 9th, 97.9 %.
/// let ten: Vec<f64> = (1..=10).map(f64::from).collect();
/// assert_eq!(median_interval(&ten), [2.0, 9.0]);
/// ```
pub fn median_interval(values: &[f64]) -> [f64; 2] {
    let sorted = sorted(values);
    let n = sorted.len();
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else {
        return [f64::NAN; 2];
    };
    let Ok(binomial) = Binomial::new(0.5, n as u64) else {
        return [first, last];
    };
    // The largest k for which the k-th smallest and k-th largest value still cover.
    let outside = |k: usize| 2.0 * binomial.cdf(k as u64 - 1);
    let k = (1..=n / 2).take_while(|&k| outside(k) <= 1.0 - CONFIDENCE).last().unwrap_or(1);
    [sorted[k - 1], sorted[n - k]]
}

/// Student's t interval of a mean with [`CONFIDENCE`]; `None` for fewer than two values.
///
/// ```
/// use lrlab_analysis::statistics::mean_interval;
/// let [low, high] = mean_interval(&[1.0, 2.0, 3.0]).unwrap();
/// assert!((low - (2.0 - 2.4841)).abs() < 1e-4 && (high - (2.0 + 2.4841)).abs() < 1e-4);
/// ```
pub fn mean_interval(values: &[f64]) -> Option<[f64; 2]> {
    let mean = mean(values);
    let error = standard_error(values)?;
    let t = StudentsT::new(0.0, 1.0, (values.len() - 1) as f64).ok()?;
    let reach = t.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * error;
    Some([mean - reach, mean + reach])
}

/// The value below which a share `q` (0 to 1) of the values lies, linear between order statistics
/// (type 7 of Hyndman and Fan 1996, the default of `NumPy`); NaN for no values or a `q` outside of 0 to 1.
///
/// ```
/// assert_eq!(lrlab_analysis::statistics::quantile(&[4.0, 1.0, 2.0], 0.75), 3.0);
/// ```
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let sorted = sorted(values);
    if sorted.is_empty() || !(0.0..=1.0).contains(&q) {
        return f64::NAN;
    }
    let place = q * (sorted.len() - 1) as f64;
    let [below, above] = [place.floor() as usize, place.ceil() as usize];
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

pub(super) fn standard_error(values: &[f64]) -> Option<f64> {
    (values.len() >= 2).then(|| standard_deviation(values) / (values.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn median_intervals_are_those_of_the_tables() {
        // n, k: the k-th and (n + 1 - k)-th values bound the median with at least 95 %.
        for (n, k) in [(5, 1), (6, 1), (8, 1), (9, 2), (10, 2), (12, 3), (20, 6), (40, 14), (100, 40)] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(median_interval(&values), [f64::from(k), f64::from(n + 1 - k)], "n = {n}");
        }
        assert!(median_interval(&[])[0].is_nan());
        assert_eq!(median_interval(&[3.0]), [3.0, 3.0]);
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = [7.0, 1.0, 3.0, 2.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 2.5), (0.9, 5.8), (1.0, 7.0)] {
            assert!((quantile(&values, q) - expected).abs() < 1e-12, "{q}");
        }
        assert!(quantile(&[], 0.5).is_nan() && quantile(&values, 1.5).is_nan());
    }

    proptest! {
        #[test]
        fn intervals_hold_their_centre(values in prop::collection::vec(-1e3..1e3_f64, 2..60)) {
            let [low, high] = median_interval(&values);
            prop_assert!(low <= median(&values) && median(&values) <= high);
            let [low, high] = mean_interval(&values).unwrap();
            prop_assert!(low <= mean(&values) && mean(&values) <= high);
        }
    }
}
