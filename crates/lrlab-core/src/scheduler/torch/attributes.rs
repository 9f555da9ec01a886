//! The attributes of a scheduler as one table, from which its state is both saved and loaded.

use super::{StateDict, StateValue, TorchError, TorchScheduler};

/// An attribute of a scheduler as `state_dict` sees it.
pub trait Attribute {
    /// The value to save; `None` where torch's object has no such attribute now.
    fn save(&self) -> Option<StateValue>;

    /// Takes a saved value over; `Err` says what the value had to be.
    fn load(&mut self, value: &StateValue) -> Result<(), Refusal>;

    /// Whether torch takes the key out of the dict, and so raises where it is missing.
    fn is_required(&self) -> bool {
        false
    }
}

/// Why an attribute cannot take a saved value.
#[derive(Debug)]
pub enum Refusal {
    /// It had to be this: `a number`.
    Expected(&'static str),
    /// What loading something inside it raised.
    Raised(TorchError),
}

/// A scheduler's attributes by name.
pub type Attributes<'a> = Vec<(&'static str, &'a mut dyn Attribute)>;

/// Gathers the values of `attributes`.
pub(super) fn save(attributes: Attributes<'_>) -> StateDict {
    let saved = attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.save()?)));
    StateDict(saved.collect())
}

/// Gives `attributes` the values of `dict`. A missing key leaves its attribute as it is and an unknown
/// one is passed over, as in torch, where an unknown key becomes an attribute that nothing reads.
pub(super) fn load(class: &str, attributes: Attributes<'_>, dict: &StateDict) -> Result<(), TorchError> {
    for (name, attribute) in attributes {
        match dict.get(name) {
            Some(value) => attribute.load(value).map_err(|refusal| match refusal {
                Refusal::Expected(wanted) => TorchError::Type(format!(
                    "{class}: {name} of a state_dict must be {wanted}, got {value:?}"
                )),
                Refusal::Raised(error) => error,
            })?,
            None if attribute.is_required() => return Err(TorchError::Key(name.to_owned())),
            None => {}
        }
    }
    Ok(())
}

impl Attribute for f64 {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::Number(*self))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        *self = value.number().ok_or(Refusal::Expected("a number"))?;
        Ok(())
    }
}

impl Attribute for u64 {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::Number(*self as f64))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let whole = value.number().filter(|number| *number >= 0.0 && number.fract() == 0.0);
        *self = whole.ok_or(Refusal::Expected("a whole number, 0 or above"))? as u64;
        Ok(())
    }
}

impl Attribute for bool {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::Bool(*self))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let StateValue::Bool(flag) = value else { return Err(Refusal::Expected("a bool")) };
        *self = *flag;
        Ok(())
    }
}

impl Attribute for String {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::Text(self.clone()))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let StateValue::Text(text) = value else { return Err(Refusal::Expected("a string")) };
        self.clone_from(text);
        Ok(())
    }
}

impl Attribute for Vec<f64> {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::numbers(self))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let StateValue::List(items) = value else { return Err(Refusal::Expected("a list of numbers")) };
        let numbers = items.iter().map(StateValue::number).collect::<Option<_>>();
        *self = numbers.ok_or(Refusal::Expected("a list of numbers"))?;
        Ok(())
    }
}

/// An attribute that torch sets under a condition only.
impl<T: Attribute + Default> Attribute for Option<T> {
    fn save(&self) -> Option<StateValue> {
        self.as_ref().and_then(Attribute::save)
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        self.get_or_insert_default().load(value)
    }
}

/// A number or `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberOrNone(pub Option<f64>);

impl Attribute for NumberOrNone {
    fn save(&self) -> Option<StateValue> {
        Some(self.0.map_or(StateValue::None, StateValue::Number))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        self.0 = match value {
            StateValue::None => None,
            other => Some(other.number().ok_or(Refusal::Expected("a number or None"))?),
        };
        Ok(())
    }
}

/// `_schedulers`.
impl Attribute for Vec<Box<dyn TorchScheduler>> {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::List(self.iter().map(|part| StateValue::Map(part.state_dict())).collect()))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let StateValue::List(states) = value else { return Err(Refusal::Expected("a list of state_dicts")) };
        for (index, state) in states.iter().enumerate() {
            let StateValue::Map(state) = state else {
                return Err(Refusal::Expected("a list of state_dicts"));
            };
            let part = self
                .get_mut(index)
                .ok_or_else(|| Refusal::Raised(TorchError::Index("list index out of range".to_owned())))?;
            part.load_state_dict(state).map_err(Refusal::Raised)?;
        }
        Ok(())
    }

    fn is_required(&self) -> bool {
        true
    }
}
