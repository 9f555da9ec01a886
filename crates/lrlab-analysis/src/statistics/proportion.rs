//! Bounds on a proportion: how large can a share be of which a sample showed so much?

use statrs::distribution::{Beta, ContinuousCDF};

use super::{StatisticsError, open_share, within};

/// The exact one-sided upper bound of a proportion (Clopper and Pearson 1934): the share of which
/// `successes` or fewer of `trials` would be seen with a chance of 1 - `confidence`.
///
/// `trials` must be at least 1 and `successes` at most `trials`.
///
/// ```
/// use lrlab_analysis::statistics::proportion_upper;
/// // None of 60: the rule of three says 3/60.
/// assert!((proportion_upper(0, 60, 0.95)? - (1.0 - 0.05_f64.powf(1.0 / 60.0))).abs() < 1e-9);
/// # Ok::<(), lrlab_analysis::statistics::StatisticsError>(())
/// ```
pub fn proportion_upper(successes: u64, trials: u64, confidence: f64) -> Result<f64, StatisticsError> {
    let confidence = open_share("the confidence", confidence)?;
    let trials = within("the number of trials", trials as f64, "at least 1", |trials| trials >= 1.0)?;
    let successes =
        within("the number of successes", successes as f64, "at most the trials", |count| count <= trials)?;
    if successes == trials {
        return Ok(1.0);
    }
    let beta = Beta::new(successes + 1.0, trials - successes);
    Ok(beta.map_or(1.0, |beta| bisect(|share| beta.cdf(share) < confidence)))
}

/// The exact two-sided interval of a proportion (Clopper and Pearson 1934), with at least the
/// confidence that it claims. Arguments as in [`proportion_upper`].
pub fn proportion_interval(
    successes: u64,
    trials: u64,
    confidence: f64,
) -> Result<[f64; 2], StatisticsError> {
    let confidence = open_share("the confidence", confidence)?;
    let one_sided = f64::midpoint(1.0, confidence);
    let high = proportion_upper(successes, trials, one_sided)?;
    Ok([1.0 - proportion_upper(trials - successes, trials, one_sided)?, high])
}

/// Where `below` ends to be true, in 0 to 1.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let [mut low, mut high] = [0.0, 1.0];
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle) { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Binomial, DiscreteCDF};

    use super::*;

    #[test]
    fn at_the_bound_so_few_would_be_seen_with_the_chance_left() {
        for (successes, trials) in [(0, 1000), (1, 10), (52, 1000), (9, 10), (400, 1000)] {
            let bound = proportion_upper(successes, trials, 0.95).unwrap();
            let seen = Binomial::new(bound, trials).unwrap().cdf(successes);
            assert!((seen - 0.05).abs() < 1e-6, "{successes} of {trials}: {bound} {seen}");
        }
        assert_eq!(proportion_upper(10, 10, 0.95).unwrap(), 1.0);
    }

    #[test]
    fn two_sided_intervals_mirror_each_other() {
        let [low, high] = proportion_interval(3, 20, 0.95).unwrap();
        // The value of the tables: 3.21 % to 37.89 %.
        assert!((low - 0.0321).abs() < 1e-4 && (high - 0.3789).abs() < 1e-4, "{low} {high}");
        let mirrored = proportion_interval(17, 20, 0.95).unwrap();
        assert!((mirrored[0] - (1.0 - high)).abs() < 1e-12 && (mirrored[1] - (1.0 - low)).abs() < 1e-12);
        assert_eq!(proportion_interval(0, 20, 0.95).unwrap()[0], 0.0);
    }

    #[test]
    fn what_is_no_proportion_is_refused() {
        assert!(proportion_upper(1, 0, 0.95).is_err());
        assert!(proportion_upper(3, 2, 0.95).is_err() && proportion_interval(3, 2, 0.95).is_err());
        assert!(proportion_upper(1, 2, 1.0).is_err());
    }
}
