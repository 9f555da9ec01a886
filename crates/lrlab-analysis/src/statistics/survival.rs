//! Time to a target where not all reach it: Kaplan and Meier's estimate.
//!
//! ```text
//! S(t) = product over times t_i <= t of (1 - d_i / n_i)
//! ```
//!
//! S(t): the share that has not reached the target by t (no unit); `d_i`: how many reach it at `t_i`;
//! `n_i`: how many had not reached it before `t_i` and were still watched. Source: Kaplan and Meier 1958.
//!
//! What was not seen to reach the target is censored: it counts in `n_i` for as long as it was watched,
//! and neither drops out nor is given a time. That assumes that why it is no longer watched says
//! nothing of when it would have reached the target. A run that diverged will not: it has to be
//! given as watched to the horizon.

use super::{StatisticsError, within};

/// How long one run was watched, and whether it then reached the target.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Wait {
    /// In steps, or whatever unit all waits share: when the target was reached, or else when watching
    /// ended. Finite and at least 0.
    pub time: f64,
    /// Whether the target was reached at that time.
    pub reached: bool,
}

/// The share that has not reached the target, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// Times at which some reached it, with the share left from there on.
    steps: Vec<(f64, f64)>,
    /// The last time at which anything was watched; 0 for no waits.
    watched: f64,
}

impl Survival {
    /// The estimate from these waits; a time that is negative or not finite is refused.
    pub fn of(waits: &[Wait]) -> Result<Self, StatisticsError> {
        for wait in waits {
            within("a time to the target", wait.time, "finite and at least 0", |time| {
                time.is_finite() && time >= 0.0
            })?;
        }
        let mut times: Vec<f64> = waits.iter().filter(|wait| wait.reached).map(|wait| wait.time).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let mut left = 1.0;
        let steps = times.into_iter().map(|time| {
            let at_risk = waits.iter().filter(|wait| wait.time >= time).count();
            let reached = waits.iter().filter(|wait| wait.reached && wait.time == time).count();
            left *= 1.0 - reached as f64 / at_risk as f64;
            (time, left)
        });
        Ok(Self { steps: steps.collect(), watched: waits.iter().map(|wait| wait.time).fold(0.0, f64::max) })
    }

    /// The share that has not reached the target by `time`, 1 to 0.
    pub fn share_left(&self, time: f64) -> f64 {
        self.steps.iter().take_while(|(at, _)| *at <= time).last().map_or(1.0, |(_, left)| *left)
    }

    /// The time by which half have reached the target; `None` where half never did while watched.
    ///
    /// ```
    /// use lrlab_analysis::statistics::{Survival, Wait};
    /// let wait = |time, reached| Wait { time, reached };
    /// let survival = Survival::of(&[wait(10.0, true), wait(20.0, true), wait(90.0, false)])?;
    /// assert_eq!(survival.median(), Some(20.0));
    /// # Ok::<(), lrlab_analysis::statistics::StatisticsError>(())
    /// ```
    pub fn median(&self) -> Option<f64> {
        self.steps.iter().find(|(_, left)| *left <= 0.5 + 1e-12).map(|(time, _)| *time)
    }

    /// The mean time to the target where every time beyond `horizon` counts as `horizon`: the area
    /// below the share left, from 0 to the horizon. `None` where some are left and nothing was watched
    /// up to the horizon, so that the area is not known, and for no waits or a horizon below 0.
    pub fn restricted_mean(&self, horizon: f64) -> Option<f64> {
        let all_reached = self.steps.last().is_some_and(|(_, left)| *left <= 0.0);
        if !(horizon >= 0.0 && (all_reached || (self.watched > 0.0 && self.watched >= horizon))) {
            return None;
        }
        let mut area = 0.0;
        let [mut from, mut left] = [0.0, 1.0];
        for &(time, after) in self.steps.iter().take_while(|(time, _)| *time < horizon) {
            area += left * (time - from);
            [from, left] = [time, after];
        }
        Some(area + left * (horizon - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(times: &[f64], censored: &[f64]) -> Vec<Wait> {
        let wait = |reached| move |&time: &f64| Wait { time, reached };
        times.iter().map(wait(true)).chain(censored.iter().map(wait(false))).collect()
    }

    #[test]
    fn the_curve_is_that_of_the_trial_of_1963() {
        // Freireich's 21 patients on 6-MP, as in every textbook: median 23 weeks, S(10) = 0.753.
        let reached = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let censored = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
        let survival = Survival::of(&waits(&reached, &censored)).unwrap();
        for (time, expected) in [(5.0, 1.0), (6.0, 0.857), (7.0, 0.807), (10.0, 0.753), (23.0, 0.448)] {
            assert!((survival.share_left(time) - expected).abs() < 5e-4, "{time}");
        }
        assert_eq!(survival.median(), Some(23.0));
        assert!((survival.restricted_mean(35.0).unwrap() - 23.287).abs() < 1e-3);
    }

    #[test]
    fn without_censoring_it_is_the_mean_and_the_median() {
        let survival = Survival::of(&waits(&[10.0, 20.0, 60.0], &[])).unwrap();
        assert_eq!(survival.median(), Some(20.0));
        assert!((survival.restricted_mean(100.0).unwrap() - 30.0).abs() < 1e-12);
        assert!((survival.restricted_mean(20.0).unwrap() - 50.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_never_reached_it_has_no_time() {
        let survival = Survival::of(&waits(&[10.0], &[100.0, 100.0])).unwrap();
        assert_eq!(survival.median(), None);
        assert!((survival.restricted_mean(100.0).unwrap() - 70.0).abs() < 1e-12);
        assert_eq!(survival.restricted_mean(101.0), None, "nothing was watched that long");
        assert_eq!(Survival::of(&[]).unwrap().restricted_mean(10.0), None);
        assert!(Survival::of(&waits(&[f64::NAN], &[])).is_err());
    }
}
