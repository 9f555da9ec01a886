//! Lints about groups, their other fields and their optimizers.

pub(super) mod group_shadowed;
pub(super) mod group_without_schedule;
pub(super) mod momentum_out_of_range;
pub(super) mod optimizer_sets_own_rate;
pub(super) mod parameters_left_out;
pub(super) mod pattern_fits_nothing;
pub(super) mod schedule_of_zero;
