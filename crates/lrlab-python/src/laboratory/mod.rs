//! Studies whose trials Python trains: planners, logs and reports are those of the other crates.

mod optimizer;
mod problem;
#[allow(clippy::needless_pass_by_value, reason = "what is made of Python's values is owned")]
mod study;
#[allow(clippy::needless_pass_by_value, reason = "what is made of Python's values is owned")]
mod trial;

pub(crate) use optimizer::preconditioner;
pub(crate) use study::Study;
pub(crate) use trial::{Trial, fail_trial};

use lrlab::{analysis::ReadError, answer::AnswerError, train::TrainError};
use pyo3::{
    create_exception,
    exceptions::{PyFileExistsError, PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};

use crate::error::spec_refused;

create_exception!(lrlab, TrialError, PyRuntimeError, "No trial of a study could be trained.");

/// What Python raises where a study or trial cannot go on.
fn train_refused(error: &TrainError) -> PyErr {
    match error {
        TrainError::Spec(error) => spec_refused(error),
        TrainError::Io { .. } => PyOSError::new_err(error.to_string()),
        TrainError::Occupied { .. } => PyFileExistsError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

/// What Python raises for logs that cannot be read.
fn unreadable(error: &ReadError) -> PyErr {
    match error {
        ReadError::Io { .. } => PyOSError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

/// What Python raises for a study that has no answer.
fn unanswered(error: &AnswerError) -> PyErr {
    match error {
        AnswerError::Read(error) => unreadable(error),
        AnswerError::Report(error) => PyOSError::new_err(error.to_string()),
        error => PyRuntimeError::new_err(error.to_string()),
    }
}
