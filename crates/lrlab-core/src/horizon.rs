//! Durations with their unit, and the horizon that turns them into steps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::spec::{Fault, SpecError};

/// A length of training, always written with its unit.
///
/// Text forms: `500 steps`, `3 epochs` (fractions allowed), `10%` (of the whole training), and
/// `epoch` or `step` for one of them.
///
/// ```
/// use lrlab_core::{Duration, Horizon};
/// let warmup: Duration = "10%".parse()?;
/// assert_eq!(warmup.steps(Horizon::new(300, 20)), 30);
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Duration {
    /// A number of optimizer updates.
    Steps(u64),
    /// A number of passes over the training data; may be a fraction such as 0.5.
    Epochs(f64),
    /// A share of the whole training, in 0..=1.
    Fraction(f64),
}

/// How long a schedule has: what turns `10%` and `3 epochs` into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Optimizer updates from the first to the last.
    pub total_steps: u64,
    /// Optimizer updates in one pass over the training data.
    pub steps_per_epoch: u64,
}

impl Horizon {
    /// A horizon of `total_steps` updates, `steps_per_epoch` of them an epoch.
    pub fn new(total_steps: u64, steps_per_epoch: u64) -> Self {
        Self { total_steps, steps_per_epoch }
    }

    /// The horizon of what follows after the first `steps` updates.
    pub fn after(self, steps: u64) -> Self {
        Self { total_steps: self.total_steps.saturating_sub(steps), ..self }
    }
}

/// What somebody says about how long a training is; two of the three tell the third.
///
/// ```
/// use lrlab_core::{Horizon, Length};
/// let length = Length { epochs: Some(3), steps_per_epoch: Some(100), ..Length::default() };
/// assert_eq!(length.horizon()?, Horizon::new(300, 100));
/// # Ok::<(), lrlab_core::LengthError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// Optimizer updates from the first to the last, at least 1.
    pub total_steps: Option<u64>,
    /// Passes over the training data, at least 1.
    pub epochs: Option<u64>,
    /// Optimizer updates in one pass over the training data, at least 1.
    pub steps_per_epoch: Option<u64>,
}

/// Why a [`Length`] is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// Nothing was said.
    #[error("how long is the training? give its steps in all, or its epochs and the steps per epoch")]
    Missing,
    /// Only how long an epoch is.
    #[error("how long is the training? give its steps in all, or its epochs")]
    NoTotal,
    /// Only how many epochs there are.
    #[error("how long is an epoch? give the steps in all, or the steps per epoch")]
    NoEpoch,
    /// A training or an epoch without an update.
    #[error("0 {what} are no training; give at least 1")]
    Zero {
        /// What there is none of.
        what: &'static str,
    },
    /// Epochs that cannot be equally long.
    #[error(
        "{total_steps} steps are no whole number of steps in each of {epochs} epochs; give the steps per epoch"
    )]
    Uneven {
        /// Steps in all.
        total_steps: u64,
        /// Epochs.
        epochs: u64,
    },
    /// All three, and they contradict each other.
    #[error(
        "{epochs} epochs of {steps_per_epoch} steps are not {total_steps} steps; leave one of the three out"
    )]
    Contradiction {
        /// Steps in all.
        total_steps: u64,
        /// Epochs.
        epochs: u64,
        /// Steps in each.
        steps_per_epoch: u64,
    },
    /// More steps than can be counted.
    #[error("{epochs} epochs of {steps_per_epoch} steps are more than can be counted")]
    TooLong {
        /// Epochs.
        epochs: u64,
        /// Steps in each.
        steps_per_epoch: u64,
    },
}

impl Length {
    /// The training of this length. Steps alone say nothing of epochs: one is taken to be one step, and
    /// [`has_epochs`](Self::has_epochs) tells that it was.
    ///
    /// # Errors
    /// What is missing, 0, or contradicts the rest.
    pub fn horizon(self) -> Result<Horizon, LengthError> {
        let Self { total_steps, epochs, steps_per_epoch } = self;
        let named = [(total_steps, "steps"), (epochs, "epochs"), (steps_per_epoch, "steps per epoch")];
        if let Some((_, what)) = named.into_iter().find(|(count, _)| *count == Some(0)) {
            return Err(LengthError::Zero { what });
        }
        match (total_steps, epochs, steps_per_epoch) {
            (None, None, None) => Err(LengthError::Missing),
            (None, None, Some(_)) => Err(LengthError::NoTotal),
            (None, Some(_), None) => Err(LengthError::NoEpoch),
            (Some(steps), None, each) => Ok(Horizon::new(steps, each.unwrap_or(1))),
            (None, Some(epochs), Some(each)) => match epochs.checked_mul(each) {
                Some(steps) => Ok(Horizon::new(steps, each)),
                None => Err(LengthError::TooLong { epochs, steps_per_epoch: each }),
            },
            (Some(steps), Some(epochs), None) if steps.is_multiple_of(epochs) => {
                Ok(Horizon::new(steps, steps / epochs))
            }
            (Some(total_steps), Some(epochs), None) => Err(LengthError::Uneven { total_steps, epochs }),
            (Some(steps), Some(epochs), Some(each)) if epochs.checked_mul(each) == Some(steps) => {
                Ok(Horizon::new(steps, each))
            }
            (Some(total_steps), Some(epochs), Some(steps_per_epoch)) => {
                Err(LengthError::Contradiction { total_steps, epochs, steps_per_epoch })
            }
        }
    }

    /// Whether somebody said what an epoch is.
    pub fn has_epochs(self) -> bool {
        self.epochs.is_some() || self.steps_per_epoch.is_some()
    }
}

impl Duration {
    /// The number of steps, rounded to the nearest whole one.
    ///
    /// A fraction is taken of the whole training, `horizon.total_steps`.
    pub fn steps(self, horizon: Horizon) -> u64 {
        match self {
            Self::Steps(steps) => steps,
            Self::Epochs(epochs) => (epochs * horizon.steps_per_epoch as f64).round() as u64,
            Self::Fraction(fraction) => (fraction * horizon.total_steps as f64).round() as u64,
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(1) => f.write_str("1 step"),
            Self::Steps(steps) => write!(f, "{steps} steps"),
            Self::Epochs(epochs) if *epochs == 1.0 => f.write_str("1 epoch"),
            Self::Epochs(epochs) => write!(f, "{} epochs", number_text(*epochs)),
            Self::Fraction(fraction) => write!(f, "{}%", percent_text(*fraction)),
        }
    }
}

impl FromStr for Duration {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        parse_duration(text).map_err(|fault| SpecError::at(text, 0..text.len(), fault))
    }
}

/// What a duration may look like, for messages.
pub(crate) const DURATION_FORMS: &str = "a duration with its unit: `500 steps`, `3 epochs` or `10%`";

pub(crate) fn parse_duration(text: &str) -> Result<Duration, Fault> {
    let wrong = |allowed: &str| Fault::Value {
        field: "duration".to_owned(),
        got: text.trim().to_owned(),
        allowed: allowed.to_owned(),
    };
    let trimmed = text.trim();
    let unit_start = trimmed
        .char_indices()
        .find(|&(at, c)| {
            let exponent = matches!(c, 'e' | 'E')
                && trimmed[at + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-' || d == '+');
            !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+') || exponent)
        })
        .map_or(trimmed.len(), |(at, _)| at);
    let (number, unit) = (trimmed[..unit_start].trim(), trimmed[unit_start..].trim().to_ascii_lowercase());
    match unit.as_str() {
        "step" | "steps" if number.is_empty() => Ok(Duration::Steps(1)),
        "step" | "steps" => match number.replace('_', "").parse() {
            Ok(steps) => Ok(Duration::Steps(steps)),
            Err(_) => Err(wrong("a whole number of steps")),
        },
        "epoch" | "epochs" if number.is_empty() => Ok(Duration::Epochs(1.0)),
        "epoch" | "epochs" => match parse_number(number) {
            Some(epochs) if epochs >= 0.0 => Ok(Duration::Epochs(epochs)),
            _ => Err(wrong("0 epochs or more")),
        },
        "%" => match parse_percent(number) {
            Some(fraction) if (0.0..=1.0).contains(&fraction) => Ok(Duration::Fraction(fraction)),
            _ => Err(wrong("from 0% to 100% of the training")),
        },
        "" if !number.is_empty() => {
            Err(wrong("a duration with its unit (a bare number has none): `500 steps`, `3 epochs` or `10%`"))
        }
        _ => Err(wrong(DURATION_FORMS)),
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(DURATION_FORMS)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                parse_duration(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A finite number, `_` allowed between digits; `None` for anything else.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) {
        return None;
    }
    text.replace('_', "").parse().ok().filter(|value: &f64| value.is_finite())
}

/// The fraction that `text` per cent are, correctly rounded: the decimal point moves before the
/// number is read, so that `7` gives the very bits of 0.07.
pub(crate) fn parse_percent(text: &str) -> Option<f64> {
    parse_number(text)?;
    let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text.trim(), 0),
    };
    parse_number(&format!("{mantissa}e{}", exponent.checked_sub(2)?))
}

/// The inverse of [`parse_percent`]: the shortest decimal that reads back to the same bits.
pub(crate) fn percent_text(fraction: f64) -> String {
    let scientific = format!("{fraction:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent = exponent.parse::<i64>().unwrap_or(0) + 2;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    if fraction == 0.0 {
        return format!("{sign}0");
    }
    if !(-6..16).contains(&exponent) {
        return format!("{sign}{mantissa}e{exponent}");
    }
    let point = exponent + 1;
    if point <= 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize));
    }
    let point = point as usize;
    if point >= digits.len() {
        return format!("{sign}{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..point], &digits[point..])
}

/// The shortest decimal that reads back to the same bits, with an exponent where that is shorter
/// to read.
pub(crate) fn number_text(value: f64) -> String {
    if value == 0.0 || (1e-3..1e15).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_keep_their_bits() {
        let plain =
            [(0.07, "7"), (1.0 / 3.0, "33.33333333333333"), (1.0, "100"), (1e-5, "0.001"), (-0.5, "-50")];
        for (fraction, text) in plain {
            assert_eq!(percent_text(fraction), text);
        }
        let mut fraction: f64 = 1e-300;
        while fraction < 1e300 {
            let text = percent_text(fraction);
            assert_eq!(parse_percent(&text).map(f64::to_bits), Some(fraction.to_bits()), "{text}");
            fraction *= 1.37;
        }
        assert_eq!(parse_percent("1_0"), Some(0.1));
        assert_eq!(parse_percent("1e99999999999999999999"), None);
    }

    #[test]
    fn two_numbers_tell_the_third_and_nonsense_is_refused() {
        let horizon =
            |total_steps, epochs, steps_per_epoch| Length { total_steps, epochs, steps_per_epoch }.horizon();
        assert_eq!(horizon(Some(7), None, None), Ok(Horizon::new(7, 1)));
        assert_eq!(horizon(Some(70), None, Some(20)), Ok(Horizon::new(70, 20)));
        assert_eq!(horizon(Some(60), Some(3), None), Ok(Horizon::new(60, 20)));
        assert_eq!(horizon(None, Some(3), Some(20)), Ok(Horizon::new(60, 20)));
        assert_eq!(horizon(Some(60), Some(3), Some(20)), Ok(Horizon::new(60, 20)));
        assert_eq!(horizon(None, None, None), Err(LengthError::Missing));
        assert_eq!(horizon(None, None, Some(20)), Err(LengthError::NoTotal));
        assert_eq!(horizon(None, Some(3), None), Err(LengthError::NoEpoch));
        assert_eq!(horizon(Some(70), Some(3), None), Err(LengthError::Uneven { total_steps: 70, epochs: 3 }));
        assert_eq!(horizon(Some(0), None, None), Err(LengthError::Zero { what: "steps" }));
        assert_eq!(horizon(Some(9), Some(0), None), Err(LengthError::Zero { what: "epochs" }));
        assert_eq!(horizon(None, Some(3), Some(0)), Err(LengthError::Zero { what: "steps per epoch" }));
        let contradiction = LengthError::Contradiction { total_steps: 70, epochs: 3, steps_per_epoch: 20 };
        assert_eq!(horizon(Some(70), Some(3), Some(20)), Err(contradiction));
        let long = LengthError::TooLong { epochs: 3, steps_per_epoch: u64::MAX };
        assert_eq!(horizon(None, Some(3), Some(u64::MAX)), Err(long));
    }

    #[test]
    fn durations_become_whole_steps() {
        let horizon = Horizon::new(301, 20);
        assert_eq!(Duration::Fraction(0.05).steps(horizon), 15);
        assert_eq!(Duration::Epochs(1.5).steps(horizon), 30);
        assert_eq!(Duration::Epochs(1e300).steps(horizon), u64::MAX);
        assert_eq!(horizon.after(400).total_steps, 0);
    }
}
