//! Where curves are numbered, so that they are told apart without colour.

use super::{axis::Axis, columns::Column};

/// A curve is apart from others where it is this share of the height away, or more.
const APART: f64 = 0.2;
/// Numbers stand apart at this share of the width and height, or more.
const SPREAD: f64 = 0.08;
/// A number on a steep piece is less sure to be read as this curve's: what a full height costs.
const STEEP: f64 = 0.5;

/// The column within `range` of a number for each of `curves`: where the curve is farthest from the
/// others and from the numbers before.
pub(super) fn place(axis: &Axis, curves: &[Vec<Column>], range: std::ops::Range<usize>) -> Vec<usize> {
    let columns = curves.first().map_or(0, Vec::len);
    let span = |curve: &[Column], column: usize| {
        let height = |value| axis.height(value).unwrap_or(-APART);
        [height(curve[column].least.value), height(curve[column].greatest.value)]
    };
    let gap = |a: [f64; 2], b: [f64; 2]| (a[0] - b[1]).max(b[0] - a[1]).max(0.0);
    let middle = (range.start + range.end) as f64 / 2.0;
    let mut marks: Vec<(usize, f64)> = Vec::new();
    for (index, curve) in curves.iter().enumerate() {
        let score = |column: usize| {
            let own = span(curve, column);
            let apart = curves
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, other)| gap(own, span(other, column)))
                .fold(APART, f64::min);
            let spread = marks
                .iter()
                .map(|(place, height)| {
                    let across = place.abs_diff(column) as f64 / columns as f64;
                    across.hypot(height - f64::midpoint(own[0], own[1]))
                })
                .fold(SPREAD, f64::min);
            let aside = (column as f64 + 0.5 - middle).abs() / columns as f64;
            apart / APART + spread / SPREAD - STEEP * (own[1] - own[0]) - 0.1 * aside
        };
        let best = range.clone().max_by(|a, b| score(*a).total_cmp(&score(*b)));
        if let Some(column) = best.filter(|column| *column < columns) {
            let [low, high] = span(curve, column);
            marks.push((column, f64::midpoint(low, high)));
        }
    }
    marks.into_iter().map(|(column, _)| column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Scale, columns::columns};

    #[test]
    fn a_number_stands_where_its_curve_is_alone() {
        // Equal for the first half, then apart.
        let one: Vec<f64> = (0..100).map(|t| if t < 50 { 1.0 } else { 0.2 }).collect();
        let curves = [columns(&one, 20), columns(&[1.0; 100], 20)];
        let axis = Axis::of(Scale::Linear, &curves);
        assert!(place(&axis, &curves, 0..20).iter().all(|column| *column >= 10));
    }

    #[test]
    fn equal_curves_have_numbers_at_different_places() {
        let curves = [columns(&[1.0; 100], 30), columns(&[1.0; 100], 30), columns(&[1.0; 100], 30)];
        let axis = Axis::of(Scale::Linear, &curves);
        let mut places = place(&axis, &curves, 0..30);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 3);
    }
}
