//! The laboratory for learning-rate strategies, as a library.
//!
//! A schedule is data, written in one line; its value at any step is random access:
//!
//! ```
//! use lrlab::{Horizon, ScheduleSpec};
//!
//! let spec: ScheduleSpec = "warmup 10% then cosine to 0".parse()?;
//! let schedule = spec.build(Horizon::new(100, 10))?;
//! assert_eq!(schedule.value_at(10, 0.1), 0.1);
//! assert_eq!(schedule.value_at(100, 0.1), 0.0);
//! # Ok::<(), lrlab::SpecError>(())
//! ```
//!
//! [`train::adapter`] brings schedules and optimizers into the training loop of a Burn user;
//! [`train`] trains built-in tasks and writes event logs; [`analysis`] reads them and judges.

pub mod answer;
#[cfg(feature = "cli")]
pub mod cli;
pub mod folder;
pub mod investigate;
pub mod spec_file;

pub use lrlab_analysis as analysis;
pub use lrlab_core as core;
pub use lrlab_train as train;

pub use lrlab_core::{
    Arm, BuiltGroup, BuiltStrategy, Duration, Event, Field, FindSpec, Horizon, Length, LengthError,
    Optimizer, OptimizerSpec, Outcome, ParamGroup, Pattern, Plan, Preview, Protocol, Question, Rule,
    Schedule, ScheduleSpec, SpecError, Strategy, StudyDraft, StudySpec, TaskSpec, TrialSpec, Tuning,
};
pub use lrlab_train::adapter::{ModuleOptimizer, ScheduleAdapter};
