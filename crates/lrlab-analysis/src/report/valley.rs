//! The loss valley of a task with two parameters: the bowl, the part of it worth seeing, and one
//! path for each arm.

use lrlab_core::event::Bowl;

use crate::StudyRuns;

/// Points of a path; more are not told apart.
const POINTS: usize = 1500;
/// How many half-widths of the view a path may lead outside before it is cut: far enough that the
/// cut is never seen, near enough that numbers stay drawable.
const REACH: f64 = 4.0;

/// What is drawn of the valley.
#[derive(Clone, Debug)]
pub(super) struct Valley {
    /// The loss.
    pub(super) bowl: Bowl,
    /// The part shown: least and greatest value on each axis.
    pub(super) view: [[f64; 2]; 2],
    /// One entry for each arm; empty where it has no run.
    pub(super) paths: Vec<Path>,
    /// The seed of the paths.
    pub(super) seed: u64,
}

/// The parameters of one run, step by step.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    /// Updates made.
    pub(super) t: Vec<u64>,
    /// First and second parameter.
    pub(super) at: Vec<[f64; 2]>,
    /// Whether it leads out of the view for good.
    pub(super) leaves: bool,
}

impl Valley {
    /// The valley of `study`, where its task has one and its runs recorded their way.
    pub(super) fn of(study: &StudyRuns) -> Option<Self> {
        let first = study.arms.iter().flat_map(|arm| &arm.runs).find(|run| run.started.bowl.is_some())?;
        let (bowl, seed) = (first.started.bowl.clone()?, first.started.trial.seed);
        let whole: Vec<Path> = study
            .arms
            .iter()
            .map(|arm| {
                let run = arm.runs.iter().find(|run| run.started.trial.seed == seed);
                let mut path = Path::default();
                for step in run.into_iter().flat_map(|run| run.steps.iter()) {
                    let [x, y] = step.at[..] else { break };
                    if !(x.is_finite() && y.is_finite()) {
                        break;
                    }
                    path.t.push(step.t);
                    path.at.push([f64::from(x), f64::from(y)]);
                }
                path
            })
            .collect();
        if whole.iter().all(|path| path.at.is_empty()) {
            return None;
        }
        let view = view(&bowl, &whole);
        let paths = whole.iter().map(|path| cut(path, &view)).collect();
        Some(Self { bowl, view, paths, seed })
    }
}

/// The box around the minimum, the starts, and every path that stays near them.
fn view(bowl: &Bowl, paths: &[Path]) -> [[f64; 2]; 2] {
    let distance = |p: &[f64; 2]| (p[0] - bowl.minimum[0]).hypot(p[1] - bowl.minimum[1]);
    let starts = || paths.iter().filter_map(|path| path.at.first());
    let near = 1.6 * starts().map(distance).fold(1e-6, f64::max);
    let mut bounds = [0, 1].map(|axis| [bowl.minimum[axis]; 2]);
    let staying = paths.iter().filter(|path| path.at.iter().all(|p| distance(p) <= near));
    for p in starts().chain(staying.flat_map(|path| &path.at)) {
        for (bound, value) in bounds.iter_mut().zip(p) {
            *bound = [bound[0].min(*value), bound[1].max(*value)];
        }
    }
    let widest = bounds.iter().map(|b| b[1] - b[0]).fold(1e-9, f64::max);
    // A view that is one narrow strip shows no valley: the shorter side gets at least 60 %.
    bounds.map(|[low, high]| {
        let half = ((high - low).max(0.6 * widest) / 2.0) * 1.25;
        let middle = f64::midpoint(low, high);
        [middle - half, middle + half]
    })
}

/// Cuts a path where it leads far outside the view, and drops points that are not told apart.
fn cut(path: &Path, view: &[[f64; 2]; 2]) -> Path {
    let middle = view.map(|[low, high]| f64::midpoint(low, high));
    let half = view.map(|[low, high]| (high - low) / 2.0);
    let outside =
        |p: &[f64; 2], reach: f64| (0..2).any(|axis| (p[axis] - middle[axis]).abs() > reach * half[axis]);
    let stride = path.at.len().div_ceil(POINTS).max(1);
    let leaves = path.at.last().is_some_and(|p| outside(p, 1.0));
    let mut kept = Path { leaves, ..Path::default() };
    for (index, (t, p)) in path.t.iter().zip(&path.at).enumerate() {
        if outside(p, REACH) {
            // The last piece is shortened along its own direction, so that it is seen as it was.
            if let Some(&from) = kept.at.last() {
                let share = (0..2)
                    .map(|axis| {
                        let border = middle[axis] + (REACH * half[axis]).copysign(p[axis] - from[axis]);
                        let share = (border - from[axis]) / (p[axis] - from[axis]);
                        if share.is_finite() { share } else { 1.0 }
                    })
                    .fold(1.0, f64::min);
                kept.t.push(*t);
                kept.at.push([0, 1].map(|axis| from[axis] + share * (p[axis] - from[axis])));
            }
            kept.leaves = true;
            break;
        }
        if index % stride == 0 || index + 1 == path.at.len() {
            kept.t.push(*t);
            kept.at.push(*p);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_flies_off_is_cut_along_its_own_direction() {
        let path = Path { t: vec![0, 1], at: vec![[0.0, 0.0], [1e30, 5e29]], leaves: false };
        let kept = cut(&path, &[[-1.0, 1.0], [-1.0, 1.0]]);
        assert!(kept.leaves);
        assert_eq!(kept.at[0], [0.0, 0.0]);
        assert!((kept.at[1][0] - 4.0).abs() < 1e-9 && (kept.at[1][1] - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_view_forgets_what_flies_off() {
        let bowl = Bowl {
            axes: ["w".into(), "b".into()],
            minimum: [2.0, 0.0],
            hessian: [[15.0, 5.0], [5.0, 2.0]],
            floor: 0.0,
        };
        let staying = Path { t: vec![0, 1], at: vec![[0.0, 0.5], [2.0, 0.1]], leaves: false };
        let flying = Path { t: vec![0, 1], at: vec![[0.0, 0.5], [900.0, 100.0]], leaves: false };
        let [x, y] = view(&bowl, &[staying, flying]);
        assert!(x[0] < 0.0 && x[1] > 2.0 && x[1] < 4.0);
        assert!(y[1] - y[0] >= 0.6 * (x[1] - x[0]) / 1.01);
    }
}
