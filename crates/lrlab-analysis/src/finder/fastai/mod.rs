//! fastai 2.8's `Learner.lr_find` and its four suggestions, which share one sweep and one smoothing.
//!
//! The losses are the recorder's: an exponential moving average with beta 0.98 and its bias corrected,
//! in f32. The sweep stops once it is above 4 times its least. Of what is left, the first tenth of the
//! *planned* steps and the last 5 are dropped, and everything from the first NaN on.

use super::{NoSuggestion, Spacing, Sweep, SweepPlan};

pub(super) mod minimum;
pub(super) mod slide;
pub(super) mod steep;
pub(super) mod valley;

/// `lr_find`'s arguments unless told otherwise.
const PLAN: SweepPlan =
    SweepPlan { from: 1e-7, to: 10.0, steps: 100, spacing: Spacing::Exponential, stop: 4.0 };
const LINK: &str = "https://docs.fast.ai/callback.schedule.html";
/// How much of the mean each loss leaves to those before.
const BETA: f64 = 0.98;
/// Of the planned steps, one in so many is dropped at the start.
const SKIPPED_SHARE: usize = 10;
/// Points dropped at the end.
const SKIPPED_END: usize = 5;

/// What the suggestions see: rates, and smoothed losses in f32.
struct Shown<'a> {
    rates: &'a [f64],
    losses: Vec<f32>,
}

impl<'a> Shown<'a> {
    /// What `lr_find` hands to its suggestions, at least `least` points of it.
    fn of(sweep: &'a Sweep, least: usize) -> Result<Self, NoSuggestion> {
        let recorded = recorded(sweep.losses());
        let start = sweep.planned_steps() / SKIPPED_SHARE;
        let end = recorded.len().saturating_sub(SKIPPED_END);
        let losses: Vec<f32> =
            recorded[..end].iter().skip(start).copied().take_while(|loss| !loss.is_nan()).collect();
        if losses.len() < least {
            return Err(NoSuggestion::TooShort { points: losses.len(), least });
        }
        Ok(Self { rates: &sweep.rates()[start..start + losses.len()], losses })
    }
}

/// The recorder's losses up to where the sweep stops.
fn recorded(losses: &[f64]) -> Vec<f32> {
    let (mut mean, mut forgotten, mut best) = (0.0_f32, 1.0, f32::INFINITY);
    let mut recorded = Vec::new();
    for &raw in losses {
        // torch.lerp(loss, mean, beta), which for a weight of a half or more counts from its end and fuses.
        // Where the loss stays level, its last bit decides what the suggestions see.
        mean = (mean - raw as f32).mul_add(-(1.0 - BETA as f32), mean);
        forgotten *= BETA;
        let smoothed = mean / (1.0 - forgotten) as f32;
        recorded.push(smoothed);
        if smoothed < best {
            best = smoothed;
        }
        if smoothed > PLAN.stop as f32 * best {
            break;
        }
    }
    recorded
}
