//! The valley done right: the middle of the longest stretch over which the smoothed loss falls.
//!
//! `suggestion = lr[s + (e - s) / 2]`, where `s..=e` is the longest run of steps each of whose smoothed losses is below the
//! one before; of equally long ones the one that falls further.
//!
//! Differences from fastai's: the steps are side by side, so that `s` is where the fall begins, and the
//! smoothing has no lag (both ways, over a tenth of the sweep). What comes from the edge of divergence on is left out.

use lrlab_core::registry::Source;

use super::{
    Finder, NoSuggestion, Spacing, Sweep, SweepPlan, edge::edge_step, smooth_both_ways, smoothing::beta_for,
};

/// `lr[s + (e - s) / 2]`.
pub(super) static CONTIGUOUS_VALLEY: Finder = Finder {
    name: "valley",
    tool: "lrlab, after fastai's valley",
    summary: "The middle of the longest stretch over which the smoothed loss falls at every step.",
    formula: "lr[s + (e - s) / 2], s..=e the longest stretch with loss[i] < loss[i - 1]",
    source: Source {
        citation: "fastai's valley with its subsequence read as a stretch",
        link: "https://docs.fast.ai/callback.schedule.html",
    },
    plan: SweepPlan { from: 1e-7, to: 10.0, steps: 100, spacing: Spacing::Exponential, stop: 4.0 },
    suggest,
};

fn suggest(sweep: &Sweep) -> Result<f64, NoSuggestion> {
    let end = edge_step(sweep).unwrap_or_else(|| sweep.finite());
    let smoothed = smooth_both_ways(&sweep.losses()[..end], beta_for(sweep.planned_steps()));
    if smoothed.len() < 2 {
        return Err(NoSuggestion::TooShort { points: smoothed.len(), least: 2 });
    }
    let mut longest = (0, 0);
    let mut start = 0;
    let fall = |(start, end): (usize, usize)| smoothed[start] - smoothed[end];
    for at in 1..smoothed.len() {
        if smoothed[at] >= smoothed[at - 1] {
            start = at;
        }
        let (length, best) = (at - start, longest.1 - longest.0);
        if length > best || (length == best && fall((start, at)) > fall(longest)) {
            longest = (start, at);
        }
    }
    if longest.0 == longest.1 {
        return Err(NoSuggestion::NeverFalls);
    }
    Ok(sweep.rates()[usize::midpoint(longest.0, longest.1)])
}
