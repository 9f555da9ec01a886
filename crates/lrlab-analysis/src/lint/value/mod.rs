//! Lints about the values that the learning rate takes.

pub(super) mod jump_down;
pub(super) mod jump_up;
pub(super) mod limit_never_binds;
pub(super) mod rate_too_high;
pub(super) mod zero_rate;
