//! lrlab's own reading of a range test: a rate, an interval, and what limits them.
//!
//! Of each sweep, cut at its [`edge`](super::edge), two rates are read: where the loss falls fastest
//! against the logarithm of the rate, by a line fitted to a window of it, and where it is least, smoothed
//! both ways. The candidate is the geometric mean
//! of the first and a [`BELOW_MINIMUM`]-th of the second. The hint is the median candidate of all
//! sweeps, held [`STANDOFF`] below the least rate that was seen, or measured, to be unstable.
//!
//! A range test sees the first steps of a training and no schedule: the hint is where to begin, not an
//! optimum. What limits it is the optimizer's own: sharpness is measured in the geometry of its steps.

use super::{
    DIVERGED, NoSuggestion, Sweep, edge::edge_step, gradient, least_edge, smooth_both_ways,
    smoothing::beta_for,
};
use crate::statistics::{mean, median};

/// The rate of the least loss is divided by this: it stands just below the edge, where a long training
/// is not stable.
const BELOW_MINIMUM: f64 = 10.0;
/// The hint and its interval stay this factor below the least edge and stability limit.
const STANDOFF: f64 = 2.0;
/// The interval reaches at least this factor up and down from the rate: sweeps cannot tell rates closer
/// than that apart.
const REACH: f64 = 2.0;
/// A slope is that of the line fitted to a window of one step in so many of the plan, to each side.
const WINDOW_SHARE: usize = 12;
/// A window reaches at least this many steps to each side.
const LEAST_WINDOW: usize = 3;
/// The smoothed loss must fall by this many of its standard errors, or nothing was seen but noise.
const FALL: f64 = 6.0;
/// Candidates of several seeds that are this factor apart, or more, do not agree.
const DISAGREE: f64 = 10.0;

/// A rate to begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// The rate.
    pub rate: f64,
    /// Rates that the sweeps cannot tell from it; never above what limits it.
    pub interval: [f64; 2],
    /// The least rate at which a sweep diverged; `None` where none did.
    pub edge: Option<f64>,
    /// The least stable rate by measured sharpness; `None` where none was measured.
    pub stability: Option<f64>,
    /// What held the rate down, if anything did.
    pub limited_by: Option<Limit>,
    /// What was read off each sweep, in their order; those without a reading are left out.
    pub per_seed: Vec<Reading>,
    /// Sweeps that could not be read, with the reason.
    pub unread: Vec<(Option<u64>, NoSuggestion)>,
    /// The least first and the greatest last rate swept.
    pub swept: [f64; 2],
}

/// What holds a hint down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The least rate at which a sweep diverged.
    Edge,
    /// The least stable rate by measured sharpness.
    Stability,
}

/// What one sweep shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The sweep's seed, where known.
    pub seed: Option<u64>,
    /// Where the loss falls fastest against the logarithm of the rate.
    pub steepest: f64,
    /// Where the loss is least.
    pub minimum: f64,
    /// The geometric mean of the steepest and a tenth of the minimum.
    pub candidate: f64,
    /// Where the sweep diverged.
    pub edge: Option<f64>,
    /// The largest stable rate by its first sharpness.
    pub stability: Option<f64>,
}

/// Reads `sweeps` of one strategy on one task, best with different seeds.
///
/// ```
/// use lrlab_analysis::finder::{Sweep, hint};
///
/// let rates: Vec<f64> = (0..100).map(|k| 1e-6 * 10_f64.powf(0.07 * f64::from(k))).collect();
/// let losses = rates.iter().map(|rate| 1.0 + 0.01 / (rate + 0.01) + (rate / 0.5).powf(4.0)).collect();
/// let hint = hint(&[Sweep::new(rates, losses)?])?;
/// assert!(hint.interval[0] < hint.rate && hint.rate < hint.edge.unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// No sweep, or none that shows the loss falling: then the reason of the first.
pub fn hint(sweeps: &[Sweep]) -> Result<Hint, NoSuggestion> {
    let mut per_seed = Vec::new();
    let mut unread = Vec::new();
    for sweep in sweeps {
        match read(sweep) {
            Ok(reading) => per_seed.push(reading),
            Err(why) => unread.push((sweep.seed(), why)),
        }
    }
    if per_seed.is_empty() {
        return Err(unread.first().map_or(NoSuggestion::NoSweep, |(_, why)| *why));
    }
    let least = |rates: &mut dyn Iterator<Item = f64>| rates.min_by(f64::total_cmp);
    // A sweep that could not be read has an edge all the same.
    let edge = least_edge(sweeps);
    let stability = least(&mut sweeps.iter().filter_map(Sweep::stable_rate));
    let limit = match (edge, stability) {
        (Some(edge), Some(stability)) if stability < edge => Some((stability, Limit::Stability)),
        (None, Some(stability)) => Some((stability, Limit::Stability)),
        (Some(edge), _) => Some((edge, Limit::Edge)),
        (None, None) => None,
    };
    let ceiling = limit.map_or(f64::INFINITY, |(rate, _)| rate / STANDOFF);
    let logs: Vec<f64> = per_seed.iter().map(|reading| reading.candidate.ln()).collect();
    let candidate = median(&logs).exp();
    let rate = candidate.min(ceiling);
    let low = per_seed.iter().map(|reading| reading.candidate).fold(rate / REACH, f64::min);
    let high = per_seed.iter().map(|reading| reading.candidate).fold(rate * REACH, f64::max);
    let first = sweeps.iter().map(|sweep| sweep.rates()[0]).fold(f64::INFINITY, f64::min);
    let last = sweeps.iter().filter_map(|sweep| sweep.rates().last().copied()).fold(0.0, f64::max);
    Ok(Hint {
        rate,
        interval: [low, high.min(ceiling)],
        edge,
        stability,
        limited_by: limit.filter(|_| candidate > ceiling).map(|(_, limit)| limit),
        per_seed,
        unread,
        swept: [first, last],
    })
}

/// What one sweep shows.
fn read(sweep: &Sweep) -> Result<Reading, NoSuggestion> {
    let edge = edge_step(sweep);
    let end = edge.unwrap_or_else(|| sweep.finite());
    let losses = &sweep.losses()[..end];
    let rates = sweep.rates();
    let window = (sweep.planned_steps() / WINDOW_SHARE).max(LEAST_WINDOW);
    if losses.len() <= 2 * window {
        return Err(NoSuggestion::TooShort { points: losses.len(), least: 2 * window + 1 });
    }
    let beta = beta_for(sweep.planned_steps());
    let smoothed = smooth_both_ways(losses, beta);
    let least = gradient::least(&smoothed).unwrap_or(0);
    // Second differences tell noise from the curve, which bends most where it begins to diverge.
    let bends: Vec<f64> = losses[..=least.max(2 * window)]
        .windows(3)
        .map(|three| three[0] - 2.0 * three[1] + three[2])
        .map(|bend| bend * bend / 6.0)
        .collect();
    // The standard error of a mean over one side, as at the start.
    let error = (mean(&bends) * (1.0 - beta) / (1.0 + beta)).sqrt();
    if smoothed[0] - smoothed[least] <= FALL * error {
        return Err(NoSuggestion::NeverFalls);
    }
    // A rise behind the minimum is no descent, and a window needs both its sides.
    let last = least.clamp(window, losses.len() - 1 - window);
    let slopes: Vec<f64> = (window..=last)
        .map(|at| {
            let part = at - window..=at + window;
            slope(&rates[part.clone()], &losses[part])
        })
        .collect();
    let steepest = rates[window + gradient::least(&slopes).unwrap_or(0)];
    let minimum = rates[least];
    Ok(Reading {
        seed: sweep.seed(),
        steepest,
        minimum,
        candidate: (steepest * minimum / BELOW_MINIMUM).sqrt(),
        edge: edge.map(|step| rates[step]),
        stability: sweep.stable_rate(),
    })
}

/// The slope of the line through `losses` against the logarithm of `rates`, by least squares.
fn slope(rates: &[f64], losses: &[f64]) -> f64 {
    let logs: Vec<f64> = rates.iter().map(|rate| rate.ln()).collect();
    let (x, y) = (mean(&logs), mean(losses));
    let both: f64 = logs.iter().zip(losses).map(|(log, loss)| (log - x) * (loss - y)).sum();
    both / logs.iter().map(|log| (log - x) * (log - x)).sum::<f64>()
}

impl Hint {
    /// Why this rate, and what speaks against trusting it: a sentence each.
    pub fn reasons(&self) -> Vec<String> {
        let middle = |rate: fn(&Reading) -> f64| {
            median(&self.per_seed.iter().map(|reading| rate(reading).ln()).collect::<Vec<f64>>()).exp()
        };
        let mut reasons = vec![format!(
            "the loss falls fastest at {:.1e} and is least at {:.1e} (median of {} sweeps)",
            middle(|reading| reading.steepest),
            middle(|reading| reading.minimum),
            self.per_seed.len()
        )];
        match self.edge {
            Some(edge) => reasons.push(format!(
                "a sweep diverges at {edge:.1e}: its loss passed {DIVERGED} times its least, or was not finite"
            )),
            None => reasons.push(format!(
                "no sweep diverged, so the edge lies above {:.1e}; sweep further to see it",
                self.swept[1]
            )),
        }
        if let Some(stability) = self.stability {
            reasons.push(format!("by the sharpness at the start steps grow above {stability:.1e}"));
        }
        match self.limited_by {
            Some(Limit::Edge) => reasons.push(format!("the rate is held {STANDOFF} times below the edge")),
            Some(Limit::Stability) => {
                reasons.push(format!("the rate is held {STANDOFF} times below the stability limit"));
            }
            None => {}
        }
        let candidates = || self.per_seed.iter().map(|reading| reading.candidate);
        let apart = candidates().fold(0.0, f64::max) / candidates().fold(f64::INFINITY, f64::min);
        if apart >= DISAGREE {
            reasons.push(format!("the sweeps disagree: their candidates are {apart:.0} times apart"));
        }
        if self.rate < self.swept[0] * REACH {
            reasons
                .push(format!("the rate is at the low end of the sweep, {:.1e}; begin lower", self.swept[0]));
        }
        for (seed, why) in &self.unread {
            let seed = seed.map_or_else(|| "a sweep".to_owned(), |seed| format!("the sweep of seed {seed}"));
            reasons.push(format!("{seed} has no reading: {why}"));
        }
        reasons
    }
}
