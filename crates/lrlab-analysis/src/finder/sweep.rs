//! One range test as data.

use lrlab_core::event::Probe;

use super::{Spacing, SweepPlan};
use crate::run::Run;

/// One range test: rates, and the loss of each step before its update.
///
/// Losses may end in NaN or infinity, and the sweep may have been stopped before its plan was through.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    rates: Vec<f64>,
    losses: Vec<f64>,
    planned: usize,
    seed: Option<u64>,
    stable_rate: Option<f64>,
}

/// Why rates and losses are no sweep.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SweepError {
    /// No step at all.
    #[error("the sweep has no step; give at least one rate with its loss")]
    Empty,
    /// Not one loss for each rate.
    #[error("the sweep has {rates} rates but {losses} losses; give one loss for each rate")]
    Lengths {
        /// Rates given.
        rates: usize,
        /// Losses given.
        losses: usize,
    },
    /// A rate that no sweep can have.
    #[error("rate {rate} at step {step} of the sweep is not finite and above 0")]
    Rate {
        /// Which step, from 0.
        step: usize,
        /// The rate there.
        rate: f64,
    },
    /// A rate that is not above the one before.
    #[error(
        "rate {rate} at step {step} is not above the {before} before it; a sweep's rates rise at every step"
    )]
    NotRising {
        /// Which step, from 0.
        step: usize,
        /// The rate there.
        rate: f64,
        /// The rate before.
        before: f64,
    },
}

impl Sweep {
    /// The sweep of `rates`, each with the loss measured before its update.
    ///
    /// # Errors
    /// Rates that are not finite, positive and rising, or without a loss each.
    pub fn new(rates: Vec<f64>, losses: Vec<f64>) -> Result<Self, SweepError> {
        if rates.len() != losses.len() {
            return Err(SweepError::Lengths { rates: rates.len(), losses: losses.len() });
        }
        if rates.is_empty() {
            return Err(SweepError::Empty);
        }
        for (step, &rate) in rates.iter().enumerate() {
            if !(rate.is_finite() && rate > 0.0) {
                return Err(SweepError::Rate { step, rate });
            }
            if let Some(before) = step.checked_sub(1).map(|before| rates[before]).filter(|&b| b >= rate) {
                return Err(SweepError::NotRising { step, rate, before });
            }
        }
        let planned = rates.len();
        Ok(Self { rates, losses, planned, seed: None, stable_rate: None })
    }

    /// The sweep that a run made: the rates of its first parameter group, its training losses, its seed,
    /// and [`stable_rate`] where sharpness was measured.
    ///
    /// # Errors
    /// As [`Sweep::new`]: a run whose rate does not rise at every step is no range test.
    pub fn of(run: &Run) -> Result<Self, SweepError> {
        let rates = run.rate(0).map(|(_, rate)| rate).collect();
        let losses = run.steps.iter().map(|step| step.loss).collect();
        let planned = usize::try_from(run.started.horizon.total_steps).unwrap_or(usize::MAX);
        Ok(Self {
            seed: Some(run.started.trial.seed),
            stable_rate: stable_rate(run),
            ..Self::new(rates, losses)?.planned(planned)
        })
    }

    /// The same sweep, known to have been stopped on its way through `steps` (tools skip a share of
    /// what was planned). Fewer than were made count as those made.
    pub fn planned(self, steps: usize) -> Self {
        Self { planned: steps.max(self.rates.len()), ..self }
    }

    /// The same sweep, under the seed that decided its weights and batches.
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The same sweep, with the largest stable rate that a measured sharpness allowed where it began;
    /// one that is not finite and above 0 counts as not measured.
    pub fn stable_to(self, rate: f64) -> Self {
        Self { stable_rate: Some(rate).filter(|rate| rate.is_finite() && *rate > 0.0), ..self }
    }

    /// The rate of each step, rising.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// The loss of each step before its update, as measured.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// Steps planned, at least as many as were made.
    pub fn planned_steps(&self) -> usize {
        self.planned
    }

    /// What decided its weights and batches, where known.
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The largest stable rate by the sharpness measured where the sweep began.
    pub fn stable_rate(&self) -> Option<f64> {
        self.stable_rate
    }

    /// How its rates follow each other, by the rate in the middle.
    pub fn spacing(&self) -> Spacing {
        let last = self.rates.len() - 1;
        let plan = |spacing| SweepPlan {
            from: self.rates[0],
            to: self.rates[last],
            steps: last as u64,
            spacing,
            stop: f64::INFINITY,
        };
        let middle = self.rates[last / 2];
        let off = |spacing| (plan(spacing).rate(last as u64 / 2) / middle).ln().abs();
        if off(Spacing::Linear) < off(Spacing::Exponential) { Spacing::Linear } else { Spacing::Exponential }
    }

    /// The steps before the first loss that is not finite.
    pub(super) fn finite(&self) -> usize {
        self.losses.iter().position(|loss| !loss.is_finite()).unwrap_or(self.losses.len())
    }
}

/// The largest rate at which the optimizer's steps do not grow, by the first sharpness that `run`
/// measured: the rate at which the stability limit equals the sharpness.
///
/// The limit falls as one over the rate (2/lr for SGD, 38/lr for Adam's beta1 of 0.9), so the rate
/// `r` of the step with limit `l` and sharpness `s` gives `r l / s`, for any optimizer. `None` where
/// nothing was measured, or the loss curved down in every direction. Weight decay shifts the limit by
/// its own size and is left out.
pub fn stable_rate(run: &Run) -> Option<f64> {
    run.probes.iter().find_map(|probed| match probed.probe {
        Probe::Sharpness { value, limit, .. } => {
            let (_, rate) = run.rate(0).find(|(t, _)| *t == probed.t)?;
            let stable = rate * limit / value;
            (value > 0.0 && stable.is_finite() && stable > 0.0).then_some(stable)
        }
        _ => None,
    })
}
