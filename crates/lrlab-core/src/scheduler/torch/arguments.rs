//! The arguments of a constructor call, bound to parameter names as Python binds them.

use super::{TorchError, python_text};
use crate::spec::{TorchCall, TorchValue};

/// A call whose arguments have each found a parameter.
pub(super) struct Arguments<'a> {
    call: &'a TorchCall,
    names: &'static [&'static str],
}

impl<'a> Arguments<'a> {
    /// Binds the arguments of `call` to `names`: the constructor's parameters after the optimizer, the
    /// first `required` of them without a default.
    pub(super) fn bind(
        call: &'a TorchCall,
        names: &'static [&'static str],
        required: usize,
    ) -> Result<Self, TorchError> {
        // Python counts `self` and the optimizer too.
        Self::bind_after(2, call, names, required)
    }

    /// [`bind`](Self::bind), after `before` parameters that a call here leaves out.
    pub(super) fn bind_after(
        before: usize,
        call: &'a TorchCall,
        names: &'static [&'static str],
        required: usize,
    ) -> Result<Self, TorchError> {
        let class = &call.name;
        let given = call.args.len();
        for (keyword, _) in &call.kwargs {
            let said = match names.iter().position(|name| name == keyword) {
                None => format!("got an unexpected keyword argument '{keyword}'"),
                Some(position) if position < given => format!("got multiple values for argument '{keyword}'"),
                Some(_) => continue,
            };
            return Err(TorchError::Type(format!("{class}.__init__() {said}")));
        }
        if given > names.len() {
            let (least, most, got) = (before + required, before + names.len(), before + given);
            return Err(TorchError::Type(format!(
                "{class}.__init__() takes from {least} to {most} positional arguments but {got} were given"
            )));
        }
        let arguments = Self { call, names };
        let missing: Vec<String> = names[..required]
            .iter()
            .filter(|name| arguments.value(name).is_none())
            .map(|name| format!("'{name}'"))
            .collect();
        match missing.as_slice() {
            [] => Ok(arguments),
            [one] => Err(TorchError::Type(format!(
                "{class}.__init__() missing 1 required positional argument: {one}"
            ))),
            more => Err(TorchError::Type(format!(
                "{class}.__init__() missing {} required positional arguments: {}",
                more.len(),
                more.join(" and ")
            ))),
        }
    }

    /// The argument `name`, if it is given.
    pub(super) fn value(&self, name: &str) -> Option<&'a TorchValue> {
        self.call.get(self.names.iter().position(|known| *known == name)?, name)
    }

    /// The argument `name`, if it is given and not `None`.
    pub(super) fn some(&self, name: &str) -> Option<&'a TorchValue> {
        self.value(name).filter(|value| **value != TorchValue::None)
    }

    /// Whether the argument `name` counts as true, or `default` where it is not given.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.value(name).map_or(default, python_text::is_true)
    }

    /// `name` of each of `count` groups, from a list of as many or from one number for all.
    pub(super) fn per_group(&self, name: &str, default: f64, count: usize) -> Result<Vec<f64>, TorchError> {
        let Some(TorchValue::List(items)) = self.value(name) else {
            return Ok(vec![self.number(name, default)?; count]);
        };
        if items.len() != count {
            return Err(TorchError::Value(format!(
                "{name} must have the same length as optimizer.param_groups. {name} has {} values, param_groups \
                 has {count}.",
                items.len()
            )));
        }
        self.numbers(name)
    }

    fn wrong(&self, name: &str, wanted: &str, got: &TorchValue) -> TorchError {
        TorchError::Type(format!("{}: {name} must be {wanted}, got {got}", self.call.name))
    }

    /// The number `name`, or `default` where it is not given.
    pub(super) fn number(&self, name: &str, default: f64) -> Result<f64, TorchError> {
        self.value(name)
            .map_or(Ok(default), |value| as_number(value).ok_or_else(|| self.wrong(name, "a number", value)))
    }

    /// The number `name`, which torch compares with an `other` by `operator`, or `default` where it is not
    /// given.
    pub(super) fn compared(
        &self,
        name: &str,
        default: f64,
        operator: &str,
        other: &str,
    ) -> Result<f64, TorchError> {
        self.value(name).map_or(Ok(default), |value| python_text::compared(value, operator, other))
    }

    /// The list `name`; empty where it is not given.
    fn list(&self, name: &str) -> Result<&'a [TorchValue], TorchError> {
        match self.value(name) {
            None => Ok(&[]),
            Some(TorchValue::List(items)) => Ok(items),
            Some(other) => Err(self.wrong(name, "a list", other)),
        }
    }

    /// The numbers of the list `name`; empty where it is not given.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, TorchError> {
        let items = self.list(name)?.iter();
        items.map(|item| as_number(item).ok_or_else(|| self.wrong(name, "a list of numbers", item))).collect()
    }

    /// The argument that every constructor has last.
    pub(super) fn last_epoch(&self) -> Result<f64, TorchError> {
        self.number("last_epoch", -1.0)
    }
}

/// A number as Python counts: `True` is 1.
pub(super) fn as_number(value: &TorchValue) -> Option<f64> {
    match value {
        TorchValue::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.number(),
    }
}
