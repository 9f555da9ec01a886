//! lrlab's own reading of a range test: a rate, an interval, and what limits them.
//!
//! Of each sweep, cut at its [`edge`](super::edge), two rates are read: where the loss falls fastest
//! against the logarithm of the rate, by a line fitted to a window of it, and where it is least, smoothed
//! both ways. The candidate is [`SHARE`] of their geometric mean. The hint is the median candidate of all
//! sweeps, held below the least rate that was seen, or measured, to be unstable.
//!
//! A range test sees the first steps of a training and no schedule: the hint is where to begin, not an
//! optimum. It is meant for a constant rate; [`Hint::for_schedule`] carries it over to another schedule.
//! What limits it is the optimizer's own: sharpness is measured in the geometry of its steps.
//!
//! The constants are those that fit the tuning half of the suite (`cargo xtask regret --split tuning
//! --methods "find --sweep-only" --detail`).

use super::{
    DIVERGED, NoSuggestion, Sweep, edge::edge_step, gradient, least_edge, smooth_both_ways,
    smoothing::beta_for,
};
use crate::statistics::{mean, median};

/// The best constant rate, as a share of the geometric mean of where the loss falls fastest and where it
/// is least: the median of the tuning problems.
const SHARE: f64 = 0.4;
/// The hint stays this factor below the least edge.
const STANDOFF: f64 = 2.0;
/// The hint may be this many times the stability limit: up to there a training moves to where the loss
/// is less curved (the catapult of Lewkowycz et al. 2020, arXiv:2003.02218: 4 over the sharpness).
const CATAPULT: f64 = 2.0;
/// The interval reaches this factor up and down from the rate: nine in ten of the tuning problems have
/// their best rate within it.
const REACH: f64 = 5.0;
/// A slope is that of the line fitted to a window of one step in so many of the plan, to each side.
const WINDOW_SHARE: usize = 12;
/// A window reaches at least this many steps to each side.
const LEAST_WINDOW: usize = 3;
/// The smoothed loss must fall by this many of its standard errors, or nothing was seen but noise.
const FALL: f64 = 5.0;
/// Standard deviations of a normal distribution in its median absolute deviation.
const DEVIATIONS: f64 = 1.4826;
/// Candidates of several seeds that are this factor apart, or more, do not agree.
const DISAGREE: f64 = 10.0;

/// A rate to begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// The rate.
    pub rate: f64,
    /// Where nine in ten tuning problems have their best rate; never above what diverges.
    pub interval: [f64; 2],
    /// The least rate at which a sweep diverged; `None` where none did.
    pub edge: Option<f64>,
    /// The least stable rate by measured sharpness; `None` where none was measured.
    pub stability: Option<f64>,
    /// What held the rate down, if anything did.
    pub limited_by: Option<Limit>,
    /// What the schedule makes of the best constant rate: 1 for a constant rate.
    pub transfer: f64,
    /// The median candidate of the sweeps, for a constant rate.
    pub candidate: f64,
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
    /// What they make of the best constant rate.
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
    let logs: Vec<f64> = per_seed.iter().map(|reading| reading.candidate.ln()).collect();
    let candidate = median(&logs).exp();
    let first = sweeps.iter().map(|sweep| sweep.rates()[0]).fold(f64::INFINITY, f64::min);
    let last = sweeps.iter().filter_map(|sweep| sweep.rates().last().copied()).fold(0.0, f64::max);
    let hint = Hint {
        rate: candidate,
        interval: [candidate; 2],
        edge,
        stability,
        limited_by: None,
        transfer: 1.0,
        candidate,
        per_seed,
        unread,
        swept: [first, last],
    };
    Ok(hint.for_schedule(1.0))
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
    // How far the loss rises before the edge says nothing of where it fell.
    let start = mean(&losses[..window]);
    let losses: Vec<f64> = losses.iter().map(|loss| loss.min(start + start.abs())).collect();
    let beta = beta_for(sweep.planned_steps());
    let smoothed = smooth_both_ways(&losses, beta);
    let least = gradient::least(&smoothed).unwrap_or(0);
    // The standard error of a mean over one side, as at the start, from the steps around the curve; by
    // their median, because the descent itself is no noise.
    let steps: Vec<f64> =
        losses[..=least].iter().zip(&smoothed).map(|(raw, mean)| (raw - mean).abs()).collect();
    let error = DEVIATIONS * median(&steps) * ((1.0 - beta) / (1.0 + beta)).sqrt();
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
        candidate: SHARE * (steepest * minimum).sqrt(),
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
    /// The hint for another schedule, whose best peak is `transfer` times the best constant rate: what
    /// [`factor`](super::factor) expects of a constant rate and the schedule.
    #[must_use]
    pub fn for_schedule(self, transfer: f64) -> Self {
        let bounds = [
            self.edge.map(|edge| (edge / STANDOFF, Limit::Edge)),
            self.stability.map(|stable| (stable * CATAPULT, Limit::Stability)),
        ];
        let limit = bounds.into_iter().flatten().min_by(|(a, _), (b, _)| a.total_cmp(b));
        let ceiling = limit.map_or(f64::INFINITY, |(rate, _)| rate);
        let wanted = self.candidate * transfer;
        let rate = wanted.min(ceiling);
        let highest = self.edge.map_or(f64::INFINITY, |edge| edge / STANDOFF);
        Self {
            rate,
            interval: [rate / REACH, (rate * REACH).min(highest)],
            limited_by: limit.filter(|_| wanted > ceiling).map(|(_, limit)| limit),
            transfer,
            ..self
        }
    }

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
        if self.transfer != 1.0 {
            reasons.push(format!(
                "the schedule allows a peak {:.1} times the best constant rate, in theory (Schaipp 2025)",
                self.transfer
            ));
        }
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
                reasons.push(format!("the rate is held to {CATAPULT} times the stability limit"));
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
