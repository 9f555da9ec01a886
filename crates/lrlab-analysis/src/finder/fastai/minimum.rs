//! fastai's `minimum`: a tenth of the rate with the least smoothed loss.
//!
//! `suggestion = lr[argmin loss] / 10`
//!
//! The smoothing lags by up to 49 steps, so the minimum stands at a rate higher than the one that made it;
//! the tenth makes up for that and for the sweep's haste alike.

use lrlab_core::registry::Source;

use super::{LINK, PLAN, Shown};
use crate::finder::{Finder, NoSuggestion, Sweep, gradient};

/// What the rate of the minimum is divided by.
const BELOW: f64 = 10.0;

/// `lr[argmin loss] / 10`.
pub(in crate::finder) static MINIMUM: Finder = Finder {
    name: "fastai-minimum",
    tool: "fastai 2.8.12, SuggestionMethod.Minimum",
    summary: "A tenth of the rate at which the smoothed loss is least.",
    formula: "lr[argmin loss] / 10",
    source: Source {
        citation: "Howard and Gugger 2020, fastai 2.8.12, callback.schedule.minimum",
        link: LINK,
    },
    plan: PLAN,
    suggest,
};

fn suggest(sweep: &Sweep) -> Result<f64, NoSuggestion> {
    let shown = Shown::of(sweep, 1)?;
    let at = gradient::least(&shown.losses).unwrap_or(0);
    Ok(shown.rates[at] / BELOW)
}
