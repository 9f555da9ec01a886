//! Slopes of a curve given by points, as NumPy and PyTorch take them.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// What the tools compute in: f32 where they hold losses in tensors, else f64.
pub(super) trait Float:
    Copy
    + PartialOrd
    + From<u8>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
}

impl Float for f32 {}
impl Float for f64 {}

/// `numpy.gradient` (and `torch.gradient`) with unit spacing: half the difference of the neighbours, at
/// the ends the difference to the one neighbour. Empty for fewer than two values.
pub(super) fn by_index<F: Float>(values: &[F]) -> Vec<F> {
    let last = values.len().saturating_sub(1);
    if last == 0 {
        return Vec::new();
    }
    (0..=last)
        .map(|at| match at {
            0 => values[1] - values[0],
            at if at == last => values[last] - values[last - 1],
            at => (values[at + 1] - values[at - 1]) / F::from(2),
        })
        .collect()
}

/// `torch.gradient` with the coordinates `x`: the slope of the parabola through a point and its
/// neighbours, at the ends that of the line to the one neighbour. Empty for fewer than two values.
pub(super) fn by_coordinate<F: Float>(values: &[F], x: &[F]) -> Vec<F> {
    let last = values.len().saturating_sub(1);
    if last == 0 {
        return Vec::new();
    }
    let line = |at: usize| (values[at + 1] - values[at]) / (x[at + 1] - x[at]);
    (0..=last)
        .map(|at| match at {
            0 => line(0),
            at if at == last => line(last - 1),
            at => {
                let (before, after) = (x[at] - x[at - 1], x[at + 1] - x[at]);
                let a = -after / (before * (before + after));
                let b = (after - before) / (before * after);
                let c = before / (after * (before + after));
                a * values[at - 1] + b * values[at] + c * values[at + 1]
            }
        })
        .collect()
}

/// The place of the least value, the first of equal ones; NaN is less than all else, as both libraries
/// have it. `None` for no values.
pub(super) fn least<F: Float>(values: &[F]) -> Option<usize> {
    let is_nan = |value: F| value.partial_cmp(&value).is_none();
    if let Some(nan) = values.iter().position(|value| is_nan(*value)) {
        return Some(nan);
    }
    let mut least = None;
    for (at, value) in values.iter().enumerate() {
        if least.is_none_or(|least: usize| *value < values[least]) {
            least = Some(at);
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_has_its_slope_at_uneven_points() {
        let x = [0.0, 1.0, 3.0, 4.0, 8.0];
        let values = x.map(|x: f64| x * x);
        let slopes = by_coordinate(&values, &x);
        for at in 1..4 {
            assert!((slopes[at] - 2.0 * x[at]).abs() < 1e-12);
        }
        assert_eq!((slopes[0], slopes[4]), (1.0, 12.0));
        assert_eq!(by_index(&values), [1.0, 4.5, 7.5, 27.5, 48.0]);
    }

    #[test]
    fn nan_is_least() {
        assert_eq!(least(&[2.0, 1.0, f64::NAN, 0.0]), Some(2));
        assert_eq!(least(&[2.0, 1.0, 1.0]), Some(1));
        assert_eq!(least::<f64>(&[]), None);
    }
}
