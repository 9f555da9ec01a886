//! The paired sign-flip test: exact, whatever the distribution, for one look at a number of pairs set beforehand.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{mean, summary::standard_error};

/// Differences up to this many are tested by counting every flip of their signs (2^20 of them);
/// above it the t distribution stands in.
pub const LARGEST_EXACT: usize = 20;

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
    }
}
