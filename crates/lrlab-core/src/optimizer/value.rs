//! What a formula is written over: numbers on the CPU, or symbols that record it.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// One element of a tensor, as an optimizer's formula sees it.
///
/// `f32` trains, `f64` is held against PyTorch's f64, and [`Trace`](super::Trace) records the
/// formula for a tensor engine. Coefficients are f64 and are narrowed where they meet the value,
/// as PyTorch narrows its Python floats.
pub trait Value:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// `self * coefficient`.
    fn scale(self, coefficient: f64) -> Self;

    /// `self + coefficient`.
    fn offset(self, coefficient: f64) -> Self;

    /// `self / coefficient`: not the same bits as scaling by the reciprocal.
    fn divide(self, coefficient: f64) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// The size without the sign.
    fn abs(self) -> Self;

    /// The larger of the two; NaN where either is NaN.
    fn max(self, other: Self) -> Self;

    /// 1 above zero, -1 below it, else the value itself: a zero, or NaN.
    fn sign(self) -> Self;

    /// The point that lies `weight` of the way to `end`, computed from the nearer end as PyTorch's `lerp`
    /// does.
    #[expect(clippy::inline_always, reason = "part of formulas")]
    #[inline(always)]
    fn lerp(self, end: Self, weight: f64) -> Self {
        if weight.abs() < 0.5 {
            self + (end - self).scale(weight)
        } else {
            end - (end - self).scale(1.0 - weight)
        }
    }

    /// `then` where the value is below 0, `otherwise` where it is 0 or above; NaN where it is NaN.
    fn if_negative(self, then: Self, otherwise: Self) -> Self;

    /// The value, but no less than `bound`; NaN stays.
    fn at_least(self, bound: f64) -> Self;

    /// The value, but no more than `bound`; NaN stays.
    fn at_most(self, bound: f64) -> Self;

    /// `number`, whatever the value is.
    fn replaced_by(self, number: f64) -> Self;
}

/// A [`Value`] that is a number: what slices of parameters are made of.
pub trait Float: Value + Default + PartialOrd + Into<f64> + Send + Sync + 'static {
    /// The distance from 1 to the next larger number.
    const EPSILON: f64;

    /// The nearest number to `value`.
    fn of(value: f64) -> Self;
}

impl Float for f32 {
    const EPSILON: f64 = Self::EPSILON as f64;

    fn of(value: f64) -> Self {
        value as Self
    }
}

impl Float for f64 {
    const EPSILON: f64 = Self::EPSILON;

    fn of(value: f64) -> Self {
        value
    }
}

impl Value for f32 {
    #[inline]
    fn scale(self, coefficient: f64) -> Self {
        self * coefficient as Self
    }

    #[inline]
    fn offset(self, coefficient: f64) -> Self {
        self + coefficient as Self
    }

    #[inline]
    fn divide(self, coefficient: f64) -> Self {
        self / coefficient as Self
    }

    #[inline]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline]
    fn max(self, other: Self) -> Self {
        // f32::max would drop a NaN, and with it the news that training blew up.
        if self > other || self.is_nan() { self } else { other }
    }

    #[inline]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline]
    fn sign(self) -> Self {
        // f32::signum would make 1 of a zero.
        if self > 0.0 {
            1.0
        } else if self < 0.0 {
            -1.0
        } else {
            self
        }
    }

    #[inline]
    fn if_negative(self, then: Self, otherwise: Self) -> Self {
        if self < 0.0 {
            then
        } else if self.is_nan() {
            self
        } else {
            otherwise
        }
    }

    #[inline]
    fn at_least(self, bound: f64) -> Self {
        let bound = bound as Self;
        if self < bound { bound } else { self }
    }

    #[inline]
    fn at_most(self, bound: f64) -> Self {
        let bound = bound as Self;
        if self > bound { bound } else { self }
    }

    #[inline]
    fn replaced_by(self, number: f64) -> Self {
        number as Self
    }
}

impl Value for f64 {
    #[inline]
    fn scale(self, coefficient: f64) -> Self {
        self * coefficient
    }

    #[inline]
    fn offset(self, coefficient: f64) -> Self {
        self + coefficient
    }

    #[inline]
    fn divide(self, coefficient: f64) -> Self {
        self / coefficient
    }

    #[inline]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline]
    fn max(self, other: Self) -> Self {
        if self > other || self.is_nan() { self } else { other }
    }

    #[inline]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline]
    fn sign(self) -> Self {
        if self > 0.0 {
            1.0
        } else if self < 0.0 {
            -1.0
        } else {
            self
        }
    }

    #[inline]
    fn if_negative(self, then: Self, otherwise: Self) -> Self {
        if self < 0.0 {
            then
        } else if self.is_nan() {
            self
        } else {
            otherwise
        }
    }

    #[inline]
    fn at_least(self, bound: f64) -> Self {
        if self < bound { bound } else { self }
    }

    #[inline]
    fn at_most(self, bound: f64) -> Self {
        if self > bound { bound } else { self }
    }

    #[inline]
    fn replaced_by(self, number: f64) -> Self {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn max_keeps_nan_from_either_side() {
        assert!(Value::max(f32::NAN, 1.0).is_nan() && Value::max(1.0, f32::NAN).is_nan());
        assert!(Value::max(f64::NAN, 1.0).is_nan() && Value::max(1.0, f64::NAN).is_nan());
        assert_eq!((Value::max(2.0_f32, 1.0), Value::max(1.0_f64, 2.0)), (2.0, 2.0));
    }

    #[test]
    fn sign_keeps_zero_and_nan() {
        assert_eq!((Value::sign(-0.5_f32), Value::sign(1e-300_f64)), (-1.0, 1.0));
        assert_eq!((Value::sign(0.0_f32), Value::sign(-0.0_f64).to_bits()), (0.0, (-0.0_f64).to_bits()));
        assert!(Value::sign(f32::NAN).is_nan() && Value::sign(f64::NAN).is_nan());
    }

    #[test]
    fn lerp_reaches_both_ends_exactly() {
        let (start, end) = (0.1_f32, 0.7);
        assert_eq!((Value::lerp(start, end, 0.0), Value::lerp(start, end, 1.0)), (start, end));
        assert_eq!(Value::lerp(1.0_f64, 3.0, 0.25), 1.5);
        assert_eq!(Value::lerp(1.0_f64, 3.0, -1.0), -1.0);
    }

    #[test]
    fn nothing_swallows_nan() {
        let nan = f32::NAN;
        for found in [nan.abs(), nan.sign(), nan.if_negative(1.0, 2.0), nan.at_least(0.0), nan.at_most(0.0)] {
            assert!(found.is_nan());
        }
        assert!(Value::sign(f64::NAN).is_nan() && f64::NAN.if_negative(1.0, 2.0).is_nan());
        assert!(f64::NAN.at_least(0.0).is_nan() && f64::NAN.at_most(0.0).is_nan());
    }

    #[test]
    fn signs_and_bounds_choose_as_they_say() {
        assert_eq!(
            [3.0_f32, -0.5, 0.0, -0.0].map(|x| x.sign().to_bits()),
            [1.0_f32, -1.0, 0.0, -0.0].map(f32::to_bits)
        );
        assert_eq!([-1.0_f64, 0.0, -0.0, 1.0].map(|x| x.if_negative(7.0, 8.0)), [7.0, 8.0, 8.0, 8.0]);
        assert_eq!([0.5_f32, 2.0].map(|x| x.at_least(1.0)), [1.0, 2.0]);
        assert_eq!([0.5_f32, 2.0].map(|x| x.at_most(1.0)), [0.5, 1.0]);
        assert_eq!(f32::NEG_INFINITY.at_least(0.1), 0.1_f32);
        assert_eq!(f32::INFINITY.replaced_by(0.1), 0.1_f32);
    }

    #[test]
    fn coefficients_are_narrowed_before_they_meet_the_value() {
        assert_eq!(3.0_f32.scale(0.1), 3.0 * 0.1_f32);
        assert_eq!(1.0_f32.offset(1e-8), 1.0);
        assert_eq!(1.0_f32.divide(3.0), 1.0 / 3.0_f32);
    }
}
