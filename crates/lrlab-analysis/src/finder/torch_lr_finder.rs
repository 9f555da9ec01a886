//! torch-lr-finder: the steepest descent by index.
//!
//! `suggestion = lr[argmin gradient(loss)]` over the points 10 to n - 5, where `loss` is smoothed as
//! `l = 0.05 x + 0.95 l` from the first raw loss on, and the sweep stops at `l > 5 best`.
//!
//! The mean's start has no correction, so a first batch with a high loss shows for 60 steps as a
//! descent. NaN is never above 5 times the best: the sweep goes on, every later mean is NaN, and
//! NumPy's least gradient is the first NaN: the tool returns the last rate that still had a loss.

use lrlab_core::registry::Source;

use super::{Finder, NoSuggestion, Spacing, Sweep, SweepPlan, gradient};

/// The share of a new loss in the mean.
const SMOOTH: f64 = 0.05;
/// Points left out at the start and at the end of the plot.
const SKIPPED: (usize, usize) = (10, 5);
/// Points needed besides those left out.
const NEEDED: usize = 2;

/// `lr[argmin gradient(loss)]`.
pub(super) static TORCH_LR_FINDER: Finder = Finder {
    name: "torch-lr-finder",
    tool: "torch-lr-finder 0.2.2, LRFinder.plot(suggest_lr=True)",
    summary: "The rate where the smoothed loss falls fastest from one step to the next.",
    formula: "lr[argmin gradient(l)], l = 0.05 x + 0.95 l, without the first 10 and last 5 points",
    source: Source {
        citation: "Silva 2020, torch-lr-finder 0.2.2, LRFinder",
        link: "https://github.com/davidtvs/pytorch-lr-finder",
    },
    // The tool starts at the optimizer's own rate; 1e-7 is what its documentation sets that to.
    plan: SweepPlan { from: 1e-7, to: 10.0, steps: 100, spacing: Spacing::Exponential, stop: 5.0 },
    suggest,
};

fn suggest(sweep: &Sweep) -> Result<f64, NoSuggestion> {
    let mut history: Vec<f64> = Vec::new();
    let mut best = f64::NAN;
    for &raw in sweep.losses() {
        let loss = match history.last() {
            None => {
                best = raw;
                raw
            }
            Some(before) => SMOOTH * raw + (1.0 - SMOOTH) * before,
        };
        if loss < best {
            best = loss;
        }
        history.push(loss);
        if loss > TORCH_LR_FINDER.plan.stop * best {
            break;
        }
    }
    let least = SKIPPED.0 + SKIPPED.1 + NEEDED;
    if history.len() < least {
        return Err(NoSuggestion::TooShort { points: history.len(), least });
    }
    let shown = &history[SKIPPED.0..history.len() - SKIPPED.1];
    let gradient = gradient::by_index(shown);
    let at =
        gradient::least(&gradient).ok_or(NoSuggestion::TooShort { points: shown.len(), least: NEEDED })?;
    let rate = sweep.rates()[SKIPPED.0 + at];
    if gradient[at].is_nan() { Err(NoSuggestion::NotANumber { would: rate }) } else { Ok(rate) }
}
