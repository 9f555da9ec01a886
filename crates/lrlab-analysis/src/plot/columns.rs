//! A million values for a thousand columns, without losing a jump or an extreme.

/// A value and its step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) t: usize,
    pub(super) value: f64,
    /// The value of the step before, which held until `t`; at step 0 that of itself.
    pub(super) before: f64,
}

/// What is kept of the steps that share a column: at least one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) first: Point,
    /// The first of the least values.
    pub(super) least: Point,
    /// The first of the greatest values.
    pub(super) greatest: Point,
    pub(super) last: Point,
}

/// `values` in at most `count` columns of equal width; fewer values have a column each.
pub(super) fn columns(values: &[f64], count: usize) -> Vec<Column> {
    let count = count.min(values.len());
    // In u128, since a column's place times the number of values may be greater than any place.
    let edge = |column: usize| (column as u128 * values.len() as u128).div_ceil(count as u128) as usize;
    (0..count).map(|column| keep(values, edge(column), edge(column + 1))).collect()
}

fn keep(values: &[f64], start: usize, end: usize) -> Column {
    let at = |t: usize| Point { t, value: values[t], before: values[t.saturating_sub(1)] };
    let (mut least, mut greatest) = (start, start);
    for t in start + 1..end {
        if values[t] < values[least] {
            least = t;
        }
        if values[t] > values[greatest] {
            greatest = t;
        }
    }
    Column { first: at(start), least: at(least), greatest: at(greatest), last: at(end - 1) }
}

/// The values kept, in order of their steps.
pub(super) fn points(columns: &[Column]) -> impl Iterator<Item = Point> {
    columns.iter().flat_map(|column| {
        let Column { first, least, greatest, last } = *column;
        let middle = if least.t < greatest.t { [least, greatest] } else { [greatest, least] };
        let mut before = None;
        [first, middle[0], middle[1], last].into_iter().filter(move |point| {
            let new = before != Some(point.t);
            before = Some(point.t);
            new
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_jump_and_extreme_is_kept_at_its_step() {
        let mut values = vec![1.0; 100_000];
        values[70_001..].fill(0.25);
        values[12_345] = 9.0;
        let columns = columns(&values, 300);
        assert_eq!(columns.len(), 300);
        let kept: Vec<(usize, f64)> = points(&columns).map(|point| (point.t, point.value)).collect();
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0), "in order, each step once");
        assert!(kept.contains(&(12_345, 9.0)) && kept.contains(&(70_001, 0.25)));
    }

    #[test]
    fn columns_are_equally_wide_and_hold_every_step_once() {
        for (steps, count) in [(1, 5), (7, 3), (1000, 999), (1001, 10)] {
            let columns = columns(&vec![0.0; steps], count);
            assert_eq!(columns.len(), steps.min(count));
            assert_eq!((columns[0].first.t, columns[columns.len() - 1].last.t), (0, steps - 1));
            assert!(columns.windows(2).all(|pair| pair[0].last.t + 1 == pair[1].first.t));
            for (index, column) in columns.iter().enumerate() {
                assert_eq!(column.first.t * columns.len() / steps, index);
                assert_eq!(column.last.t * columns.len() / steps, index);
            }
        }
    }
}
