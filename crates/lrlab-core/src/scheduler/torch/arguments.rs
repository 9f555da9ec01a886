//! The arguments of a constructor call, bound to parameter names as Python binds them.

use super::TorchError;
use crate::spec::{TorchCall, TorchValue};

/// A call whose arguments have each found a parameter.
pub(super) struct Arguments<'a> {
    call: &'a TorchCall,
    names: &'static [&'static str],
}

impl<'a> Arguments<'a> {
    /// Binds the arguments of `call` to `names`: the constructor's parameters after the optimizer,
    /// without `last_epoch`, the first `required` of them without a default.
    pub(super) fn bind(
        call: &'a TorchCall,
        names: &'static [&'static str],
        required: usize,
    ) -> Result<Self, TorchError> {
        let class = &call.name;
        let all = || names.iter().copied().chain(["last_epoch"]);
        let given = call.args.len();
        if given > names.len() + 1 {
            // Python counts `self` and the optimizer too.
            return Err(TorchError::Type(format!(
                "{class}.__init__() takes from {} to {} positional arguments but {} were given",
                required + 2,
                names.len() + 3,
                given + 2
            )));
        }
        for (keyword, _) in &call.kwargs {
            let said = match all().position(|name| name == keyword) {
                None => format!("got an unexpected keyword argument '{keyword}'"),
                Some(position) if position < given => format!("got multiple values for argument '{keyword}'"),
                Some(_) => continue,
            };
            return Err(TorchError::Type(format!("{class}.__init__() {said}")));
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

    fn value(&self, name: &str) -> Option<&'a TorchValue> {
        let position = self.names.iter().position(|known| *known == name).unwrap_or(self.names.len());
        self.call.get(position, name)
    }

    fn wrong(&self, name: &str, wanted: &str, got: &TorchValue) -> TorchError {
        TorchError::Type(format!("{}: {name} must be {wanted}, got {got}", self.call.name))
    }

    /// The number `name`, or `default` where it is not given.
    pub(super) fn number(&self, name: &str, default: f64) -> Result<f64, TorchError> {
        self.value(name)
            .map_or(Ok(default), |value| number(value).ok_or_else(|| self.wrong(name, "a number", value)))
    }

    /// The list `name`; empty where it is not given.
    pub(super) fn list(&self, name: &str) -> Result<&'a [TorchValue], TorchError> {
        match self.value(name) {
            None => Ok(&[]),
            Some(TorchValue::List(items)) => Ok(items),
            Some(other) => Err(self.wrong(name, "a list", other)),
        }
    }

    /// The numbers of the list `name`; empty where it is not given.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, TorchError> {
        let items = self.list(name)?.iter();
        items.map(|item| number(item).ok_or_else(|| self.wrong(name, "a list of numbers", item))).collect()
    }

    /// The argument that every constructor has last.
    pub(super) fn last_epoch(&self) -> Result<f64, TorchError> {
        self.number("last_epoch", -1.0)
    }
}

/// A number as Python counts: `True` is 1.
fn number(value: &TorchValue) -> Option<f64> {
    match value {
        TorchValue::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.number(),
    }
}
