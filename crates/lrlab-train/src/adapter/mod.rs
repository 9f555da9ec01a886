//! lrlab in a Burn user's own training loop: a scheduler that implements Burn's `LrScheduler`, and
//! an optimizer that steps any Burn module.

mod optimizer;
mod scheduler;
mod tensors;

pub use optimizer::ModuleOptimizer;
pub use scheduler::ScheduleAdapter;
