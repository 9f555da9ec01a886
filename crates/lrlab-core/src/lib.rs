//! Vocabulary and mathematics of learning-rate strategies.
//!
//! This crate holds what every other room of lrlab speaks about: schedules (pure functions of the
//! step), optimizers (one formula each), the text and data forms of a strategy, and the events
//! that a trial writes. It does no I/O, reads no clock, draws no random number and knows no
//! tensor engine.

mod assembly;
mod built_plan;
pub mod checkpoint;
pub mod event;
pub mod expression;
pub mod horizon;
pub mod layout;
pub mod optimizer;
pub mod param_group;
pub mod plan;
mod preview;
pub mod registry;
pub mod schedule;
pub mod scheduler;
pub mod signal;
pub mod spec;
pub mod study;
pub mod vector;

mod finite;
mod update_clock;

pub use assembly::{BuiltGroup, BuiltStrategy};
pub use built_plan::BuiltPlan;
pub use checkpoint::{PlanCheckpoint, ResumeError};
pub use event::{Event, Outcome};
pub use expression::Expression;
pub use horizon::{Duration, Horizon, Length, LengthError};
pub use optimizer::Optimizer;
pub use param_group::{Field, ParamGroup, TorchKeys};
pub use plan::{AfterEnd, Pattern, Plan, PlanError, Rule};
pub use preview::Preview;
pub use schedule::Schedule;
pub use scheduler::Scheduler;
pub use signal::Signal;
pub use spec::{OptimizerSpec, ScheduleSpec, SpecError, Strategy};
pub use study::{
    Arm, FindSpec, Protocol, Question, StopRule, StudyDraft, StudySpec, SweepSpec, TaskSpec, TrialSpec,
    Tuning,
};
pub use update_clock::UpdateClock;
