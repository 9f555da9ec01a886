//! fastai's `valley`, as shipped: its default.
//!
//! The longest strictly decreasing *subsequence* of the smoothed loss is looked for, with length `n` and
//! last place `e`; its start is taken to be `e - n`, as if its members stood side by side, and the
//! suggestion is `lr[e - n + int(n / 3) + int(n / 6)]`, the middle of that stretch.
//!
//! A subsequence with gaps starts earlier than that, so the rate is too high by as much. One that
//! begins at the first point has the start -1, and if it is shorter than 3 the suggestion is the *last*
//! rate, since -1 counts from the end in Python. A loss that never falls gives the first rate.

use lrlab_core::registry::Source;

use super::{LINK, PLAN, Shown};
use crate::finder::{Finder, NoSuggestion, Sweep};

/// `lr[e - n + int(n / 3) + int(n / 6)]`.
pub(in crate::finder) static VALLEY: Finder = Finder {
    name: "fastai-valley",
    tool: "fastai 2.8.12, SuggestionMethod.Valley, the default of lr_find",
    summary: "The middle of the longest valley, whose start is guessed from its length.",
    formula: "lr[e - n + int(n/3) + int(n/6)], n and e the length and end of the longest decreasing subsequence",
    source: Source {
        citation: "Howard and Gugger 2020, fastai 2.8.12, callback.schedule.valley",
        link: LINK,
    },
    plan: PLAN,
    suggest,
};

fn suggest(sweep: &Sweep) -> Result<f64, NoSuggestion> {
    let shown = Shown::of(sweep, 1)?;
    let losses = &shown.losses;
    let mut lengths = vec![1_usize; losses.len()];
    let mut end = 0;
    for at in 1..losses.len() {
        let before = (0..at).filter(|&before| losses[at] < losses[before]).map(|before| lengths[before]);
        lengths[at] = 1 + before.max().unwrap_or(0);
        if lengths[at] > lengths[end] {
            end = at;
        }
    }
    if end == 0 {
        return Ok(shown.rates[0]);
    }
    let length = lengths[end];
    let at = (end + length / 3 + length / 6).checked_sub(length).unwrap_or(losses.len() - 1);
    Ok(shown.rates[at])
}
