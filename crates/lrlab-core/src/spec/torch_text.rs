//! PyTorch's constructor text as a tree: `StepLR(step_size=5, gamma=0.5)`.
//!
//! Read as Python would read it, as far as constructors of optimizers and schedulers go: calls,
//! keyword arguments, numbers, products and quotients of numbers (`1/3`), strings, lists, tuples,
//! `True`, `False`, `None`, functions of one parameter (`lambda epoch: 0.95 ** epoch`), and dicts, which
//! print as `dict(a=1)`. Module prefixes (`torch.optim.`, `lr_scheduler.`) are dropped, and so is
//! the argument that names the optimizer or the parameters.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    error::{Fault, SpecError},
    hugging_face,
    torch_read::{quoted, read_call},
};
use crate::{expression::Expression, horizon::number_text};

/// A call of a PyTorch constructor, without its module prefix and without its first argument (the
/// optimizer, or the parameters): `args[0]` is what follows that.
///
/// ```
/// use lrlab_core::spec::{TorchCall, TorchValue};
/// let call: TorchCall = "optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.5)".parse()?;
/// assert_eq!(call.name, "StepLR");
/// assert_eq!(call.get(0, "step_size"), Some(&TorchValue::Int(5)));
/// assert_eq!(call.to_string(), "StepLR(5, gamma=0.5)");
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TorchCall {
    /// The class: `StepLR`.
    pub name: String,
    /// Positional arguments, the optimizer (or parameters) left out.
    pub args: Vec<TorchValue>,
    /// Keyword arguments, in the order in which they were written.
    pub kwargs: Vec<(String, TorchValue)>,
}

/// A value in a constructor call. PyTorch tells whole numbers from others, so this does too.
#[derive(Clone, Debug, PartialEq)]
pub enum TorchValue {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent, or a quotient such as `1/3`.
    Float(f64),
    /// A string.
    Text(String),
    /// A list or a tuple.
    List(Vec<TorchValue>),
    /// A constructor inside, as `SequentialLR` has them.
    Call(TorchCall),
    /// A function of one parameter, as an expression of t.
    Lambda(Expression),
}

/// What a PyTorch scheduler counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// `scheduler.step()` is called once after each epoch.
    #[default]
    Epoch,
    /// `scheduler.step()` is called after each optimizer update.
    Step,
}

impl TorchCall {
    /// The argument at a position (the optimizer not counted) or of a name.
    pub fn get(&self, position: usize, name: &str) -> Option<&TorchValue> {
        self.args.get(position).or_else(|| self.kwarg(name))
    }

    /// The metric that it waits for: of a `ReduceLROnPlateau` what its mode suggests, the accuracy in
    /// `max`, else the loss.
    pub fn metric(&self) -> Option<&'static str> {
        let maximizes = self.get(0, "mode") == Some(&TorchValue::Text("max".to_owned()));
        (self.name == "ReduceLROnPlateau").then_some(if maximizes { "accuracy" } else { "loss" })
    }

    /// What it counts where it is not told: `CyclicLR`, `OneCycleLR` and Hugging Face's schedules are
    /// called after each update by their documentation, all others after each epoch.
    pub fn usual_unit(&self) -> Unit {
        let by_step = hugging_face::is_name(&self.name) && !hugging_face::waits_for_metric(self);
        if by_step || matches!(self.name.as_str(), "CyclicLR" | "OneCycleLR") {
            return Unit::Step;
        }
        let parts = self.args.iter().chain(self.kwargs.iter().map(|(_, value)| value)).flat_map(|value| {
            if let TorchValue::List(items) = value { &items[..] } else { std::slice::from_ref(value) }
        });
        let mut units = parts.map(|part| match part {
            TorchValue::Call(part) => part.usual_unit(),
            _ => Unit::Epoch,
        });
        if units.any(|unit| unit == Unit::Step) { Unit::Step } else { Unit::Epoch }
    }

    /// The keyword argument of a name.
    pub fn kwarg(&self, name: &str) -> Option<&TorchValue> {
        self.kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl TorchValue {
    /// The number, whole or not; `True` and `False` are none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
    }
    Ok(())
}

impl fmt::Display for TorchCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        write_list(f, &self.args)?;
        if !self.args.is_empty() && !self.kwargs.is_empty() {
            f.write_str(", ")?;
        }
        write_list(f, &self.kwargs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>())?;
        f.write_str(")")
    }
}

/// A number as Python writes a float: `1.0`, `1e-5`.
pub(crate) fn float_text(value: f64) -> String {
    let text = number_text(value);
    if text.contains(['.', 'e', 'n']) { text } else { format!("{text}.0") }
}

impl fmt::Display for TorchValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&float_text(*value)),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::List(items) => {
                f.write_str("[")?;
                write_list(f, items)?;
                f.write_str("]")
            }
            Self::Call(call) => write!(f, "{call}"),
            // Python's lambdas have no T.
            Self::Lambda(expression) => write!(f, "lambda epoch: {}", expression.python("epoch", "T")),
        }
    }
}

impl FromStr for TorchCall {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let wrong = |span, fault| SpecError::at(text, span, fault);
        let (call, end) = read_call(text, 0..text.len()).map_err(|(span, fault)| wrong(span, fault))?;
        let rest = text[end..].trim_start();
        if rest.is_empty() {
            return Ok(call);
        }
        let fault = Fault::syntax("the end after the constructor", quoted(rest));
        Err(wrong(text.len() - rest.len()..text.len(), fault))
    }
}

impl Serialize for TorchCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TorchCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
