//! lrlab for Python: the module `lrlab._core`, which the package's Python files speak to.
//!
//! It translates, and decides nothing: values, errors and tables are those of the other crates.

mod argument;
mod command;
mod driver;
mod error;
mod laboratory;
mod optim;
mod param_groups;
mod plan;
mod rates;
mod recorder;
mod run;
mod saved_plan;
mod schedule;

use pyo3::prelude::*;

/// The compiled half of lrlab.
#[pymodule]
mod _core {
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use super::command::command;

    // Schedules, and what goes wrong with a spec or a plan.
    #[pymodule_export]
    use super::error::{_panic, PlanEnded, SpecError};
    #[pymodule_export]
    use super::schedule::{Schedule, schedules, text_of_file, text_of_json, text_of_toml};

    // PyTorch's own schedulers.
    #[pymodule_export]
    use super::rates::{TorchFunctions, TorchPlateau, TorchRates};

    // Plans over an optimizer's groups.
    #[pymodule_export]
    use super::plan::{GroupPlans, metrics};

    // Logs, written and read.
    #[pymodule_export]
    use super::recorder::Log;
    #[pymodule_export]
    use super::run::{RunLog, read_run};

    // Optimizers over tensors.
    #[pymodule_export]
    use super::optim::TensorOptimizer;

    // The laboratory.
    #[pymodule_export]
    use super::laboratory::{Study, Trial, TrialError, fail_trial, preconditioner};
}
