//! A parabola with an offset for each seed, and where its lowest point can be.
//!
//! `y = c + a (x - v)^2 + offset(seed)`, weighted least squares. The interval of `v` is that of the
//! profile likelihood: every v for which the best parabola with its lowest point there fits about as
//! well (F test, 90 %).

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::{PRIOR_NOISE, PRIOR_WEIGHT};

/// Confidence of the interval of the lowest point.
pub const CONFIDENCE: f64 = 0.90;
/// Octaves between the lowest points that are tried.
const GRID: f64 = 1.0 / 16.0;

/// A point to be fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted {
    pub(super) x: f64,
    pub(super) seed: usize,
    pub(super) y: f64,
    pub(super) weight: f64,
}

/// The parabola that fits best.
#[derive(Clone, Debug)]
pub struct Fit {
    points: Vec<Weighted>,
    centre: f64,
    /// Coefficients of 1, (x - centre), (x - centre)^2.
    coefficients: [f64; 3],
    /// Weighted sum of squared residuals.
    residual: f64,
    /// Observations beyond the number of coefficients.
    freedom: f64,
}

impl Fit {
    /// Fits a parabola; `None` for fewer than three rates, or where none can be determined.
    pub(super) fn new(points: &[Weighted], centre: f64) -> Option<Self> {
        let mut rates: Vec<f64> = points.iter().map(|point| point.x).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup_by(|a, b| (*a - *b).abs() < super::SAME);
        if rates.len() < 3 {
            return None;
        }
        let columns: [&dyn Fn(f64) -> f64; 2] = [&|x| x - centre, &|x| (x - centre).powi(2)];
        let (solution, residual, used) = solve(points, &columns)?;
        Some(Self {
            points: points.to_vec(),
            centre,
            coefficients: [solution[0], solution[1], solution[2]],
            residual,
            freedom: (points.len() as f64 - used as f64).max(0.0),
        })
    }

    /// Value of the parabola, less the seeds' offsets.
    pub fn at(&self, x: f64) -> f64 {
        let [c, b, a] = self.coefficients;
        let d = x - self.centre;
        c + b * d + a * d * d
    }

    /// Where the parabola is lowest within `bracket`.
    pub fn lowest(&self, bracket: [f64; 2]) -> f64 {
        let [_, b, a] = self.coefficients;
        if a > 0.0 {
            return (self.centre - b / (2.0 * a)).clamp(bracket[0], bracket[1]);
        }
        // No valley: the best rate that was tried.
        self.centre
    }

    /// The lowest points within `bracket` that the observations do not speak against.
    pub fn interval(&self, bracket: [f64; 2]) -> [f64; 2] {
        // A prior on the noise, so that three points that a parabola meets exactly claim nothing.
        let freedom = self.freedom + PRIOR_WEIGHT;
        let noise = (self.residual + PRIOR_WEIGHT * PRIOR_NOISE * PRIOR_NOISE) / freedom;
        let Ok(f) = FisherSnedecor::new(1.0, freedom) else { return bracket };
        let allowed = self.residual + noise * f.inverse_cdf(CONFIDENCE);
        let steps = ((bracket[1] - bracket[0]) / GRID).ceil().max(1.0);
        let mut interval = [f64::INFINITY, f64::NEG_INFINITY];
        for step in 0..=steps as usize {
            let v = bracket[0] + (bracket[1] - bracket[0]) * step as f64 / steps;
            if self.profile(v).is_none_or(|residual| residual <= allowed) {
                interval = [interval[0].min(v), interval[1].max(v)];
            }
        }
        let lowest = self.lowest(bracket);
        [interval[0].min(lowest), interval[1].max(lowest)]
    }

    /// Weighted sum of squares of the best parabola that opens upwards and is lowest at `v`.
    fn profile(&self, v: f64) -> Option<f64> {
        let valley: &dyn Fn(f64) -> f64 = &|x| (x - v).powi(2);
        let (solution, residual, _) = solve(&self.points, &[valley])?;
        if solution[1] >= 0.0 {
            return Some(residual);
        }
        solve(&self.points, &[]).map(|(_, flat, _)| flat)
    }

    /// The rates around `x` at which the parabola is at most `tolerated` above its value there, within
    /// `bracket`.
    pub fn within(&self, x: f64, tolerated: f64, bracket: [f64; 2]) -> [f64; 2] {
        let good = |candidate: f64| self.at(candidate) <= self.at(x) + tolerated;
        let (mut low, mut high) = (x, x);
        while low - GRID >= bracket[0] && good(low - GRID) {
            low -= GRID;
        }
        while high + GRID <= bracket[1] && good(high + GRID) {
            high += GRID;
        }
        [low, high]
    }
}

/// Weighted least squares of a constant, `columns` of x and an offset for each seed but the first:
/// coefficients, weighted sum of squared residuals, number of coefficients.
fn solve(points: &[Weighted], columns: &[&dyn Fn(f64) -> f64]) -> Option<(DVector<f64>, f64, usize)> {
    let mut seeds: Vec<usize> = points.iter().map(|point| point.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let width = 1 + columns.len() + seeds.len() - 1;
    let design = DMatrix::from_fn(points.len(), width, |row, column| {
        let point = &points[row];
        let value = match column {
            0 => 1.0,
            c if c <= columns.len() => columns[c - 1](point.x),
            c => f64::from(u8::from(point.seed == seeds[c - columns.len()])),
        };
        value * point.weight.sqrt()
    });
    let target = DVector::from_fn(points.len(), |row, _| points[row].y * points[row].weight.sqrt());
    let solution = design.clone().svd(true, true).solve(&target, 1e-10).ok()?;
    let residual = (design * &solution - target).norm_squared();
    Some((solution, residual, width))
}
