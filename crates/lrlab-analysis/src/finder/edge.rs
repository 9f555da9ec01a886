//! Where a sweep diverges.

use super::{Sweep, smooth};

/// A smoothed loss above this many times the least so far has left (fastai's and Lightning's rule).
pub const DIVERGED: f64 = 4.0;

/// How much of the mean each loss leaves to those before, where divergence is looked for: a lag of four
/// steps, where the tools' 0.98 lags by 49.
const BETA: f64 = 0.8;

/// The rate at which `sweep` diverges: the first whose smoothed loss exceeds the least so far by
/// [`DIVERGED`] - 1 times its size, or whose loss is not finite; `None` where it does neither.
pub fn edge(sweep: &Sweep) -> Option<f64> {
    edge_step(sweep).map(|step| sweep.rates()[step])
}

/// The least [`edge`] over several sweeps; `None` where none diverges.
pub fn least_edge(sweeps: &[Sweep]) -> Option<f64> {
    sweeps.iter().filter_map(edge).min_by(f64::total_cmp)
}

/// The step of [`edge`].
pub(super) fn edge_step(sweep: &Sweep) -> Option<usize> {
    let smoothed = smooth(sweep.losses(), BETA);
    let mut best = f64::INFINITY;
    let left = smoothed.iter().position(|&loss| {
        best = best.min(loss);
        loss > best + (DIVERGED - 1.0) * best.abs()
    });
    left.or_else(|| (smoothed.len() < sweep.losses().len()).then_some(smoothed.len()))
}
