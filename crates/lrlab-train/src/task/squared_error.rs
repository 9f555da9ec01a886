//! Mean squared error in one pass over the predictions, in the manner of `cross_entropy`.

use burn::tensor::{Tensor, TensorData};

use super::Loss;
use crate::flex::to_vec;

/// The mean squared error of `predictions`, of shape `[rows, 1]`, for one target a row.
pub(super) fn squared_error(predictions: Tensor<2>, targets: &[f32]) -> Loss {
    let device = predictions.device().inner();
    let mut derivative = to_vec(predictions.clone().inner());
    let value = differentiate(&mut derivative, targets);
    let derivative = Tensor::from_data(TensorData::new(derivative, [targets.len(), 1]), &device);
    Loss { value, root: (predictions * derivative.autodiff()).sum() }
}

/// The mean squared error; puts its derivative `2 (p - y) / n` in the predictions' place.
///
/// Squares and their sum are f32, as in PyTorch, whose printed losses this has to meet.
pub(super) fn differentiate(predictions: &mut [f32], targets: &[f32]) -> f64 {
    let n = targets.len() as f32;
    let mut sum = 0.0;
    for (p, y) in predictions.iter_mut().zip(targets) {
        let error = *p - y;
        sum += error * error;
        *p = 2.0 * error / n;
    }
    f64::from(sum / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_mean_of_squares_with_its_derivative() {
        let mut predictions = [1.0, 5.0];
        assert_eq!(differentiate(&mut predictions, &[3.0, 2.0]), 6.5);
        assert_eq!(predictions, [-2.0, 3.0]);
    }
}
