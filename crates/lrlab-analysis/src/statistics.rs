//! Small-sample statistics that hold for what lrlab claims: exact where a count is possible, no
//! randomness anywhere.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// Confidence of every interval in lrlab's tables and verdicts.
pub const CONFIDENCE: f64 = 0.95;

/// Differences up to this many are tested by counting every flip of their signs (2^20 of them);
/// above it the t distribution stands in.
pub const LARGEST_EXACT: usize = 20;

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

/// Two-sided p-value of the paired sign-flip test: the share of all 2^n ways to flip the signs of
/// the differences whose mean is at least as far from 0 as the one seen.
///
/// It assumes nothing of the distribution but that, were the two strategies equal, a difference
/// and its opposite would be equally likely. The smallest p that n pairs can give is
/// [`smallest_p`]. Above [`LARGEST_EXACT`] pairs the p-value is that of Student's t test on the
/// same differences, which the flips' distribution approaches. 1 for no differences.
///
/// ```
/// use lrlab_analysis::statistics::sign_flip_p;
/// assert_eq!(sign_flip_p(&[0.1, 0.2, 0.1, 0.3, 0.2, 0.1]), 2.0 / 64.0);
/// assert_eq!(sign_flip_p(&[1.0, -1.0]), 1.0);
/// ```
pub fn sign_flip_p(differences: &[f64]) -> f64 {
    if differences.iter().all(|&difference| difference == 0.0) {
        return 1.0;
    }
    if differences.len() > LARGEST_EXACT {
        return t_test_p(differences);
    }
    // Sums that are equal on paper differ by rounding: count them as equal.
    let slack = 1e-12 * differences.iter().map(|difference| difference.abs()).sum::<f64>();
    let seen = differences.iter().sum::<f64>().abs() - slack;
    // The first sign can stay: flipping all of them gives the same distance from 0.
    let far = flips_beyond(&differences[1..], differences[0], seen);
    far as f64 * smallest_p(differences.len())
}

/// The least p-value that [`sign_flip_p`] can give for `pairs` pairs: 2/2^n, and 1 for none.
///
/// ```
/// assert_eq!(lrlab_analysis::statistics::smallest_p(5), 0.0625);
/// ```
pub fn smallest_p(pairs: usize) -> f64 {
    0.5_f64.powi(i32::try_from(pairs).unwrap_or(i32::MAX).saturating_sub(1).max(0))
}

/// Holm's adjustment of p-values for several comparisons: adjusted values, in the order given,
/// hold against the level that one alone would be held against.
///
/// ```
/// use lrlab_analysis::statistics::holm;
/// let adjusted = holm(&[0.01, 0.04, 0.03]);
/// for (got, expected) in adjusted.iter().zip([0.03, 0.06, 0.06]) {
///     assert!((got - expected).abs() < 1e-12);
/// }
/// ```
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max(p_values[index] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn standard_error(values: &[f64]) -> Option<f64> {
    (values.len() >= 2).then(|| standard_deviation(values) / (values.len() as f64).sqrt())
}

/// How many of the 2^n ways to give `rest` signs take `sum` at least `far` away from 0.
fn flips_beyond(rest: &[f64], sum: f64, far: f64) -> u64 {
    match rest.split_first() {
        None => u64::from(sum.abs() >= far),
        Some((first, rest)) => flips_beyond(rest, sum + first, far) + flips_beyond(rest, sum - first, far),
    }
}

fn t_test_p(differences: &[f64]) -> f64 {
    let least = smallest_p(differences.len());
    let Some(error) = standard_error(differences) else { return 1.0 };
    let t = mean(differences) / error;
    match StudentsT::new(0.0, 1.0, (differences.len() - 1) as f64) {
        // No test by flips could be surer than this, however far the tail of t reaches.
        Ok(distribution) if t.is_finite() => (2.0 * distribution.sf(t.abs())).clamp(least, 1.0),
        _ => least,
    }
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
    fn sign_flips_agree_with_a_count_by_hand() {
        // |sum| of 1 +- 2 +- 4 over all flips: 7, 1, 3, 5, twice each; 5 is seen.
        assert_eq!(sign_flip_p(&[-1.0, 2.0, 4.0]), 0.5);
        // Fisher's own example (Darwin's maize, n = 15): 863 + 863 of 32768 flips reach the sum.
        let maize =
            [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];
        assert!((sign_flip_p(&maize) - 1726.0 / 32768.0).abs() < 1e-12, "{}", sign_flip_p(&maize));
    }

    #[test]
    fn beyond_twenty_pairs_the_t_test_stands_in() {
        let differences: Vec<f64> = (0..20).map(|i| 0.3 + f64::from(i * i).sin()).collect();
        let [exact, approximate] = [sign_flip_p(&differences), t_test_p(&differences)];
        assert!((exact - approximate).abs() < 0.01, "{exact} {approximate}");
        assert_eq!(sign_flip_p(&[0.25; 30]), smallest_p(30));
        assert_eq!(sign_flip_p(&[0.0; 30]), 1.0);
    }

    proptest! {
        #[test]
        fn p_values_are_bounded_and_even(differences in prop::collection::vec(-5.0..5.0_f64, 0..13)) {
            let p = sign_flip_p(&differences);
            prop_assert!(p <= 1.0 && p >= smallest_p(differences.len()));
            let opposite: Vec<f64> = differences.iter().map(|d| -d).collect();
            prop_assert_eq!(p, sign_flip_p(&opposite));
            // The unit of the differences does not matter.
            let scaled: Vec<f64> = differences.iter().map(|d| 1024.0 * d).collect();
            prop_assert_eq!(p, sign_flip_p(&scaled));
        }

        #[test]
        fn equal_signs_give_the_least_p(differences in prop::collection::vec(0.01..5.0_f64, 1..13)) {
            prop_assert_eq!(sign_flip_p(&differences), smallest_p(differences.len()));
        }

        #[test]
        fn intervals_hold_their_centre(values in prop::collection::vec(-1e3..1e3_f64, 2..60)) {
            let [low, high] = median_interval(&values);
            prop_assert!(low <= median(&values) && median(&values) <= high);
            let [low, high] = mean_interval(&values).unwrap();
            prop_assert!(low <= mean(&values) && mean(&values) <= high);
        }

        #[test]
        fn holm_keeps_the_order_and_never_lowers(p_values in prop::collection::vec(0.0..1.0_f64, 1..9)) {
            let adjusted = holm(&p_values);
            for (i, &p) in p_values.iter().enumerate() {
                prop_assert!(adjusted[i] >= p && adjusted[i] <= 1.0);
                for (j, &other) in p_values.iter().enumerate() {
                    prop_assert!(p > other || adjusted[i] <= adjusted[j]);
                }
            }
            let least = p_values.iter().copied().fold(1.0, f64::min);
            let got = adjusted.iter().copied().fold(1.0, f64::min);
            prop_assert_eq!(got, (least * p_values.len() as f64).min(1.0));
        }
    }
}
