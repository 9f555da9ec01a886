//! Lints about what `PyTorch`'s schedulers do of their own, all observed in 2.15.

pub(super) mod chained_overwrites;
pub(super) mod cosine_rises_again;
pub(super) mod last_epoch_resumes_wrong;
pub(super) mod milestone_at_zero;
pub(super) mod milestone_between;
pub(super) mod milestones_unsorted;
pub(super) mod momentum_overwritten;
pub(super) mod momentum_switched_on;
pub(super) mod nested_first;
pub(super) mod nested_later;
pub(super) mod one_cycle_moves_base;
pub(super) mod one_cycle_overrun;
pub(super) mod plateau_dead_zone;
pub(super) mod plateau_min_lr;
pub(super) mod raises_in_training;
pub(super) mod restarts_rounded;
pub(super) mod sequence_forgets_epoch;
pub(super) mod sequence_goes_on;
pub(super) mod sequence_jumps_back;
pub(super) mod swa_at_once;
pub(super) mod total_iters_zero;
