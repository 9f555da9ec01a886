//! The registry's parameters as PyTorch's keyword arguments, both ways.

use lrlab::{
    Field, ParamGroup,
    core::{
        optimizer::registry::{Built, OptimizerEntry},
        registry::{Argument, Arguments, Kind, Parameter},
        spec::Fault,
    },
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyDict, PyTuple},
};

/// PyTorch's key of a parameter, with its place where the key holds several: `betas[0]`.
pub(crate) fn place(pytorch: &'static str) -> (&'static str, Option<usize>) {
    let indexed = pytorch.strip_suffix(']').and_then(|text| text.split_once('['));
    indexed.map_or((pytorch, None), |(key, index)| (key, index.parse().ok()))
}

/// Puts the value of `parameter` under its key into `target`: what `given` says, the group's field, or the
/// default. One that is left out and means something by that is `None` in Python.
pub(crate) fn write(
    target: &Bound<'_, PyDict>,
    parameter: &Parameter,
    pytorch: &'static str,
    given: Option<&Argument>,
    group: &ParamGroup,
) -> PyResult<()> {
    let (key, index) = place(pytorch);
    let field = Field::find(parameter.name).filter(|field| group.has(*field)).map(|field| group.get(field));
    let number = field.or_else(|| match given {
        Some(Argument::Number(number)) => Some(*number),
        Some(_) => None,
        None => parameter.default.and_then(|text| text.parse().ok()),
    });
    if let Some(index) = index {
        return append(target, key, index, number);
    }
    match (parameter.kind, given) {
        (Kind::Flag, given) => {
            let flag =
                given.map_or(parameter.default == Some("true"), |given| *given == Argument::Flag(true));
            target.set_item(key, flag)
        }
        (_, Some(Argument::Word(word))) => target.set_item(key, word),
        (_, Some(Argument::Numbers(numbers))) => target.set_item(key, PyTuple::new(target.py(), numbers)?),
        (Kind::Choice(_), None) => target.set_item(key, parameter.default.filter(|word| !word.is_empty())),
        (Kind::Integer, _) => target.set_item(key, number.map(|number| number as i64)),
        _ => target.set_item(key, number),
    }
}

/// Puts `value` at `index` of the tuple under `key`, whose items come in order.
fn append(target: &Bound<'_, PyDict>, key: &str, index: usize, value: Option<f64>) -> PyResult<()> {
    let mut items: Vec<Option<f64>> = target.get_item(key)?.map_or(Ok(Vec::new()), |list| list.extract())?;
    items.insert(index.min(items.len()), value);
    target.set_item(key, PyTuple::new(target.py(), items)?)
}

/// The optimizer that the values in PyTorch's parameter group `group` describe.
///
/// # Errors
/// `TypeError` for a value of another kind, `ValueError` for one out of range, each with what is allowed.
pub(crate) fn read(entry: &OptimizerEntry, group: &Bound<'_, PyDict>) -> PyResult<Built> {
    let mut args = Arguments::new();
    for parameter in entry.params {
        let Some(pytorch) = parameter.pytorch else { continue };
        let (key, index) = place(pytorch);
        let Some(value) = group.get_item(key)? else { continue };
        let value = match index {
            Some(index) => value.get_item(index)?,
            None => value,
        };
        if value.is_none() && matches!(parameter.default, None | Some("")) {
            continue;
        }
        let argument = argument(parameter, &value).map_err(|why| {
            let told = format!("{pytorch}: got {value}, expected {}", parameter.kind.describe());
            let error = PyTypeError::new_err(told);
            error.set_cause(value.py(), Some(why));
            error
        })?;
        args.insert(parameter.name.to_owned(), argument);
    }
    (entry.build)(&args).map_err(|faults| {
        let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
        PyValueError::new_err(told.join("; "))
    })
}

fn argument(parameter: &Parameter, value: &Bound<'_, PyAny>) -> PyResult<Argument> {
    Ok(match parameter.kind {
        Kind::Flag => Argument::Flag(value.is_truthy()?),
        Kind::Choice(_) => Argument::Word(value.extract()?),
        Kind::Numbers => Argument::Numbers(value.extract()?),
        // A rate may be a tensor of one number.
        _ => Argument::Number(value.call_method0("__float__")?.extract()?),
    })
}
