//! How `OneCycleLR` and `SWALR` go from one value to another.

use super::{Arguments, Attribute, Refusal, StateValue, TorchError, python_text};

/// How a value goes from one end to the other, in `OneCycleLR` and `SWALR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anneal {
    /// `cos`: along half a cosine.
    Cos,
    /// `linear`: in a straight line.
    Linear,
}

impl Anneal {
    /// The argument `anneal_strategy`.
    pub(super) fn read(arguments: &Arguments<'_>) -> Result<Self, TorchError> {
        match arguments.value("anneal_strategy").map_or_else(|| "cos".to_owned(), python_text::text).as_str()
        {
            "cos" => Ok(Anneal::Cos),
            "linear" => Ok(Anneal::Linear),
            other => Err(TorchError::Value(format!(
                "anneal_strategy must be one of 'cos' or 'linear', instead got {other}"
            ))),
        }
    }
}

impl Attribute for Anneal {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::Text(if *self == Self::Cos { "cos" } else { "linear" }.to_owned()))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        *self = match value {
            StateValue::Text(word) if word == "cos" => Self::Cos,
            StateValue::Text(word) if word == "linear" => Self::Linear,
            _ => return Err(Refusal::Expected("'cos' or 'linear'")),
        };
        Ok(())
    }
}
