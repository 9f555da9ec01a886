//! A valley with an offset for each seed, and where its lowest point can be.
//!
//! `y = c + a (x - v)^2 + k (x - v)^3 + offset(seed)`, weighted least squares. Valleys over log rates are
//! steeper above than below, which the cubic term takes in; it is held near 0 by a prior of half the
//! curvature. The interval of `v` is that of the profile likelihood: every v for which the best valley
//! with its lowest point there fits about as well (F test).

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::{PRIOR_NOISE, PRIOR_WEIGHT};

/// Confidence of the interval of the lowest point.
pub const CONFIDENCE: f64 = 0.90;
/// The level of the F test that gives it: rates are chosen by looking, and a valley is no cubic, so the
/// test's own level covers less than it says.
const LEVEL: f64 = 0.98;
/// Octaves between the lowest points that are tried.
const GRID: f64 = 1.0 / 16.0;
/// How large the cubic term is expected to be, as a share of the quadratic one.
const SKEW: f64 = 0.5;

/// A point to be fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted {
    pub(super) x: f64,
    pub(super) seed: usize,
    pub(super) y: f64,
    pub(super) weight: f64,
}

/// The valley that fits best within a bracket.
#[derive(Clone, Debug)]
pub struct Fit {
    lowest: f64,
    interval: [f64; 2],
    /// Coefficients of (x - lowest)^2 and (x - lowest)^3.
    shape: [f64; 2],
    bracket: [f64; 2],
}

/// A valley whose lowest point is given.
struct Valley {
    shape: [f64; 2],
    /// Weighted sum of squared residuals, that of the prior on the cubic term counted.
    residual: f64,
}

impl Fit {
    /// Fits a valley whose lowest point lies within `bracket`; `None` for fewer than three rates.
    pub(super) fn new(points: &[Weighted], bracket: [f64; 2]) -> Option<Self> {
        let mut rates: Vec<f64> = points.iter().map(|point| point.x).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup_by(|a, b| (*a - *b).abs() < super::points::SAME);
        if rates.len() < 3 {
            return None;
        }
        let middle = f64::midpoint(bracket[0], bracket[1]);
        let plain = solve(points, &[&|x| x - middle, &|x| (x - middle).powi(2)], 0.0)?;
        // A prior on the noise, so that three points that a parabola meets exactly claim nothing.
        let freedom = (points.len() as f64 - plain.used as f64).max(0.0) + PRIOR_WEIGHT;
        let noise = (plain.residual + PRIOR_WEIGHT * PRIOR_NOISE * PRIOR_NOISE) / freedom;
        let skew = SKEW * plain.solution[2].abs().max(noise.sqrt());
        let penalty = noise / (skew * skew);
        let steps = ((bracket[1] - bracket[0]) / GRID).ceil().max(1.0) as usize;
        let valleys: Vec<(f64, Valley)> = (0..=steps)
            .map(|step| bracket[0] + (bracket[1] - bracket[0]) * step as f64 / steps as f64)
            .filter_map(|v| Some((v, valley(points, v, penalty)?)))
            .collect();
        let (lowest, best) = valleys.iter().min_by(|(_, a), (_, b)| a.residual.total_cmp(&b.residual))?;
        let reach = FisherSnedecor::new(1.0, freedom).ok()?.inverse_cdf(LEVEL);
        let allowed = best.residual + noise * reach;
        let able = valleys.iter().filter(|(_, valley)| valley.residual <= allowed).map(|(v, _)| *v);
        let interval = able.fold([*lowest; 2], |[low, high], v| [low.min(v), high.max(v)]);
        Some(Self { lowest: *lowest, interval, shape: best.shape, bracket })
    }

    /// Where the valley is lowest.
    pub fn lowest(&self) -> f64 {
        self.lowest
    }

    /// Where it may be lowest, with [`CONFIDENCE`].
    pub fn interval(&self) -> [f64; 2] {
        self.interval
    }

    /// How far the valley lies above its lowest point at `x`.
    pub fn above(&self, x: f64) -> f64 {
        let [a, k] = self.shape;
        let d = x - self.lowest;
        a * d * d + k * d * d * d
    }

    /// The rates around the lowest point at which the valley is at most `tolerated` above it.
    pub fn within(&self, tolerated: f64) -> [f64; 2] {
        let good = |x: f64| self.above(x) <= tolerated;
        let (mut low, mut high) = (self.lowest, self.lowest);
        while low - GRID >= self.bracket[0] && good(low - GRID) {
            low -= GRID;
        }
        while high + GRID <= self.bracket[1] && good(high + GRID) {
            high += GRID;
        }
        [low, high]
    }
}

/// The best valley that is lowest at `v`: it opens upwards, or is flat.
fn valley(points: &[Weighted], v: f64, penalty: f64) -> Option<Valley> {
    let cubic = solve(points, &[&|x| (x - v).powi(2), &|x| (x - v).powi(3)], penalty)?;
    if cubic.solution[1] >= 0.0 {
        let shape = [cubic.solution[1], cubic.solution[2]];
        return Some(Valley { shape, residual: cubic.residual });
    }
    let flat = solve(points, &[], 0.0)?;
    Some(Valley { shape: [0.0; 2], residual: flat.residual })
}

/// A solved least-squares problem.
struct Solved {
    /// Coefficients of 1, of the columns, and of the seeds but the first.
    solution: DVector<f64>,
    residual: f64,
    /// Number of coefficients.
    used: usize,
}

/// Weighted least squares of a constant, `columns` of x and an offset for each seed but the first, with
/// `penalty` on the square of the last column's coefficient.
fn solve(points: &[Weighted], columns: &[&dyn Fn(f64) -> f64], penalty: f64) -> Option<Solved> {
    let mut seeds: Vec<usize> = points.iter().map(|point| point.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let used = 1 + columns.len() + seeds.len() - 1;
    let rows = points.len() + usize::from(penalty > 0.0);
    let design = DMatrix::from_fn(rows, used, |row, column| {
        let Some(point) = points.get(row) else {
            return if column == columns.len() { penalty.sqrt() } else { 0.0 };
        };
        let value = match column {
            0 => 1.0,
            c if c <= columns.len() => columns[c - 1](point.x),
            c => f64::from(u8::from(point.seed == seeds[c - columns.len()])),
        };
        value * point.weight.sqrt()
    });
    let target =
        DVector::from_fn(rows, |row, _| points.get(row).map_or(0.0, |point| point.y * point.weight.sqrt()));
    let solution = design.clone().svd(true, true).solve(&target, 1e-10).ok()?;
    let residual = (design * &solution - target).norm_squared();
    Some(Solved { solution, residual, used })
}
