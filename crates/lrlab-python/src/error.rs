//! Errors as Python's: subclasses of what a PyTorch user expects, with the text of the core.

use lrlab::train::TrainError;
use pyo3::{
    create_exception,
    exceptions::{PyFileExistsError, PyOSError, PyValueError},
    prelude::*,
};

create_exception!(lrlab, SpecError, PyValueError, "A spec that cannot be read or built.");

/// What Python raises for a spec that is refused.
pub(crate) fn spec_refused(error: &lrlab::SpecError) -> PyErr {
    SpecError::new_err(error.to_string())
}

/// What Python raises where a log cannot be written.
pub(crate) fn train_refused(error: &TrainError) -> PyErr {
    match error {
        TrainError::Io { source, .. } => match source.raw_os_error() {
            Some(number) => PyOSError::new_err((number, error.to_string())),
            None => PyOSError::new_err(error.to_string()),
        },
        TrainError::Occupied { .. } => PyFileExistsError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}
