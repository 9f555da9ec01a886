//! Lints about what reacts to metrics.

pub(super) mod no_such_metric;
pub(super) mod signal_during_warmup;
pub(super) mod signal_never_fires;
pub(super) mod signal_over_decay;
pub(super) mod signal_without_patience;
