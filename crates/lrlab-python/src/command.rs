//! The command `lrlab`, for those who installed it with pip.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command line on `arguments`, the program's name first, and gives its exit code.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| lrlab::cli::run(arguments))
}
