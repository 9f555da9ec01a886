//! Lints about averages of the weights.

pub(super) mod average_never_begins;
pub(super) mod average_of_the_start;
