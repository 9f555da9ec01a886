//! Softmax cross-entropy in one pass over the logits.
//!
//! `loss = mean over rows of (log sum exp(z) - z_label)`, and its derivative by the logits is
//! `(softmax(z) - onehot(label)) / rows`. A dozen tensor operations on a few hundred numbers cost
//! more in bookkeeping than in arithmetic, so both come from one loop, and autodiff is handed a root
//! with the same derivative: the sum of the logits times that constant.

use burn::tensor::{Tensor, TensorData};

use super::Loss;
use crate::flex::to_vec;

/// The mean cross-entropy of `logits`, of shape `[rows, classes]`, for one label a row.
pub(super) fn cross_entropy(logits: Tensor<2>, labels: &[u8]) -> Loss {
    let [rows, classes] = logits.dims();
    let device = logits.device();
    let mut derivative = to_vec(logits.clone().inner());
    let value = differentiate(&mut derivative, classes, labels);
    let derivative = Tensor::from_data(TensorData::new(derivative, [rows, classes]), &device.inner());
    Loss { value, root: (logits * derivative.autodiff()).sum() }
}

/// The mean cross-entropy of `logits`, row by row; puts its derivative in their place.
pub(crate) fn differentiate<L: Copy + Into<u32>>(logits: &mut [f32], classes: usize, labels: &[L]) -> f64 {
    let scale = 1.0 / labels.len() as f32;
    let mut total = 0.0;
    for (row, &label) in logits.chunks_exact_mut(classes).zip(labels) {
        let label = label.into() as usize;
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let of_label = row[label] - largest;
        let mut sum = 0.0;
        for z in row.iter_mut() {
            *z = (*z - largest).exp();
            sum += *z;
        }
        total += f64::from(sum.ln() - of_label);
        for z in row.iter_mut() {
            *z *= scale / sum;
        }
        row[label] -= scale;
    }
    total / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_definition_and_its_differences() {
        let logits = [1.0_f32, -2.0, 0.5, 3.0, 3.0, -40.0];
        let labels = [2_u8, 0];
        let loss = |logits: &[f32]| differentiate(&mut logits.to_vec(), 3, &labels);
        let by_hand = |z: &[f32], label: usize| {
            let sum: f64 = z.iter().map(|z| f64::from(*z).exp()).sum();
            sum.ln() - f64::from(z[label])
        };
        let expected = f64::midpoint(by_hand(&logits[..3], 2), by_hand(&logits[3..], 0));
        assert!((loss(&logits) - expected).abs() < 1e-6);
        let mut derivative = logits.to_vec();
        differentiate(&mut derivative, 3, &labels);
        for (at, derivative) in derivative.iter().enumerate() {
            let moved = |by: f32| {
                let mut logits = logits;
                logits[at] += by;
                loss(&logits)
            };
            let difference = (moved(0.01) - moved(-0.01)) / 0.02;
            assert!(
                (f64::from(*derivative) - difference).abs() < 1e-4,
                "{at}: {derivative} against {difference}"
            );
        }
    }

    #[test]
    fn huge_logits_overflow_nothing_and_nan_is_kept() {
        assert_eq!(differentiate(&mut [1e30, -1e30], 2, &[0_u8]), 0.0);
        assert!(differentiate(&mut [1e30, -1e30], 2, &[1_u8]) > 1e30);
        assert!(differentiate(&mut [f32::NAN, 0.0], 2, &[1_u8]).is_nan());
    }
}
