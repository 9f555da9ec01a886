//! One number read off every run of an arm, held against a bound.

use crate::statistics::{mean, mean_interval};

use super::Evidence;

/// Whether a statement holds for an arm as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// The runs, or the interval of their mean, lie on both sides of the bound.
    Unclear,
}

impl Held {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unclear,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Unclear,
        }
    }
}

/// One value for each run.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    values: Vec<f64>,
    /// Nothing random moved the runs: each value is exact, and runs differ by their start alone.
    noiseless: bool,
}

impl Sample {
    pub(super) fn new(values: Vec<f64>, noiseless: bool) -> Self {
        Self { values, noiseless }
    }

    /// The ratio of two numbers over the runs.
    ///
    /// Noiseless runs keep a ratio each. For noisy ones it is the ratio of the means, since a mean
    /// of ratios would be ruled by the run whose denominator chance made smallest; each value is
    /// then the ratio plus that run's residual, which gives the mean its usual (delta method)
    /// interval.
    pub(super) fn ratio(over: &[f64], under: &[f64], noiseless: bool) -> Self {
        let values = if noiseless {
            over.iter().zip(under).map(|(over, under)| divide(*over, *under)).collect()
        } else {
            let below = mean(under);
            let ratio = divide(mean(over), below);
            over.iter().zip(under).map(|(over, under)| ratio + divide(over - ratio * under, below)).collect()
        };
        Self { values, noiseless }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the value lies above `bound`: for noiseless runs in every one of them, for noisy
    /// runs the whole 95 % interval of the mean, for a single run the run itself.
    pub(super) fn above(&self, bound: f64) -> Held {
        let [low, high] = match self.interval() {
            Some(interval) if !self.noiseless => interval,
            _ => [
                self.values.iter().copied().fold(f64::INFINITY, f64::min),
                self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ],
        };
        if low > bound {
            Held::Yes
        } else if high <= bound {
            Held::No
        } else {
            Held::Unclear
        }
    }

    /// Whether the mean itself lies above `bound`, whatever its interval: for what is at stake, once
    /// another number has shown that there is something.
    pub(super) fn mean_above(&self, bound: f64) -> Held {
        if mean(&self.values) > bound { Held::Yes } else { Held::No }
    }

    pub(super) fn evidence(&self, name: &str, bound: Option<f64>) -> Evidence {
        let interval = if self.noiseless { None } else { self.interval() };
        Evidence { name: name.to_owned(), value: mean(&self.values), bound, interval }
    }

    fn interval(&self) -> Option<[f64; 2]> {
        mean_interval(&self.values)
    }
}

/// A share of nothing is nothing: a loss of 0 has no tenth to gain.
fn divide(over: f64, under: f64) -> f64 {
    if under == 0.0 { 0.0 } else { over / under }
}
