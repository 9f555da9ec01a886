//! Which corners of a curve are needed to draw it.

/// How far, in pixels, a curve may be from the corners that are left out.
const APART: f64 = 0.15;

/// The corners of the same curve without those that nobody would see: every corner left out lies closer
/// than [`APART`] to the line between its neighbours that stay (Douglas and Peucker 1973).
pub(super) fn needed(corners: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if corners.len() < 3 {
        return corners.to_vec();
    }
    let mut stays = vec![false; corners.len()];
    let last = corners.len() - 1;
    (stays[0], stays[last]) = (true, true);
    let mut pieces = vec![(0, last)];
    while let Some((start, end)) = pieces.pop() {
        let farthest = (start + 1..end)
            .map(|at| (distance_squared(corners[at], corners[start], corners[end]), at))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((apart, at)) = farthest
            && apart >= APART * APART
        {
            stays[at] = true;
            pieces.extend([(start, at), (at, end)]);
        }
    }
    corners.iter().zip(stays).filter(|(_, stays)| *stays).map(|(corner, _)| *corner).collect()
}

/// The square of the distance from `point` to the nearest place between `start` and `end`.
fn distance_squared(point: (f64, f64), start: (f64, f64), end: (f64, f64)) -> f64 {
    let along = (end.0 - start.0, end.1 - start.1);
    let square = along.0 * along.0 + along.1 * along.1;
    let from = (point.0 - start.0, point.1 - start.1);
    let share =
        if square > 0.0 { ((from.0 * along.0 + from.1 * along.1) / square).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (from.0 - share * along.0, from.1 - share * along.1);
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stairs_keep_their_corners_and_a_slope_its_ends() {
        let stairs = [(0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (20.0, 5.0)];
        assert_eq!(needed(&stairs), stairs);
        let slope: Vec<(f64, f64)> =
            (0..=200_u32).map(|k| (f64::from(k / 2) * 0.1, f64::from(k.div_ceil(2)) * 0.1)).collect();
        assert_eq!(needed(&slope), [slope[0], slope[200]]);
    }

    #[test]
    fn no_corner_left_out_lies_apart() {
        let wave: Vec<(f64, f64)> =
            (0..2000).map(|k| (f64::from(k) * 0.3, 100.0 * (f64::from(k) * 0.01).sin())).collect();
        let kept = needed(&wave);
        assert!((20..200).contains(&kept.len()), "{}", kept.len());
        for point in wave {
            let apart = kept
                .windows(2)
                .map(|ends| distance_squared(point, ends[0], ends[1]))
                .fold(f64::MAX, f64::min)
                .sqrt();
            assert!(apart < APART, "{point:?} is {apart} away");
        }
    }
}
