//! lrlab for Python: the module `lrlab._core`, which the package's Python files speak to.
//!
//! It translates, and decides nothing: values, errors and tables are those of the other crates.

mod command;
mod driver;
mod error;
mod param_groups;
mod plan;
mod saved_plan;

use pyo3::prelude::*;

/// The compiled half of lrlab.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::command::command;
    #[pymodule_export]
    use super::error::SpecError;

    // Plans over an optimizer's groups.
    #[pymodule_export]
    use super::error::PlanEnded;
    #[pymodule_export]
    use super::plan::{GroupPlans, metrics};

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
