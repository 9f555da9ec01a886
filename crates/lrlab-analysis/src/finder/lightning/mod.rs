//! Lightning's `Tuner.lr_find`, whose suggestion changed with version 2.5.3.
//!
//! The losses are an exponential moving average with beta 0.98. Its bias correction counts one step too
//! many (`1 - beta^(k + 1)` after `k` losses), so the curve begins at about half the first loss and rises
//! to where it should be over some dozen steps. The sweep stops once a loss is above 4 times the
//! least, counted from the second on. The first 10 points and the last one are dropped, and all
//! that are not finite; the gradient is taken in f32.

use super::{NoSuggestion, Spacing, Sweep, SweepPlan, gradient};

pub(super) mod index_spacing;
pub(super) mod linear_spacing;

/// `lr_find`'s arguments unless told otherwise.
const PLAN: SweepPlan =
    SweepPlan { from: 1e-8, to: 1.0, steps: 100, spacing: Spacing::Exponential, stop: 4.0 };
const LINK: &str = "https://github.com/Lightning-AI/pytorch-lightning/issues/21141";
/// How much of the mean each loss leaves to those before.
const BETA: f64 = 0.98;
/// Points dropped at the start and at the end.
const SKIPPED: (usize, usize) = (10, 1);

/// The rate where the gradient that `slopes` takes of losses and rates is least.
fn steepest(sweep: &Sweep, slopes: impl Fn(&[f32], &[f32]) -> Vec<f32>) -> Result<f64, NoSuggestion> {
    let recorded = recorded(sweep.losses());
    let end = recorded.len().saturating_sub(SKIPPED.1);
    let shown: Vec<usize> = (SKIPPED.0..end).filter(|&at| (recorded[at] as f32).is_finite()).collect();
    if shown.len() < 2 {
        return Err(NoSuggestion::TooShort { points: shown.len(), least: 2 });
    }
    let losses: Vec<f32> = shown.iter().map(|&at| recorded[at] as f32).collect();
    let rates: Vec<f32> = shown.iter().map(|&at| sweep.rates()[at] as f32).collect();
    let at = gradient::least(&slopes(&losses, &rates)).unwrap_or(0);
    Ok(sweep.rates()[shown[at]])
}

/// The callback's losses up to where the sweep stops.
fn recorded(losses: &[f64]) -> Vec<f64> {
    let (mut mean, mut forgotten, mut best) = (0.0, BETA, 0.0);
    let mut recorded = Vec::new();
    for (step, &raw) in losses.iter().enumerate() {
        mean = BETA * mean + (1.0 - BETA) * raw;
        forgotten *= BETA;
        let smoothed = mean / (1.0 - forgotten);
        recorded.push(smoothed);
        if step > 0 && smoothed > PLAN.stop * best {
            break;
        }
        if step == 0 || smoothed < best {
            best = smoothed;
        }
    }
    recorded
}
