//! Smoothing a noisy loss.

/// The exponential moving average of `losses` with the bias of its start taken out (Kingma and Ba 2015,
/// section 3): `m = beta m + (1 - beta) x`, shown as `m / (1 - beta^k)` after `k` values.
///
/// It ends before the first value that is not finite, which no average would ever forget. `beta` lies in
/// 0..1; at 0 the values stay as they are. It lags by about `beta / (1 - beta)` steps.
///
/// ```
/// use lrlab_analysis::finder::smooth;
/// assert_eq!(smooth(&[4.0, 1.0, f64::NAN, 1.0], 0.5), [4.0, 2.0]);
/// ```
pub fn smooth(losses: &[f64], beta: f64) -> Vec<f64> {
    let (mut mean, mut weight) = (0.0, 0.0);
    losses
        .iter()
        .take_while(|loss| loss.is_finite())
        .map(|loss| {
            mean = beta * mean + (1.0 - beta) * loss;
            weight = beta * weight + (1.0 - beta);
            mean / weight
        })
        .collect()
}

/// The mean around each value before the first that is not finite, where a value `k` steps away weighs
/// `beta^k`: as smooth as [`smooth`] or more, without its lag, and as sure of the first and last value as
/// an average of one side can be.
///
/// ```
/// use lrlab_analysis::finder::smooth_both_ways;
/// assert_eq!(smooth_both_ways(&[0.0, 4.0, 0.0], 0.5), [2.0 / 1.75, 2.0, 2.0 / 1.75]);
/// ```
pub fn smooth_both_ways(losses: &[f64], beta: f64) -> Vec<f64> {
    let finite = losses.iter().position(|loss| !loss.is_finite()).unwrap_or(losses.len());
    // Sums and weights of each value and all on one side of it.
    let sums = |losses: &mut dyn Iterator<Item = &f64>| -> Vec<[f64; 2]> {
        let mut sum = [0.0, 0.0];
        losses
            .map(|loss| {
                sum = [beta * sum[0] + loss, beta * sum[1] + 1.0];
                sum
            })
            .collect()
    };
    let losses = &losses[..finite];
    let (forwards, backwards) = (sums(&mut losses.iter()), sums(&mut losses.iter().rev()));
    let both = forwards.iter().zip(backwards.iter().rev());
    both.zip(losses).map(|((f, b), loss)| (f[0] + b[0] - loss) / (f[1] + b[1] - 1.0)).collect()
}

/// The `beta` with which [`smooth_both_ways`] averages over the same share of any sweep, a tenth: 0.8 for 100
/// steps.
pub(super) fn beta_for(steps: usize) -> f64 {
    (1.0 - 20.0 / steps.max(1) as f64).clamp(0.5, 0.999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_and_a_line_does_not_lag() {
        assert!(smooth(&[3.0; 50], 0.98).iter().all(|loss| (loss - 3.0).abs() < 1e-12));
        let line: Vec<f64> = (0..101).map(f64::from).collect();
        assert!((smooth(&line, 0.9)[50] - 50.0).abs() > 5.0, "one way it lags");
        assert!((smooth_both_ways(&line, 0.9)[50] - 50.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_after_a_value_that_is_not_finite_counts() {
        for bad in [f64::NAN, f64::INFINITY] {
            assert_eq!(smooth_both_ways(&[2.0, 1.0, bad, 1.0], 0.5).len(), 2);
            assert_eq!(smooth(&[bad], 0.5), [0.0; 0]);
        }
    }
}
