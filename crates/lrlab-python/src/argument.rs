//! Arguments as Python hands them over, read with messages that name them.

use pyo3::{
    exceptions::{PyIndexError, PyKeyError, PyTypeError, PyValueError},
    prelude::*,
    types::PyString,
};

/// A count of 0 or more; `what` names it in messages.
///
/// # Errors
/// `TypeError` for what is no whole number, `ValueError` for one below 0 or of 2^64 or more.
pub(crate) fn count(value: &Bound<'_, PyAny>, what: &str) -> PyResult<u64> {
    if let Ok(count) = value.extract::<u64>() {
        return Ok(count);
    }
    // Whatever Python itself takes for a whole number: of NumPy, of torch.
    match value.call_method0("__index__") {
        Ok(_) => Err(PyValueError::new_err(format!(
            "{what}: got {value}, expected a whole number of 0 or more, below 2^64"
        ))),
        Err(_) => Err(PyTypeError::new_err(format!(
            "{what}: expected a whole number, got {} of type {}",
            value.repr()?,
            value.get_type().name()?
        ))),
    }
}

/// The same of an argument that may be left out.
pub(crate) fn count_or_none(value: Option<&Bound<'_, PyAny>>, what: &str) -> PyResult<Option<u64>> {
    value.map(|value| count(value, what)).transpose()
}

/// The place of a group by its number, which may count from the end, or its name.
///
/// # Errors
/// `IndexError`, `KeyError`, or `TypeError` for what is neither.
pub(crate) fn group(value: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<usize> {
    if let Ok(name) = value.cast::<PyString>() {
        let name = name.to_str()?;
        let place = names.iter().position(|known| *known == name);
        let told = || PyKeyError::new_err(format!("no group {name:?}, only {}", names.join(", ")));
        return place.ok_or_else(told);
    }
    let Ok(number) = value.extract::<isize>() else {
        return Err(PyTypeError::new_err(format!(
            "group: expected its number or name, got {}",
            value.repr()?
        )));
    };
    let place =
        if number < 0 { names.len().checked_add_signed(number) } else { usize::try_from(number).ok() };
    let told = || PyIndexError::new_err(format!("no group {number}, there are {}", names.len()));
    place.filter(|place| *place < names.len()).ok_or_else(told)
}
