//! Lints about when things happen.

pub(super) mod counts_epochs;
pub(super) mod counts_updates;
pub(super) mod cycle_cut_off;
pub(super) mod never_decays;
pub(super) mod never_happens;
pub(super) mod plan_cut_off;
pub(super) mod plan_ends_early;
pub(super) mod rises_again;
pub(super) mod warmup_from_zero;
pub(super) mod warmup_too_long;
