//! When a training loss ends a trial: out of all bounds, or far above its best in a range test.

use lrlab_core::{
    Event, Outcome, StopRule,
    event::{SKIPPED_IN_A_ROW, Skipped},
};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Number;

/// A loss above this many times the first one (or not finite at all) has left all bounds.
const DIVERGED_FACTOR: f64 = 1e10;

/// What a trial's losses may be.
#[derive(Clone, Debug)]
pub struct Bounds {
    first: Option<f64>,
    rise: Option<Rise>,
    /// Updates that were skipped since the last one that was made.
    skipped: u32,
}

impl Bounds {
    /// No loss was seen yet; `stop` is the trial's own rule.
    pub fn new(stop: Option<StopRule>) -> Self {
        Self { first: None, rise: stop.map(|StopRule::RisesAbove(times)| Rise::above(times)), skipped: 0 }
    }

    /// Whether a loss, of which the first sets the measure, is within all bounds. A step from one that is
    /// not could only spoil what is left to look at.
    pub fn hold(&mut self, loss: f64) -> bool {
        self.first.get_or_insert(loss);
        self.contain(loss)
    }

    /// The same for a loss that sets no measure.
    pub(crate) fn contain(&self, loss: f64) -> bool {
        loss.is_finite()
            && self.first.is_none_or(|first| loss <= DIVERGED_FACTOR * first.max(f64::MIN_POSITIVE))
    }

    /// Whether the last update was skipped, so that the next one is another try of the same.
    pub(crate) fn tries_again(&self) -> bool {
        self.skipped > 0
    }

    /// How the trial ends after a step, or after the skipping of one, if it does.
    pub(crate) fn end_after(&mut self, event: &Event) -> Option<Outcome> {
        match *event {
            Event::Step(ref step) => self.end(step.t, step.loss),
            Event::Skipped(Skipped { t, loss }) => self.skip(t, loss),
            _ => None,
        }
    }

    /// How the trial ends after the update at `t` was skipped, if it does: by divergence, once
    /// [`SKIPPED_IN_A_ROW`] were.
    pub fn skip(&mut self, t: u64, loss: f64) -> Option<Outcome> {
        self.skipped += 1;
        (self.skipped == SKIPPED_IN_A_ROW).then_some(Outcome::Diverged { t, loss })
    }

    /// How the trial ends after step `t` with this loss, if it does.
    pub fn end(&mut self, t: u64, loss: f64) -> Option<Outcome> {
        self.skipped = 0;
        if let Some(why) = self.rise.as_mut().and_then(|rise| rise.after(loss)) {
            return Some(Outcome::Halted { t: t + 1, why });
        }
        (!self.contain(loss)).then_some(Outcome::Diverged { t, loss })
    }
}

/// What was seen of a trial's losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundsState {
    first: Option<Number>,
    rise: Option<RiseState>,
    skipped: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RiseState {
    mean: Number,
    weight_left: Number,
    best: Number,
    seen: u64,
}

impl Bounds {
    /// What has to be kept to end where the trial would have ended.
    pub(crate) fn state(&self) -> BoundsState {
        let rise = |&Rise { mean, weight_left, best, seen, times: _ }: &Rise| RiseState {
            mean: mean.into(),
            weight_left: weight_left.into(),
            best: best.into(),
            seen,
        };
        let (first, skipped) = (self.first.map(Number::from), self.skipped);
        BoundsState { first, rise: self.rise.as_ref().map(rise), skipped }
    }

    /// Goes on from what [`state`](Self::state) gave.
    ///
    /// # Errors
    /// The state of bounds with another rule; these are then as before.
    pub(crate) fn restore(&mut self, state: &BoundsState) -> Result<(), String> {
        match (&mut self.rise, &state.rise) {
            (None, None) => {}
            (Some(rise), Some(RiseState { mean, weight_left, best, seen })) => {
                let [mean, weight_left, best] = [mean, weight_left, best].map(|number| f64::from(*number));
                *rise = Rise { times: rise.times, mean, weight_left, best, seen: *seen };
            }
            (None, Some(_)) => return Err("it watches for a rising loss".to_owned()),
            (Some(_), None) => return Err("it does not watch for a rising loss".to_owned()),
        }
        (self.first, self.skipped) = (state.first.map(f64::from), state.skipped);
        Ok(())
    }
}

/// The smoothed loss so far, and the least it was.
#[derive(Clone, Debug)]
struct Rise {
    times: f64,
    mean: f64,
    /// `SMOOTHING^n`, which corrects the mean for its start at 0.
    weight_left: f64,
    best: f64,
    seen: u64,
}

impl Rise {
    /// Losses before anything is concluded: the first ones are noise.
    const SETTLING: u64 = 5;

    fn above(times: f64) -> Self {
        Self { times, mean: 0.0, weight_left: 1.0, best: f64::INFINITY, seen: 0 }
    }

    /// Takes in a loss; the reason to stop, if it is one.
    fn after(&mut self, loss: f64) -> Option<String> {
        self.seen += 1;
        if !loss.is_finite() {
            return Some(format!("the loss is {loss}"));
        }
        self.mean = StopRule::SMOOTHING * self.mean + (1.0 - StopRule::SMOOTHING) * loss;
        self.weight_left *= StopRule::SMOOTHING;
        let smoothed = self.mean / (1.0 - self.weight_left);
        self.best = self.best.min(smoothed);
        let rose = self.seen > Self::SETTLING && self.best > 0.0 && smoothed > self.times * self.best;
        rose.then(|| {
            format!(
                "the smoothed loss {smoothed:.4} is above {} times its least, {:.4}",
                self.times, self.best
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_a_rise_and_at_nan_but_not_at_early_noise() {
        let stop = |losses: &[f64]| {
            let mut rise = Rise::above(4.0);
            losses.iter().position(|&loss| rise.after(loss).is_some())
        };
        assert_eq!(stop(&[1.0, 9.0, 1.0, 1.0, 1.0, 1.0]), None);
        assert_eq!(stop(&[1.0, 0.9, f64::NAN]), Some(2));
        assert_eq!(stop(&[1.0, f64::INFINITY]), Some(1));
        // One loss of 100 among ones lifts the mean by a factor of more than 4.
        let mut late = vec![1.0; 20];
        late.push(100.0);
        assert_eq!(stop(&late), Some(20));
        assert_eq!(stop(&[1.0; 50]), None);
    }
}
