//! Optimizers of the registry as PyTorch's: constructors, and what theory says of their steps.

use std::collections::HashMap;

use lrlab::{
    Field, Optimizer, OptimizerSpec, ParamGroup,
    core::{
        optimizer::{
            Moment,
            registry::{self, Built, OptimizerEntry},
        },
        registry::{Argument, Arguments, Kind, Parameter},
        spec::Fault,
    },
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyTuple},
};

use crate::error::SpecError;

/// PyTorch's key of a parameter, with its place where the key holds several: `betas[0]`.
fn place(pytorch: &'static str) -> (&'static str, Option<usize>) {
    let indexed = pytorch.strip_suffix(']').and_then(|text| text.split_once('['));
    indexed.map_or((pytorch, None), |(key, index)| (key, index.parse().ok()))
}

/// PyTorch's class of an optimizer and its keyword arguments, all of them, `group`'s numbers among them.
pub(super) fn constructor<'py>(
    py: Python<'py>,
    spec: &OptimizerSpec,
    group: &ParamGroup,
) -> PyResult<(&'static str, Bound<'py, PyDict>)> {
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
        match place(pytorch) {
            (key, Some(index)) => append(&arguments, key, index, number(parameter, group))?,
            (key, None) if parameter.kind == Kind::Flag => {
                let flag =
                    given.map_or(parameter.default == Some("true"), |given| *given == Argument::Flag(true));
                arguments.set_item(key, flag)?;
            }
            (key, None) => match given {
                Some(Argument::Word(word)) => arguments.set_item(key, word)?,
                Some(Argument::Numbers(numbers)) => arguments.set_item(key, numbers.clone())?,
                _ => arguments.set_item(key, number(parameter, group))?,
            },
        }
    }
    Ok((entry.pytorch, arguments))
}

/// The value of a field, given or default.
fn number(parameter: &Parameter, group: &ParamGroup) -> f64 {
    Field::find(parameter.name).map_or(f64::NAN, |field| group.get(field))
}

/// Puts `value` at `index` of the tuple under `key`, whose items come in order.
fn append(arguments: &Bound<'_, PyDict>, key: &str, index: usize, value: f64) -> PyResult<()> {
    let mut items: Vec<f64> = arguments.get_item(key)?.map_or(Ok(Vec::new()), |list| list.extract())?;
    items.insert(index.min(items.len()), value);
    arguments.set_item(key, PyTuple::new(arguments.py(), items)?)
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

/// An optimizer of PyTorch as the registry's.
fn read(entry: &OptimizerEntry, group: &Bound<'_, PyDict>) -> PyResult<Built> {
    let mut args = Arguments::new();
    for parameter in entry.params {
        let Some(pytorch) = parameter.pytorch else { continue };
        let (key, index) = place(pytorch);
        let Some(value) = group.get_item(key)? else { continue };
        let value = match index {
            Some(index) => value.get_item(index)?,
            None => value,
        };
        let argument = match parameter.kind {
            Kind::Flag => Argument::Flag(value.is_truthy()?),
            // A rate may be a tensor, which becomes a number.
            _ => Argument::Number(value.call_method0("__float__")?.extract()?),
        };
        args.insert(parameter.name.to_owned(), argument);
    }
    (entry.build)(&args).map_err(|faults| {
        let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
        PyValueError::new_err(told.join("; "))
    })
}

/// What theory says of the update after `t` updates of PyTorch's optimizer `kind` with the parameter group
/// `group`: the largest stable sharpness, and for each parameter the diagonal of the preconditioner as
/// 32-bit floats, `None` where it is 1.
///
/// `states` are the parameters' states: bytes of 32-bit floats by name. `None` for an optimizer that lrlab does
/// not know, and before an optimizer whose preconditioner comes from gradients has seen any.
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
    let Built { optimizer, group } = read(entry, group)?;
    let diagonals = PyList::empty(py);
    for (length, mut state) in states {
        match diagonal(&*optimizer, &group, t, length, &mut state) {
            Some(diagonal) if diagonal.iter().any(|x| !x.is_finite()) => return Ok(None),
            Some(diagonal) => {
                let bytes: Vec<u8> = diagonal.iter().flat_map(|x| x.to_ne_bytes()).collect();
                diagonals.append(PyBytes::new(py, &bytes))?;
            }
            None => diagonals.append(py.None())?,
        }
    }
    Ok(Some((optimizer.stability_limit(Moment { group: &group, t, numbers: &[] }), diagonals)))
}

/// The preconditioner of one parameter; `None` where it is 1.
fn diagonal(
    optimizer: &dyn Optimizer,
    group: &ParamGroup,
    t: u64,
    length: usize,
    state: &mut HashMap<String, Vec<u8>>,
) -> Option<Vec<f32>> {
    let floats = |bytes: &[u8]| -> Vec<f32> {
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()
    };
    let slot = |name: &str| state.get(name).map(|bytes| floats(bytes)).filter(|slot| slot.len() == length);
    let slots: Vec<Vec<f32>> = optimizer
        .slots(&[length])
        .iter()
        .map(|s| slot(s.name).unwrap_or_else(|| vec![0.0; length]))
        .collect();
    let mut out = vec![1.0; length];
    optimizer.preconditioner(Moment { group, t, numbers: &[] }, &slots, &mut out).then_some(out)
}
