//! The values of one field over a training, looked at one by one.

/// Steps up to which every one of them is looked at.
pub(super) const EVERY_STEP: u64 = 1_000_000;

/// At rates below this share of the highest one nothing moves: it is far below the rounding of f32
/// (6e-8), and above the rests that `PyTorch`'s recursions leave in place of 0 (2e-13).
const NEGLIGIBLE: f64 = 1e-12;

/// A value and its step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Updates made before.
    pub(super) t: u64,
    /// The value.
    pub(super) value: f64,
}

/// A run of steps, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Run {
    pub(super) fn steps(self) -> u64 {
        self.last - self.first + 1
    }
}

/// The values of a field at growing steps; none where the training raises at its start.
#[derive(Clone, Debug, Default)]
pub(super) struct Curve {
    points: Vec<Point>,
    /// The first of the highest values.
    peak: Option<Point>,
}

impl Curve {
    pub(super) fn of(times: &[u64], value: impl Fn(u64) -> f64) -> Self {
        let points: Vec<Point> = times.iter().map(|t| Point { t: *t, value: value(*t) }).collect();
        Self { peak: highest(&points), points }
    }

    pub(super) fn push(&mut self, t: u64, value: f64) {
        let point = Point { t, value };
        self.points.push(point);
        self.peak = self.peak.filter(|peak| peak.value >= value).or(Some(point));
    }

    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    pub(super) fn first(&self) -> Option<Point> {
        self.points.first().copied()
    }

    pub(super) fn last(&self) -> Option<Point> {
        self.points.last().copied()
    }

    /// The value at a step, or at the last one before it that was looked at.
    pub(super) fn at(&self, t: u64) -> Option<Point> {
        let after = self.points.partition_point(|point| point.t <= t);
        after.checked_sub(1).map(|index| self.points[index])
    }

    /// The first of the highest values.
    pub(super) fn peak(&self) -> Option<Point> {
        self.peak
    }

    /// The first of the highest values from step `t` on.
    pub(super) fn peak_from(&self, t: u64) -> Option<Point> {
        highest(self.from(t))
    }

    /// The first of the highest values before step `t`.
    pub(super) fn peak_before(&self, t: u64) -> Option<Point> {
        highest(&self.points[..self.points.partition_point(|point| point.t < t)])
    }

    /// The first of the lowest values from step `t` on.
    pub(super) fn lowest_from(&self, t: u64) -> Option<Point> {
        let points = self.from(t).iter();
        points.copied().reduce(|low, point| if point.value < low.value { point } else { low })
    }

    fn from(&self, t: u64) -> &[Point] {
        &self.points[self.points.partition_point(|point| point.t < t)..]
    }

    /// Whether it stays where it begins.
    pub(super) fn is_constant(&self) -> bool {
        self.points.windows(2).all(|pair| pair[0].value == pair[1].value)
    }

    /// Whether a value moves nothing, beside the highest one.
    pub(super) fn is_negligible(&self, value: f64) -> bool {
        let peak = self.peak().map_or(0.0, |peak| peak.value);
        value.abs() <= NEGLIGIBLE * peak.max(0.0)
    }

    /// The stretches of two steps or more in which nothing moves.
    pub(super) fn dead_stretches(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut open: Option<Run> = None;
        for point in &self.points {
            open = match open {
                _ if !self.is_negligible(point.value) => {
                    runs.extend(open.take());
                    None
                }
                Some(run) => Some(Run { last: point.t, ..run }),
                None => Some(Run { first: point.t, last: point.t }),
            };
        }
        runs.extend(open);
        runs.retain(|run| run.steps() > 1);
        runs
    }

    /// Values of two steps that follow each other, where both were looked at.
    pub(super) fn neighbours(&self) -> impl Iterator<Item = (Point, Point)> {
        let pairs = self.points.windows(2).map(|pair| (pair[0], pair[1]));
        pairs.filter(|(before, after)| before.t + 1 == after.t)
    }
}

fn highest(points: &[Point]) -> Option<Point> {
    points.iter().copied().reduce(|high, point| if point.value > high.value { point } else { high })
}

/// The steps that are looked at: all of a training, or evenly many of them, with those around each of
/// the `borders`.
pub(super) fn times(total: u64, borders: &[u64]) -> Vec<u64> {
    if total <= EVERY_STEP {
        return (0..total).collect();
    }
    let stride = total.div_ceil(EVERY_STEP);
    let around = borders.iter().flat_map(|border| border.saturating_sub(1)..=border.saturating_add(1));
    let mut times: Vec<u64> = (0..total).step_by(stride as usize).chain(around).chain([total - 1]).collect();
    times.retain(|t| *t < total);
    times.sort_unstable();
    times.dedup();
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64]) -> Curve {
        let times: Vec<u64> = (0..values.len() as u64).collect();
        Curve::of(&times, |t| values[t as usize])
    }

    #[test]
    fn rests_of_rounding_are_dead_and_one_step_is_no_stretch() {
        let stretches = curve(&[0.0, 1.0, 0.0, 1e-20, 0.5, 1e-13, 0.0, -1e-15]).dead_stretches();
        assert_eq!(stretches, [Run { first: 2, last: 3 }, Run { first: 5, last: 7 }]);
        assert_eq!(curve(&[0.0; 3]).dead_stretches(), [Run { first: 0, last: 2 }]);
    }

    #[test]
    fn long_trainings_are_looked_at_evenly_and_at_each_border() {
        let total = 10 * EVERY_STEP;
        let times = times(total, &[0, 12_345, total + 7]);
        assert!(times.len() as u64 <= EVERY_STEP + 7, "{}", times.len());
        assert!([0, 1, 12_344, 12_345, 12_346, total - 1].iter().all(|t| times.contains(t)));
        assert!(times.is_sorted() && times.iter().all(|t| *t < total));
    }

    #[test]
    fn finds_its_extremes() {
        let curve = curve(&[1.0, 3.0, 3.0, 0.5, 2.0]);
        assert_eq!(curve.peak(), Some(Point { t: 1, value: 3.0 }));
        assert_eq!(curve.lowest_from(1), Some(Point { t: 3, value: 0.5 }));
        assert_eq!(curve.peak_from(3), curve.last());
        assert_eq!(curve.peak_before(1), curve.first());
        assert_eq!(curve.at(99), curve.last());
    }
}
