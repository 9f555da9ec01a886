//! Errors as Python's: subclasses of what a PyTorch user expects, with the text of the core.

use lrlab::{
    LengthError, SpecError as Refused, analysis::plot::PlotError, cli::spec_text, core::PlanError,
    spec_file::SpecFileError,
};
use pyo3::{
    create_exception,
    exceptions::{PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};

create_exception!(
    lrlab,
    SpecError,
    PyValueError,
    "A spec that cannot be read or built; its text shows the place, and `problems` lists what is wrong."
);

/// What Python raises for a spec that is refused: the text that the command line shows, with a caret under
/// each place, and `problems`, pairs of a place in the tree (empty in a text) and a message.
pub(crate) fn spec_refused(error: &Refused) -> PyErr {
    with_problems(spec_text(error, false).trim_end().to_owned(), error)
}

fn with_problems(text: String, error: &Refused) -> PyErr {
    let raised = SpecError::new_err(text);
    let problems: Vec<(String, String)> =
        error.problems().iter().map(|problem| (problem.path.clone(), problem.fault.to_string())).collect();
    Python::attach(|py| match raised.value(py).setattr("problems", problems) {
        Ok(()) => raised,
        Err(error) => error,
    })
}

/// What Python raises for a file, or the text of one, that holds no spec; `place` names it.
pub(crate) fn spec_file_refused(error: SpecFileError, place: &str) -> PyErr {
    match error {
        SpecFileError::Spec(error) => {
            with_problems(format!("{place}: {}", spec_text(&error, false).trim_end()), &error)
        }
        SpecFileError::Io(error) => match error.raw_os_error() {
            // OSError picks the subclass by the number: FileNotFoundError and the like.
            Some(number) => PyOSError::new_err((number, error.to_string(), place.to_owned())),
            None => PyOSError::new_err(format!("{place}: {error}")),
        },
        told => {
            let empty = Refused::new(Vec::new());
            with_problems(format!("{place}: {}", told.to_string().trim_end()), &empty)
        }
    }
}

/// What Python raises for a training that has no length.
pub(crate) fn length_refused(error: LengthError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

create_exception!(
    lrlab,
    PlanEnded,
    PyRuntimeError,
    "Training went on after the end of a plan that forbids it."
);

/// What Python raises where a plan has no values for an update.
pub(crate) fn plan_stopped(error: &PlanError) -> PyErr {
    match error {
        PlanError::AfterEnd { .. } => PlanEnded::new_err(error.to_string()),
        PlanError::Torch { .. } => PyRuntimeError::new_err(error.to_string()),
        PlanError::Signal(_) | PlanError::State { .. } => PyValueError::new_err(error.to_string()),
    }
}

/// What Python raises for a chart that cannot be drawn.
pub(crate) fn plot_refused(error: PlotError) -> PyErr {
    match error {
        PlotError::Plan { error, .. } => plan_stopped(&error),
        error => PyValueError::new_err(error.to_string()),
    }
}

/// Panics, for the test that sees what Python makes of it.
#[pyfunction]
pub(crate) fn _panic() {
    panic!("as the test asked");
}
