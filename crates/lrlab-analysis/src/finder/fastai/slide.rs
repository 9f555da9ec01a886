//! fastai's `slide`: how far down the last rise of the loss reaches.
//!
//! A window of 15 steps slides from the end towards lower rates while the gradients (by index) of the
//! smoothed loss at its two ends differ by more than 0.005; the suggestion is the rate at its lower end
//! when it stops.
//!
//! The threshold is in units of the loss: the same sweep with its loss doubled may give another rate.

use lrlab_core::registry::Source;

use super::{LINK, PLAN, Shown};
use crate::finder::{Finder, NoSuggestion, Sweep, gradient};

/// Steps from one end of the window to the other.
const WINDOW: usize = 15;
/// Gradients this close end the slide.
const THRESHOLD: f32 = 0.005;

/// The lower end of a window that slides down while its gradients differ.
pub(in crate::finder) static SLIDE: Finder = Finder {
    name: "fastai-slide",
    tool: "fastai 2.8.12, SuggestionMethod.Slide",
    summary: "The lower end of a window of 15 steps that slides down while the loss bends within it.",
    formula: "the first lr[i] from the end with |gradient[i + 15] - gradient[i]| <= 0.005, and one step up",
    source: Source { citation: "Howard and Gugger 2020, fastai 2.8.12, callback.schedule.slide", link: LINK },
    plan: PLAN,
    suggest,
};

fn suggest(sweep: &Sweep) -> Result<f64, NoSuggestion> {
    let shown = Shown::of(sweep, WINDOW + 1)?;
    let gradient = gradient::by_index(&shown.losses);
    let mut low = shown.losses.len() - 1 - WINDOW;
    let mut suggestion = shown.rates[low];
    while (gradient[low + WINDOW] - gradient[low]).abs() > THRESHOLD {
        suggestion = shown.rates[low];
        let Some(next) = low.checked_sub(1) else { break };
        low = next;
    }
    Ok(suggestion)
}
