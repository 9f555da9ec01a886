//! How often a checkpoint is made.

use std::{fmt, str::FromStr};

use lrlab_core::{Duration, Horizon, SpecError};

/// How often a checkpoint is made: `500 steps`, `1 epoch`, `10%` of the training, `60 seconds`, `never`.
///
/// ```
/// use lrlab_train::checkpoint::Interval;
///
/// assert_eq!("2 minutes".parse::<Interval>()?, Interval::Seconds(120.0));
/// assert!("500".parse::<Interval>().is_err(), "a bare number has no unit");
/// # Ok::<(), lrlab_train::checkpoint::IntervalError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interval {
    /// After so much of the training, again and again.
    Training(Duration),
    /// After the step at which so many seconds have passed since the last one.
    Seconds(f64),
    /// Not at all.
    Never,
}

impl Default for Interval {
    /// A minute: what a kill can cost, while trials that are shorter write none.
    fn default() -> Self {
        Self::Seconds(60.0)
    }
}

/// Why an interval is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum IntervalError {
    /// The text is no interval.
    #[error(
        "`{got}` does not say how often to make a checkpoint, expected `500 steps`, `1 epoch`, `10%`, `60 seconds`, \
         `2 minutes` or `never`"
    )]
    Text {
        /// As it was given.
        got: String,
    },
    /// It comes to no step at all.
    #[error(
        "a checkpoint every {got} comes to no step at all (steps in an epoch here: {steps_per_epoch}); give at least 1 step"
    )]
    NoStep {
        /// As it was given.
        got: Duration,
        /// What an epoch is here.
        steps_per_epoch: u64,
    },
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        for (unit, seconds) in [("second", 1.0), ("minute", 60.0), ("hour", 3600.0)] {
            let number = text.strip_suffix('s').unwrap_or(text).strip_suffix(unit).map(str::trim);
            let number = number.map(|number| if number.is_empty() { Ok(1.0) } else { number.parse::<f64>() });
            match number {
                Some(Ok(number)) if number > 0.0 && number.is_finite() => {
                    return Ok(Self::Seconds(number * seconds));
                }
                _ => {}
            }
        }
        let read: Result<Duration, SpecError> = text.parse();
        match read {
            Ok(every) => Ok(Self::Training(every)),
            Err(_) => Err(IntervalError::Text { got: text.to_owned() }),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Training(every) => every.fmt(f),
            Self::Seconds(seconds) => write!(f, "{seconds} seconds"),
            Self::Never => f.write_str("never"),
        }
    }
}

impl Interval {
    /// Updates between two checkpoints, where updates and not the clock decide.
    ///
    /// # Errors
    /// An interval of no step.
    pub fn steps(self, horizon: Horizon) -> Result<Option<u64>, IntervalError> {
        let Self::Training(every) = self else { return Ok(None) };
        match every.steps(horizon) {
            0 => Err(IntervalError::NoStep { got: every, steps_per_epoch: horizon.steps_per_epoch }),
            steps => Ok(Some(steps)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_printed() {
        for (text, interval) in [
            ("500 steps", Interval::Training(Duration::Steps(500))),
            ("1 epoch", Interval::Training(Duration::Epochs(1.0))),
            ("10%", Interval::Training(Duration::Fraction(0.1))),
            ("60 seconds", Interval::Seconds(60.0)),
            ("never", Interval::Never),
        ] {
            assert_eq!(text.parse(), Ok(interval));
            assert_eq!(interval.to_string(), text);
        }
        for (text, seconds) in
            [("minute", 60.0), ("1.5 minutes", 90.0), ("2 hours", 7200.0), ("1 second", 1.0)]
        {
            assert_eq!(text.parse(), Ok(Interval::Seconds(seconds)));
        }
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in ["", "500", "0 seconds", "-1 minutes", "NaN seconds", "inf hours", "5 weeks", "always"] {
            let refused = text.parse::<Interval>().unwrap_err().to_string();
            assert!(refused.contains("expected `500 steps`"), "{text}: {refused}");
        }
        let horizon = Horizon::new(100, 10);
        let steps = |text: &str| text.parse::<Interval>().unwrap().steps(horizon);
        assert_eq!(steps("1 epoch"), Ok(Some(10)));
        assert_eq!(steps("7 steps"), Ok(Some(7)));
        assert_eq!(steps("never"), Ok(None));
        for none in ["0 steps", "0.01 epochs", "0%"] {
            assert!(steps(none).unwrap_err().to_string().contains("at least 1 step"), "{none}");
        }
    }
}
