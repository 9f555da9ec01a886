//! Reads runs and judges them: statistics, verdicts, tables, reports. Looks at strategies before anything
//! is trained: lints and plots.
//!
//! Everything here is a function of event logs or of specs. No tensor engine is known, so a log written by
//! any training loop is analysed by the same code.

pub mod compare;
pub mod diagnose;
pub mod find_report;
pub mod finder;
pub mod lint;
pub mod planner;
pub mod plot;
pub mod report;
pub mod run;
pub mod search;
pub mod statistics;

mod line;
mod recorded;
mod steps;
mod study;
mod trial_result;

pub use compare::{Comparison, compare};
pub use diagnose::{Verdict, Word};
pub use planner::Planner;
pub use run::{ArmRuns, FoldError, ReadError, Run, StudyRuns, Unbuilt};
pub use steps::{StepRef, Steps};
pub use study::{first_started, logged_horizon};
pub use trial_result::{ResultFold, TrialResult};
