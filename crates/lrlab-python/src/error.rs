//! Errors as Python's: subclasses of what a PyTorch user expects, with the text of the core.

use pyo3::{create_exception, exceptions::PyValueError, prelude::*};

create_exception!(lrlab, SpecError, PyValueError, "A spec that cannot be read or built.");

/// What Python raises for a spec that is refused.
pub(crate) fn spec_refused(error: &lrlab::SpecError) -> PyErr {
    SpecError::new_err(error.to_string())
}
