//! A number that may be NaN or infinite, in JSON.

use lrlab_core::event::Metric;
use serde::{Deserialize, Serialize};

/// Written as the log writes its numbers: the shortest text that reads back to the same bits, and the
/// strings `"NaN"`, `"inf"` and `"-inf"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Number(Metric);

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(Metric(value))
    }
}

impl From<Number> for f64 {
    fn from(Number(Metric(value)): Number) -> Self {
        value
    }
}

impl Number {
    /// All of `values`.
    pub(crate) fn all(values: &[f64]) -> Vec<Self> {
        values.iter().copied().map(Self::from).collect()
    }

    /// Back from [`all`](Self::all).
    pub(crate) fn values(numbers: &[Self]) -> Vec<f64> {
        numbers.iter().copied().map(f64::from).collect()
    }
}
