//! Optimizers of the registry as PyTorch's: constructors, and what theory says of their steps.

use std::collections::HashMap;

use lrlab::{
    Field, Optimizer, OptimizerSpec, ParamGroup,
    core::optimizer::{
        GroupState, GroupStep, Moment,
        registry::{self, Built},
    },
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyTuple},
};

use crate::{
    error::SpecError,
    optim::arguments::{place, read, write},
};

/// The class of an optimizer for PyTorch users, with its module, and its keyword arguments, all of them,
/// `group`'s numbers among them.
pub(super) fn constructor<'py>(
    py: Python<'py>,
    spec: &OptimizerSpec,
    group: &ParamGroup,
) -> PyResult<((&'static str, &'static str), Bound<'py, PyDict>)> {
    let arguments = PyDict::new(py);
    let entry = registry::find(spec.name)
        .ok_or_else(|| PyValueError::new_err(format!("{} is no optimizer of lrlab", spec.name)))?;
    for parameter in entry.params {
        let given = spec.args.get(parameter.name);
        let Some(pytorch) = parameter.pytorch else {
            if given.is_some() {
                let why = format!("PyTorch's {} has no {}; leave it out", entry.pytorch, parameter.name);
                return Err(SpecError::new_err(why));
            }
            continue;
        };
        write(&arguments, parameter, pytorch, given, group)?;
    }
    Ok(((entry.module.path(), entry.pytorch), arguments))
}

/// Writes the fields of `group` that `moves` says are scheduled into a parameter group of PyTorch.
pub(super) fn write_group(
    spec: &OptimizerSpec,
    group: &ParamGroup,
    moves: impl Fn(Field) -> bool,
    target: &Bound<'_, PyDict>,
) -> PyResult<()> {
    let entry = registry::find(spec.name);
    for parameter in entry.map_or(&[][..], |entry| entry.params) {
        let (Some(field), Some(pytorch)) = (Field::find(parameter.name), parameter.pytorch) else { continue };
        if !moves(field) {
            continue;
        }
        let value = group.get(field);
        match place(pytorch) {
            (key, None) => target.set_item(key, value)?,
            (key, Some(index)) => {
                let mut items: Vec<f64> = target.as_any().get_item(key)?.extract()?;
                if let Some(item) = items.get_mut(index) {
                    *item = value;
                }
                target.set_item(key, PyTuple::new(target.py(), items)?)?;
            }
        }
    }
    Ok(())
}

/// What theory says of the update after `t` updates of PyTorch's optimizer `kind` with the parameter group
/// `group`: the largest stable sharpness, and for each parameter the diagonal of the preconditioner as
/// 32-bit floats, `None` where it is 1.
///
/// `states` are the parameters' states: bytes of 32-bit floats by name. `None` for an optimizer that lrlab does
/// not know or of which no theory tells a limit, and before an optimizer whose preconditioner comes from
/// gradients has seen any.
#[pyfunction]
pub(crate) fn preconditioner<'py>(
    py: Python<'py>,
    kind: &str,
    group: &Bound<'py, PyDict>,
    t: u64,
    states: Vec<(usize, HashMap<String, Vec<u8>>)>,
) -> PyResult<Option<(f64, Bound<'py, PyList>)>> {
    let Some(entry) = registry::OPTIMIZERS.iter().find(|entry| entry.pytorch == kind) else {
        return Ok(None);
    };
    let kept = group;
    let Built { optimizer, group } = read(entry, kept)?;
    let numbers = numbers(&*optimizer, &group, t, kept, &states)?;
    let at = Moment { group: &group, t, numbers: &numbers };
    let limit = optimizer.stability_limit(at);
    if limit.is_nan() {
        return Ok(None);
    }
    let diagonals = PyList::empty(py);
    for (length, mut state) in states {
        match diagonal(&*optimizer, at, length, &mut state) {
            Some(diagonal) if diagonal.iter().any(|x| !x.is_finite()) => return Ok(None),
            Some(diagonal) => {
                let bytes: Vec<u8> = diagonal.iter().flat_map(|x| x.to_ne_bytes()).collect();
                diagonals.append(PyBytes::new(py, &bytes))?;
            }
            None => diagonals.append(py.None())?,
        }
    }
    Ok(Some((limit, diagonals)))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()
}

/// The group's numbers in the update that comes next. lrlab's classes keep them with the group, PyTorch's with each
/// parameter; then they are those of the first that has them.
fn numbers(
    optimizer: &dyn Optimizer,
    group: &ParamGroup,
    t: u64,
    kept: &Bound<'_, PyDict>,
    states: &[(usize, HashMap<String, Vec<u8>>)],
) -> PyResult<Vec<f64>> {
    let mut numbers = GroupState::new(optimizer).numbers;
    for (number, value) in optimizer.numbers().iter().zip(&mut numbers) {
        let mut of_parameters = states.iter().filter_map(|(_, state)| state.get(number.name));
        if let Some(own) = kept.get_item(number.name)? {
            *value = own.extract()?;
        } else if let Some(&[own]) = of_parameters.next().map(|bytes| floats(bytes)).as_deref() {
            *value = own.into();
        }
    }
    optimizer.advance(GroupStep { group, t, numbers: &mut numbers });
    Ok(numbers)
}

/// The preconditioner of one parameter; `None` where it is 1.
fn diagonal(
    optimizer: &dyn Optimizer,
    at: Moment<'_>,
    length: usize,
    state: &mut HashMap<String, Vec<u8>>,
) -> Option<Vec<f32>> {
    let slot = |name: &str| state.get(name).map(|bytes| floats(bytes)).filter(|slot| slot.len() == length);
    let slots: Vec<Vec<f32>> = optimizer
        .slots(&[length])
        .iter()
        .map(|s| slot(s.name).unwrap_or_else(|| vec![0.0; length]))
        .collect();
    let mut out = vec![1.0; length];
    optimizer.preconditioner(at, &slots, &mut out).then_some(out)
}
