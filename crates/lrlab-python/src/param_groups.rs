//! The dicts in `optimizer.param_groups`: read into lrlab's groups, and written back.
//!
//! A group with `betas` and no `momentum` lends beta1 to plans that move the momentum, as PyTorch's
//! `OneCycleLR` takes it. A rate that is a Tensor stays that Tensor: it is filled, never replaced.

use lrlab::core::{Field, ParamGroup};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};

/// A value for a field of the group at an index.
pub(crate) type Write = (usize, Field, f64);

/// The fields that PyTorch keeps under their own names; `betas` is a pair.
const PLAIN: [Field; 6] =
    [Field::Momentum, Field::Dampening, Field::WeightDecay, Field::Eps, Field::Alpha, Field::Rho];

/// The groups of an optimizer.
pub(crate) fn all<'py>(groups: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let list = groups.cast::<PyList>().map_err(|_| {
        PyTypeError::new_err(format!("param_groups is {}, expected a list of dicts", type_name(groups)))
    })?;
    list.iter().map(|group| group.cast_into::<PyDict>().map_err(PyErr::from)).collect()
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// The name of a group: its `name`, or its index where it has none.
pub(crate) fn name(group: &Bound<'_, PyDict>, index: usize) -> PyResult<String> {
    let name = group.get_item(intern!(group.py(), "name"))?;
    Ok(name.and_then(|name| name.extract::<String>().ok()).unwrap_or_else(|| index.to_string()))
}

/// The group with its own values; the rate is `initial_lr` where it has one.
pub(crate) fn read(group: &Bound<'_, PyDict>, index: usize) -> PyResult<ParamGroup> {
    let py = group.py();
    let mut read = ParamGroup::new(name(group, index)?);
    for key in [intern!(py, "initial_lr"), intern!(py, "lr")] {
        if read.has(Field::Lr) {
            break;
        }
        let Some(rate) = group.get_item(key)? else { continue };
        let lr: f64 = rate.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "{key} of group {index} is {}, expected a number or a Tensor of one",
                type_name(&rate)
            ))
        })?;
        if !lr.is_finite() || lr < 0.0 {
            return Err(PyValueError::new_err(format!(
                "{key} of group {index} is {lr}, expected a finite number, 0 or more"
            )));
        }
        read.set(Field::Lr, lr);
    }
    if !read.has(Field::Lr) {
        return Err(PyValueError::new_err(format!("group {index} has no `lr`")));
    }
    read_others(group, &mut read)?;
    Ok(read)
}

/// Takes over the present rate and all other present values.
pub(crate) fn read_present(group: &Bound<'_, PyDict>, into: &mut ParamGroup) -> PyResult<()> {
    if let Some(lr) = group.get_item(intern!(group.py(), "lr"))? {
        into.set(Field::Lr, lr.extract()?);
    }
    read_others(group, into)
}

fn read_others(group: &Bound<'_, PyDict>, into: &mut ParamGroup) -> PyResult<()> {
    for field in PLAIN {
        let value = group.get_item(field.name())?;
        // Some optimizers keep pairs or None under these names: nothing to schedule.
        if let Some(value) = value.and_then(|value| value.extract::<f64>().ok()) {
            into.set(field, value);
        }
    }
    if let Some(betas) = group.get_item(intern!(group.py(), "betas"))?
        && let Ok([beta1, beta2]) = pair(&betas)
    {
        into.set(Field::Beta1, beta1.extract()?);
        into.set(Field::Beta2, beta2.extract()?);
        if lends_beta1(group)? {
            into.set(Field::Momentum, into.get(Field::Beta1));
        }
    }
    Ok(())
}

fn pair<'py>(betas: &Bound<'py, PyAny>) -> PyResult<[Bound<'py, PyAny>; 2]> {
    let mut items = Vec::with_capacity(2);
    for item in betas.try_iter()? {
        items.push(item?);
    }
    <[_; 2]>::try_from(items).map_err(|_| PyValueError::new_err("betas are no pair"))
}

/// Whether the group's momentum is its beta1.
fn lends_beta1(group: &Bound<'_, PyDict>) -> PyResult<bool> {
    let py = group.py();
    Ok(group.contains(intern!(py, "betas"))? && !group.contains(intern!(py, "momentum"))?)
}

/// Writes `value`: a number is replaced, a Tensor filled in place.
fn put(group: &Bound<'_, PyDict>, key: &Bound<'_, PyAny>, value: f64) -> PyResult<()> {
    match group.get_item(key)? {
        Some(present) if is_tensor(&present)? => fill(&present, value),
        _ => group.set_item(key, PyFloat::new(group.py(), value)),
    }
}

fn is_tensor(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_exact_instance_of::<PyFloat>() || value.is_exact_instance_of::<PyInt>() {
        return Ok(false);
    }
    value.hasattr(intern!(value.py(), "fill_"))
}

fn fill(tensor: &Bound<'_, PyAny>, value: f64) -> PyResult<()> {
    tensor.call_method1(intern!(tensor.py(), "fill_"), (value,)).map(drop)
}

/// Writes the values into the groups they are for.
pub(crate) fn write(groups: &[Bound<'_, PyDict>], writes: &[Write]) -> PyResult<()> {
    for &(index, field, value) in writes {
        let Some(group) = groups.get(index) else { continue };
        let py = group.py();
        match field {
            Field::Lr => put(group, intern!(py, "lr").as_any(), value)?,
            Field::Momentum if !lends_beta1(group)? => put(group, intern!(py, "momentum").as_any(), value)?,
            Field::Momentum | Field::Beta1 => put_beta(group, 0, value)?,
            Field::Beta2 => put_beta(group, 1, value)?,
            Field::WeightDecay | Field::Dampening | Field::Eps | Field::Alpha | Field::Rho => {
                put(group, PyString::intern(py, field.name()).as_any(), value)?;
            }
        }
    }
    Ok(())
}

fn put_beta(group: &Bound<'_, PyDict>, at: usize, value: f64) -> PyResult<()> {
    let py = group.py();
    let key = intern!(py, "betas");
    let Some(betas) = group.get_item(key)? else { return Ok(()) };
    let mut pair = pair(&betas)?;
    if is_tensor(&pair[at])? {
        return fill(&pair[at], value);
    }
    pair[at] = PyFloat::new(py, value).into_any();
    if betas.is_instance_of::<PyList>() {
        group.set_item(key, PyList::new(py, pair)?)
    } else {
        group.set_item(key, PyTuple::new(py, pair)?)
    }
}

/// A copy that no later fill changes.
fn copied(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if is_tensor(&value)? { value.call_method0(intern!(value.py(), "clone")) } else { Ok(value) }
}

/// The present rates: numbers as they are, Tensors copied.
pub(crate) fn rates<'py>(py: Python<'py>, groups: &[Bound<'py, PyDict>]) -> PyResult<Bound<'py, PyList>> {
    let rates = PyList::empty(py);
    for group in groups {
        let rate = group.get_item(intern!(py, "lr"))?;
        rates.append(rate.map(copied).transpose()?)?;
    }
    Ok(rates)
}

/// Notes the group's own rate in it, as PyTorch's schedulers do, where none has.
pub(crate) fn note_initial_rate(group: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = group.py();
    let key = intern!(py, "initial_lr");
    if group.contains(key)? {
        return Ok(());
    }
    match group.get_item(intern!(py, "lr"))? {
        Some(rate) => group.set_item(key, copied(rate)?),
        None => Ok(()),
    }
}
