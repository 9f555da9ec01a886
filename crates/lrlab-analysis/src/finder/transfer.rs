//! From the best rate of one schedule to that of another, without training.
//!
//! For a schedule with the values `e_1..e_T`, last iterate `x_T`, `D` the distance from the start to
//! the optimum and `G` a bound of the gradient's norm, SGD on a convex loss keeps
//!
//! `E[f(x_T) - f*] <= D^2 / (2 S g) + g G^2 (Q_1 / (2 S) + 1/2 sum_{k<T} (e_k / S_{k+1}) (Q_k / S_k))`
//!
//! at the base rate `g`, where `S_k = sum_{t>=k} e_t`, `Q_k = sum_{t>=k} e_t^2`, `S = S_1`. The `g` that makes it least is
//! `g* = (D / G) sqrt(T1 / T23)`, the root of the first term over the rest at `g = D = G = 1`. D and G
//! belong to the problem, so they drop out of the ratio of two schedules.
//!
//! Defazio et al. 2023 (arXiv 2310.07831), theorem 10; that its optimum follows the best rates of real
//! trainings: Schaipp et al. 2025 (arXiv 2501.18965). From a constant the factors grow with the logarithm of
//! the steps: to a cosine 2.35 over 100, 2.82 over 1,000, 3.19 over 10,000, where rates tuned on four public
//! tables of short trainings were 1.4 to 2.5 times apart. Between two schedules that both end low they hardly do.
//! Assumed: a gradient norm that stays the same through the training and between the schedules; for
//! Adam and its kin the bound is not proven.

/// Why schedules cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TransferError {
    /// A value that no schedule has.
    #[error("value {value} at step {step} is not finite and at least 0")]
    Value {
        /// Which step, from 0.
        step: usize,
        /// The value there.
        value: f64,
    },
    /// Nothing is ever trained.
    #[error("the schedule has no value above 0; give the value of each step")]
    Zero,
}

/// What the best peak rate under `from` is to be multiplied by under `to`, both given as the value of
/// each step in any unit; their lengths may differ.
///
/// Above 1 where `to` wants the higher peak: a decay to 0 wants more than a constant.
///
/// ```
/// use lrlab_analysis::finder::factor;
///
/// let linear: Vec<f64> = (0..1000).map(|t| 1.0 - f64::from(t) / 1000.0).collect();
/// let factor = factor(&[0.1; 1000], &linear)?;
/// assert!((factor - 2.9).abs() < 0.01);
/// # Ok::<(), lrlab_analysis::finder::TransferError>(())
/// ```
///
/// # Errors
/// Values that are negative or not finite, or all 0.
pub fn factor(from: &[f64], to: &[f64]) -> Result<f64, TransferError> {
    Ok(best_peak(to)? / best_peak(from)?)
}

/// The peak rate that makes the bound least for D = G = 1, for a schedule given as the value of each
/// step in any unit. Steps after the last value above 0 change nothing and are left out.
///
/// # Errors
/// As [`factor`].
pub fn best_peak(values: &[f64]) -> Result<f64, TransferError> {
    if let Some(step) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
        return Err(TransferError::Value { step, value: values[step] });
    }
    let last = values.iter().rposition(|&value| value > 0.0).ok_or(TransferError::Zero)?;
    let peak = values.iter().copied().fold(0.0, f64::max);
    // From the end, so that each sum is that of the values from here on.
    let (mut sum, mut squares, mut ends) = (0.0, 0.0, 0.0);
    for (step, value) in values[..=last].iter().map(|value| value / peak).enumerate().rev() {
        let behind = sum;
        sum += value;
        squares += value * value;
        if step < last {
            ends += value / behind * (squares / sum);
        }
    }
    let first = 1.0 / (2.0 * sum);
    let rest = squares / (2.0 * sum) + ends / 2.0;
    Ok((first / rest).sqrt())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// The formula as it is written, in T^2 steps.
    fn direct(values: &[f64]) -> f64 {
        let total = values.len();
        let sum = |from: usize| values[from..].iter().sum::<f64>();
        let squares = |from: usize| values[from..].iter().map(|value| value * value).sum::<f64>();
        let ends: f64 = (0..total - 1).map(|k| values[k] / sum(k + 1) * (squares(k) / sum(k))).sum();
        (1.0 / (2.0 * sum(0)) / (squares(0) / (2.0 * sum(0)) + ends / 2.0)).sqrt()
    }

    fn cosine(steps: u32) -> Vec<f64> {
        let turn = |t| (std::f64::consts::PI * f64::from(t) / f64::from(steps)).cos();
        (0..steps).map(|t| f64::midpoint(1.0, turn(t))).collect()
    }

    #[test]
    fn suffix_sums_give_what_the_formula_says() {
        let warmup: Vec<f64> = (0..300).map(|t| f64::from(t.min(30)) / 30.0).collect();
        for values in [cosine(300), warmup, vec![1.0; 200], vec![1.0]] {
            let (fast, slow) = (best_peak(&values).unwrap(), direct(&values));
            assert!((fast / slow - 1.0).abs() < 1e-12, "{fast} {slow}");
        }
    }

    #[test]
    fn factors_to_cosine_and_linear_are_those_of_numpy() {
        for (steps, to_cosine, to_linear) in [
            (100, 2.353_568_558_891_23, 2.417_213_259_176_08),
            (1000, 2.820_820_666_043_38, 2.901_241_999_841_72),
        ] {
            let constant = vec![1.0; steps as usize];
            let linear: Vec<f64> = (0..steps).map(|t| 1.0 - f64::from(t) / f64::from(steps)).collect();
            assert!((factor(&constant, &cosine(steps)).unwrap() - to_cosine).abs() < 1e-12);
            assert!((factor(&constant, &linear).unwrap() - to_linear).abs() < 1e-12);
        }
    }

    #[test]
    fn units_and_a_tail_of_zeros_change_nothing() {
        let values = cosine(100);
        let scaled: Vec<f64> = values.iter().map(|value| value * 0.125).chain([0.0; 50]).collect();
        assert_eq!(factor(&values, &scaled), Ok(1.0));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        assert_eq!(factor(&[0.0, 0.0], &[1.0]), Err(TransferError::Zero));
        assert_eq!(factor(&[1.0], &[]), Err(TransferError::Zero));
        assert_eq!(best_peak(&[1.0, -1.0]), Err(TransferError::Value { step: 1, value: -1.0 }));
        assert!(best_peak(&[f64::NAN]).is_err());
    }
}
