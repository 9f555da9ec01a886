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

/// The mean of [`smooth`] forwards and backwards over the values before the first that is not finite:
/// as smooth, without the lag.
pub fn smooth_both_ways(losses: &[f64], beta: f64) -> Vec<f64> {
    let forwards = smooth(losses, beta);
    let reversed: Vec<f64> = losses[..forwards.len()].iter().rev().copied().collect();
    let backwards = smooth(&reversed, beta);
    forwards.iter().zip(backwards.iter().rev()).map(|(a, b)| f64::midpoint(*a, *b)).collect()
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
