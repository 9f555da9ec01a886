//! lrlab for Python: the module `lrlab._core`, which the package's Python files speak to.
//!
//! It translates, and decides nothing: values, errors and tables are those of the other crates.

mod argument;
mod command;
mod error;
mod laboratory;
mod rates;
mod recorder;
mod run;
mod schedule;

use pyo3::prelude::*;

/// The compiled half of lrlab.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::command::command;
    #[pymodule_export]
    use super::error::SpecError;

    // The laboratory.
    #[pymodule_export]
    use super::laboratory::{Study, Trial, TrialError, fail_trial, preconditioner};

    #[pymodule_export]
    use super::recorder::Log;
    #[pymodule_export]
    use super::run::{RunLog, read_run};
    // Schedules, and what goes wrong with a spec.
    #[pymodule_export]
    use super::error::_panic;
    #[pymodule_export]
    use super::schedule::{Schedule, schedules, text_of_file, text_of_json, text_of_toml};

    #[pymodule_export]
    use super::rates::{TorchFunctions, TorchPlateau, TorchRates};

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
