//! The attributes of a scheduler's Python object, read where Python's arithmetic is that of f64.
//!
//! Everything else is `None`: numbers of other types, ints too large, what is not there. Torch's own
//! method then computes, or raises.

use lrlab::core::scheduler::torch::State;
use pyo3::{
    intern,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString},
};

/// Ints up to these, in size, and the product of two of them, are the same numbers as f64.
const LARGEST_COUNT: i64 = 1 << 32;
const LARGEST_FACTOR: i64 = 1 << 20;

/// An exact `float`.
pub(super) fn float(value: &Bound<'_, PyAny>) -> Option<f64> {
    value.cast_exact::<PyFloat>().ok().map(PyFloatMethods::value)
}

/// An exact `float`, or an exact `int` that multiplies floats only.
pub(super) fn factor(value: &Bound<'_, PyAny>) -> Option<f64> {
    float(value).or_else(|| int(value).filter(|n| n.abs() <= LARGEST_FACTOR).map(|n| n as f64))
}

/// An exact `int` that counts steps.
pub(super) fn count(value: &Bound<'_, PyAny>) -> Option<i64> {
    int(value).filter(|n| n.abs() <= LARGEST_COUNT)
}

/// An exact `float`, or an exact `int` that counts steps.
pub(super) fn number(value: &Bound<'_, PyAny>) -> Option<f64> {
    float(value).or_else(|| count(value).map(|n| n as f64))
}

fn int(value: &Bound<'_, PyAny>) -> Option<i64> {
    value.cast_exact::<PyInt>().ok()?.extract().ok()
}

/// A list of which every item can be read by `read`.
pub(super) fn list<T>(
    value: &Bound<'_, PyAny>,
    read: impl Fn(&Bound<'_, PyAny>) -> Option<T>,
) -> Option<Vec<T>> {
    value.cast_exact::<PyList>().ok()?.iter().map(|item| read(&item)).collect()
}

/// The attributes of one object.
pub(super) struct Attributes<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    dict: Bound<'py, PyDict>,
    /// The step that rates are wanted for: `last_epoch`, or the one after it.
    pub(super) epoch: i64,
}

impl<'a, 'py> Attributes<'a, 'py> {
    /// Those of `object`, for rates `ahead` steps after its `last_epoch`.
    pub(super) fn of(object: &'a Bound<'py, PyAny>, ahead: i64) -> Option<Self> {
        let dict = object.getattr(intern!(object.py(), "__dict__")).ok()?;
        let mut attributes = Self { object, dict: dict.cast_into_exact().ok()?, epoch: 0 };
        attributes.epoch = count(&attributes.get(intern!(object.py(), "last_epoch"))?)? + ahead;
        Some(attributes)
    }

    pub(super) fn py(&self) -> Python<'py> {
        self.object.py()
    }

    /// Whether the object itself, not its class, has the attribute.
    fn is_set(&self, name: &Bound<'py, PyString>) -> bool {
        self.dict.contains(name).unwrap_or(true)
    }

    /// The attribute, whatever it is.
    pub(super) fn get(&self, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
        match self.dict.get_item(name) {
            Ok(None) => self.object.getattr(name).ok(),
            found => found.ok().flatten(),
        }
    }

    /// Sets the attribute.
    pub(super) fn set(&self, name: &Bound<'py, PyString>, value: impl IntoPyObject<'py>) -> PyResult<()> {
        self.object.setattr(name, value)
    }

    /// What the class of the object has under that name.
    pub(super) fn of_class(&self, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
        self.object.get_type().getattr(name).ok()
    }

    /// An exact `float`.
    pub(super) fn float(&self, name: &Bound<'py, PyString>) -> Option<f64> {
        float(&self.get(name)?)
    }

    /// An exact `float` or `int` that multiplies floats only.
    pub(super) fn factor(&self, name: &Bound<'py, PyString>) -> Option<f64> {
        factor(&self.get(name)?)
    }

    /// An exact `int` that counts steps.
    pub(super) fn count(&self, name: &Bound<'py, PyString>) -> Option<f64> {
        count(&self.get(name)?).map(|n| n as f64)
    }

    /// `True` or `False`.
    pub(super) fn flag(&self, name: &Bound<'py, PyString>) -> Option<bool> {
        self.get(name)?.cast_exact::<PyBool>().ok().map(PyBoolMethods::is_true)
    }

    /// A list of numbers.
    pub(super) fn numbers(&self, name: &Bound<'py, PyString>) -> Option<Vec<f64>> {
        list(&self.get(name)?, factor)
    }

    /// A list of exact `float`s.
    pub(super) fn floats(&self, name: &Bound<'py, PyString>) -> Option<Vec<f64>> {
        list(&self.get(name)?, float)
    }

    /// Whether all of these methods are the `originals`, in the class and in the object.
    pub(super) fn has_own(&self, originals: &[(Py<PyString>, Py<PyAny>)]) -> bool {
        originals.iter().all(|(name, original)| {
            let name = name.bind(self.py());
            !self.is_set(name) && self.of_class(name).is_some_and(|found| found.is(original))
        })
    }

    /// What all schedulers remember, as far as every class needs it.
    pub(super) fn state(&self) -> State {
        State { last_epoch: self.epoch as f64, ..State::default() }
    }

    /// The same with `_is_initial`.
    pub(super) fn state_with_initial(&self) -> Option<State> {
        let is_initial = self.flag(intern!(self.py(), "_is_initial"))?;
        Some(State { is_initial, ..self.state() })
    }

    /// The same with `base_lrs`.
    pub(super) fn state_with_bases(&self) -> Option<State> {
        let base_lrs = self.floats(intern!(self.py(), "base_lrs"))?;
        Some(State { base_lrs, ..self.state() })
    }

    /// `_step_count`.
    pub(super) fn step_count(&self) -> Option<u64> {
        u64::try_from(count(&self.get(intern!(self.py(), "_step_count"))?)?).ok()
    }
}
