//! Where a value stands on the value axis of its panel.

use super::{Scale, columns::Column, ticks};

/// Room above the greatest value, and below the least where zero is not in sight, as a share of the
/// axis.
const ROOM: f64 = 0.06;
/// Zero is in sight unless the least value is a greater share of the greatest.
const NARROW: f64 = 0.5;
/// The share of a curve's columns that may leave a log axis below, on their way to zero.
const LEAVING: f64 = 0.02;
/// Only if that shortens the axis by this factor.
const WORTH_LEAVING: f64 = 10.0;

/// The value axis of one panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// The value at its low end.
    pub(super) low: f64,
    high: f64,
    scale: Scale,
    /// What a log axis has no place for.
    pub(super) below: Below,
}

/// What is drawn in a lane below a log axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Below {
    /// Nothing: there is no lane.
    Nothing,
    /// Only zeros.
    Zero,
    /// Zeros, and values less than this, the low end of the axis.
    Less(f64),
}

impl Below {
    /// What the heading says of it.
    pub(super) fn note(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Zero => Some("0 is below the axis".to_owned()),
            Self::Less(than) => Some(format!("less than {} is below the axis", ticks::brief(than))),
        }
    }

    /// The tick of the lane.
    pub(super) fn tick(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Zero => Some("0".to_owned()),
            Self::Less(than) => Some(format!("<{}", ticks::brief(than))),
        }
    }
}

impl Axis {
    /// The axis that shows all of `curves`.
    pub(super) fn of(scale: Scale, curves: &[Vec<Column>]) -> Self {
        match scale {
            Scale::Linear => {
                let columns = || curves.iter().flatten();
                let least = columns().map(|column| column.least.value).fold(f64::INFINITY, f64::min);
                let greatest =
                    columns().map(|column| column.greatest.value).fold(f64::NEG_INFINITY, f64::max);
                Self::linear(least, greatest)
            }
            Scale::Log => Self::log(curves),
        }
    }

    /// The linear axis for values from `least` to `greatest`.
    pub(super) fn linear(least: f64, greatest: f64) -> Self {
        let near = |a: f64, b: f64| a == b || a < b * NARROW;
        let low = if least > 0.0 && near(least, greatest) { 0.0 } else { least };
        let high = if greatest < 0.0 && near(-greatest, -least) { 0.0 } else { greatest };
        let (low, high) = if low == high { (0.0, 1.0) } else { (low, high) };
        // Halves, since the difference of two finite numbers may be none.
        let room = (high / 2.0 - low / 2.0) * (2.0 * ROOM);
        let widened = |end: f64, by: f64| {
            if end == 0.0 { end } else { (end + by).clamp(f64::MIN, f64::MAX) }
        };
        Self {
            low: widened(low, -room),
            high: widened(high, room),
            scale: Scale::Linear,
            below: Below::Nothing,
        }
    }

    fn log(curves: &[Vec<Column>]) -> Self {
        let columns = || curves.iter().flatten();
        let greatest = columns().map(|column| column.greatest.value).fold(f64::MIN_POSITIVE, f64::max);
        let positive = |value: f64| if value > 0.0 { Some(value) } else { None };
        let values =
            || columns().flat_map(|column| [column.least, column.greatest, column.first, column.last]);
        let least = values().filter_map(|point| positive(point.value)).fold(greatest, f64::min);
        // The least value that some curve has for more than a moment.
        let lasting = curves
            .iter()
            .filter_map(|curve| {
                let mut lows: Vec<f64> = curve
                    .iter()
                    .filter_map(|column| positive(column.least.value).or(positive(column.greatest.value)))
                    .collect();
                lows.sort_unstable_by(f64::total_cmp);
                lows.get((curve.len() as f64 * LEAVING) as usize).copied()
            })
            .fold(greatest, f64::min);
        let shortened = least < lasting / WORTH_LEAVING;
        let bottom = if shortened { lasting } else { least };
        let decades = greatest.log10() - bottom.log10();
        let room = 10_f64.powf((decades * ROOM).max(0.05));
        let low = if shortened { 10_f64.powf(bottom.log10().floor()) } else { bottom / room };
        let low = low.max(f64::MIN_POSITIVE.min(bottom));
        let high = (greatest * room).min(f64::MAX);
        let below = if shortened {
            Below::Less(low)
        } else if columns().any(|column| column.least.value <= 0.0) {
            Below::Zero
        } else {
            Below::Nothing
        };
        Self { low, high, scale: Scale::Log, below }
    }

    /// The place of `value` as a share of the axis, from 0 at its low end to 1; none below a log axis.
    pub(super) fn height(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            Scale::Linear => (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0),
            Scale::Log if value < self.low => return None,
            Scale::Log => (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10()),
        };
        // Rounding must not lead outside.
        Some(if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 })
    }

    /// At most about `most` round values on the axis, each with its text.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => ticks::linear(self.low, self.high, most),
            Scale::Log => ticks::log(self.low, self.high, most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::columns::columns;

    #[test]
    fn zero_is_in_sight_unless_values_lie_close_together() {
        assert_eq!(Axis::linear(0.01, 0.1).height(0.0), Some(0.0));
        assert_eq!(Axis::linear(0.1, 0.1).height(0.0), Some(0.0), "a constant");
        assert!(Axis::linear(0.85, 0.95).low > 0.8, "a momentum that cycles");
        assert!(Axis::linear(-0.95, -0.85).high < -0.8);
    }

    #[test]
    fn the_widest_ranges_have_heights() {
        for (least, greatest) in [(f64::MIN, f64::MAX), (0.0, 5e-324), (-5e-324, 0.0), (0.0, 0.0)] {
            let axis = Axis::linear(least, greatest);
            let heights = [least, greatest].map(|value| axis.height(value).unwrap());
            assert!(heights[0] <= heights[1] && heights.iter().all(|h| (0.0..=1.0).contains(h)));
        }
    }

    #[test]
    fn a_log_axis_is_not_stretched_by_the_last_steps_before_zero() {
        let cosine: Vec<f64> = (0..1_000_000)
            .map(|t| 0.05 * (1.0 + (std::f64::consts::PI * f64::from(t) / 1e6).cos()))
            .collect();
        let axis = Axis::of(Scale::Log, &[columns(&cosine, 1000)]);
        assert!(matches!(axis.below, Below::Less(_)));
        assert!((1e-6..1e-4).contains(&axis.low), "{axis:?}");
        assert_eq!(axis.height(2.5e-13), None);

        let steps: Vec<f64> = (0..100).map(|t| 10_f64.powf(-f64::from(t / 10))).collect();
        assert_eq!(Axis::of(Scale::Log, &[columns(&steps, 1000)]).below, Below::Nothing);
    }

    #[test]
    fn zeros_alone_are_below() {
        let axis = Axis::of(Scale::Log, &[columns(&[0.0, 0.5, 1.0], 10)]);
        assert_eq!((axis.below, axis.height(0.0)), (Below::Zero, None));
        assert!(axis.low < 0.5 && axis.height(0.5).is_some());
    }
}
