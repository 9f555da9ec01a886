//! A function of the epoch, as `LambdaLR`, `MultiplicativeLR` and `CyclicLR`'s `scale_fn` take one.

use std::{fmt, sync::Arc};

use super::{Attribute, Refusal, StateValue, TorchError};

/// A factor as a function of the epoch: what torch's users write as a lambda.
#[derive(Clone)]
pub enum Factor {
    /// A function of the epoch, which is a whole number unless `step(epoch)` was given another.
    Function(Arc<dyn Fn(f64) -> f64 + Send + Sync>),
    /// One value for each epoch from 0 on, read as a Python list is: an epoch below 0 counts from the
    /// end, and one that is not in it raises `IndexError`.
    Table(Arc<[f64]>),
}

impl Factor {
    /// The factor that `function` gives.
    pub fn function(function: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(function))
    }

    /// The factors of epochs 0, 1, 2...
    pub fn table(values: impl Into<Arc<[f64]>>) -> Self {
        Self::Table(values.into())
    }

    /// The factor at `epoch`.
    ///
    /// # Errors
    /// `IndexError` where a table has no such epoch, `TypeError` where that is no whole number.
    pub fn value(&self, epoch: f64) -> Result<f64, TorchError> {
        match self {
            Self::Function(function) => Ok(function(epoch)),
            Self::Table(values) => {
                if epoch.fract() != 0.0 {
                    return Err(TorchError::Type(
                        "list indices must be integers or slices, not float".to_owned(),
                    ));
                }
                let from_start = if epoch < 0.0 { epoch + values.len() as f64 } else { epoch };
                // A negative number would be 0 as an index.
                let found = if from_start < 0.0 { None } else { values.get(from_start as usize) };
                found.copied().ok_or_else(|| TorchError::Index("list index out of range".to_owned()))
            }
        }
    }
}

impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(_) => f.write_str("Function(..)"),
            Self::Table(values) => f.debug_tuple("Table").field(values).finish(),
        }
    }
}

/// `lr_lambdas`: functions are not saved, as in torch; the resumed scheduler has its own.
impl Attribute for Vec<Factor> {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::List(vec![StateValue::None; self.len()]))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        match value {
            StateValue::List(items) if items.iter().all(|item| *item == StateValue::None) => Ok(()),
            _ => Err(Refusal::Expected("a list of None: functions are not saved")),
        }
    }

    fn is_required(&self) -> bool {
        true
    }
}

/// `_scale_fn_custom`, a function that is not saved either.
#[derive(Clone, Debug, Default)]
pub struct ScaleFn(pub Option<Factor>);

impl Attribute for ScaleFn {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::None)
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        if *value == StateValue::None {
            Ok(())
        } else {
            Err(Refusal::Expected("None: functions are not saved"))
        }
    }

    fn is_required(&self) -> bool {
        true
    }
}
