//! Errors as Python's: subclasses of what a PyTorch user expects, with the text of the core.

use pyo3::{
    create_exception,
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
};

create_exception!(lrlab, SpecError, PyValueError, "A spec that cannot be read or built.");

/// What Python raises for a spec that is refused.
pub(crate) fn spec_refused(error: &lrlab::SpecError) -> PyErr {
    SpecError::new_err(error.to_string())
}

create_exception!(
    lrlab,
    PlanEnded,
    PyRuntimeError,
    "Training went on after the end of a plan that forbids it."
);

/// What Python raises for a plan that cannot give values.
pub(crate) fn plan_stopped(error: &lrlab::core::PlanError) -> PyErr {
    use lrlab::core::PlanError;
    match error {
        PlanError::AfterEnd { .. } => PlanEnded::new_err(error.to_string()),
        PlanError::Torch { .. } => PyRuntimeError::new_err(error.to_string()),
        PlanError::Signal(_) | PlanError::State { .. } => PyValueError::new_err(error.to_string()),
    }
}
