//! fastai's `steep`: where the smoothed loss falls fastest against the logarithm of the rate.
//!
//! `suggestion = lr[argmin (loss[i+1] - loss[i]) / (log lr[i+1] - log lr[i])]`

use lrlab_core::registry::Source;

use super::{LINK, PLAN, Shown};
use crate::finder::{Finder, NoSuggestion, Sweep, gradient};

/// `lr[argmin d loss / d log lr]`.
pub(in crate::finder) static STEEP: Finder = Finder {
    name: "fastai-steep",
    tool: "fastai 2.8.12, SuggestionMethod.Steep",
    summary: "The rate where the smoothed loss falls fastest against the logarithm of the rate.",
    formula: "lr[argmin (loss[i+1] - loss[i]) / (log lr[i+1] - log lr[i])]",
    source: Source { citation: "Howard and Gugger 2020, fastai 2.8.12, callback.schedule.steep", link: LINK },
    plan: PLAN,
    suggest,
};

fn suggest(sweep: &Sweep) -> Result<f64, NoSuggestion> {
    let shown = Shown::of(sweep, 2)?;
    let log: Vec<f32> = shown.rates.iter().map(|rate| (*rate as f32).ln()).collect();
    let slopes: Vec<f32> = shown
        .losses
        .windows(2)
        .zip(log.windows(2))
        .map(|(loss, log)| (loss[1] - loss[0]) / (log[1] - log[0]))
        .collect();
    Ok(shown.rates[gradient::least(&slopes).unwrap_or(0)])
}
