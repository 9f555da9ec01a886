//! A function of the epoch, as `LambdaLR`, `MultiplicativeLR` and `CyclicLR`'s `scale_fn` take one.

use std::{fmt, sync::Arc};

use super::{Arguments, Attribute, Refusal, StateValue, TorchError, python_text};
use crate::{Expression, ParamGroup, spec::TorchValue};

/// A factor as a function of the epoch: what torch's users write as a lambda.
#[derive(Clone)]
pub enum Factor {
    /// A function of the epoch, which is a whole number unless `step(epoch)` was given another.
    Function(Arc<dyn Fn(f64) -> f64 + Send + Sync>),
    /// An expression of t, the epoch. PyTorch knows no total number of steps: T is NaN.
    Expression(Expression),
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

    /// Reads the text that stands for a function in a call: a Python lambda of one parameter, or an expression
    /// of t alone.
    ///
    /// # Errors
    /// `TypeError` where it is neither.
    pub fn read(text: &str) -> Result<Self, TorchError> {
        let is_lambda = text.trim_start().starts_with("lambda");
        let read = if is_lambda { Expression::from_python_lambda(text) } else { Expression::read(text) };
        let wrong = |why: String| {
            TorchError::Type(format!(
                "'{text}' must be a function of the epoch, such as 'lambda epoch: 0.95 ** epoch': {why}"
            ))
        };
        let expression = read.map_err(|(_, fault)| wrong(fault.to_string()))?;
        if expression.uses_total() {
            return Err(wrong("PyTorch's schedulers know no T".to_owned()));
        }
        Ok(Self::Expression(expression))
    }

    /// The factor at `epoch`.
    ///
    /// # Errors
    /// `IndexError` where a table has no such epoch, `TypeError` where that is no whole number.
    pub fn value(&self, epoch: f64) -> Result<f64, TorchError> {
        match self {
            Self::Function(function) => Ok(function(epoch)),
            Self::Expression(expression) => Ok(expression.value(epoch, f64::NAN)),
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

/// The argument `lr_lambda`: a factor for each group, from one text for all or a list of as many.
///
/// `refuse` tells what torch raises for a value of another type.
pub(super) fn lr_lambdas(
    arguments: &Arguments<'_>,
    groups: &[ParamGroup],
    refuse: impl Fn(&str) -> String,
) -> Result<Vec<Factor>, TorchError> {
    let read = |value: &TorchValue| match value {
        TorchValue::Lambda(expression) => Ok(Factor::Expression(expression.clone())),
        TorchValue::Text(text) => Factor::read(text),
        other => Err(TorchError::Type(refuse(python_text::type_name(other)))),
    };
    match arguments.value("lr_lambda") {
        Some(TorchValue::List(items)) => {
            one_for_each(items.len(), groups)?;
            items.iter().map(read).collect()
        }
        other => Ok(vec![read(other.unwrap_or(&TorchValue::None))?; groups.len()]),
    }
}

/// Holds the number of functions against the number of groups.
pub(super) fn one_for_each(functions: usize, groups: &[ParamGroup]) -> Result<(), TorchError> {
    if functions == groups.len() {
        return Ok(());
    }
    Err(TorchError::Value(format!("Expected {} lr_lambdas, but got {functions}", groups.len())))
}

impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(_) => f.write_str("Function(..)"),
            Self::Expression(expression) => f.debug_tuple("Expression").field(expression).finish(),
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
