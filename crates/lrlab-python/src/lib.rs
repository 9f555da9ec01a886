//! lrlab for Python: the module `lrlab._core`, which the package's Python files speak to.
//!
//! It translates, and decides nothing: values, errors and tables are those of the other crates.

mod command;
mod error;
mod laboratory;
mod recorder;
mod run;

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

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
