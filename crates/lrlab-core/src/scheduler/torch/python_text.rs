//! What Python writes of values: in messages of its own, and where torch formats an argument.

use super::TorchError;
use crate::spec::TorchValue;

/// `bool(value)`.
pub(super) fn is_true(value: &TorchValue) -> bool {
    match value {
        TorchValue::None => false,
        TorchValue::Bool(flag) => *flag,
        TorchValue::Int(number) => *number != 0,
        TorchValue::Float(number) => *number != 0.0,
        TorchValue::Text(text) => !text.is_empty(),
        TorchValue::List(items) => !items.is_empty(),
        TorchValue::Call(_) | TorchValue::Lambda(_) => true,
    }
}

/// `type(value).__name__`.
pub(super) fn type_name(value: &TorchValue) -> &str {
    match value {
        TorchValue::None => "NoneType",
        TorchValue::Bool(_) => "bool",
        TorchValue::Int(_) => "int",
        TorchValue::Float(_) => "float",
        TorchValue::Text(_) => "str",
        TorchValue::List(_) => "list",
        TorchValue::Call(call) => &call.name,
        TorchValue::Lambda(_) => "function",
    }
}

/// `str(value)`.
pub(super) fn text(value: &TorchValue) -> String {
    match value {
        TorchValue::Text(text) => text.clone(),
        other => repr(other),
    }
}

fn repr(value: &TorchValue) -> String {
    match value {
        TorchValue::Float(number) => float(*number),
        TorchValue::List(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// `repr(number)` of a float: plain from 1e-4 to 1e16, else with an exponent of two digits or more.
pub(super) fn float(number: f64) -> String {
    if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        let plain = number.to_string();
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    if !number.is_finite() {
        return number.to_string().to_lowercase();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |positive| ('-', positive));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A number of Python's, as an `int` or a `float` that a whole number may be.
pub(super) fn whole_or_float(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e16 { format!("{number:.0}") } else { float(number) }
}

/// The number that `value` is compared with `other` as: `value < 0`; what Python says if it cannot be.
pub(super) fn compared(value: &TorchValue, operator: &str, other: &str) -> Result<f64, TorchError> {
    super::arguments::as_number(value).ok_or_else(|| {
        let kind = type_name(value);
        TorchError::Type(format!("'{operator}' not supported between instances of '{kind}' and '{other}'"))
    })
}

/// Whether `value` is an `int` to Python: `True` is.
pub(super) fn is_int(value: &TorchValue) -> bool {
    matches!(value, TorchValue::Int(_) | TorchValue::Bool(_))
}

/// `float(value)`.
pub(super) fn to_float(value: &TorchValue) -> Result<f64, TorchError> {
    if let TorchValue::Text(text) = value {
        return text
            .trim()
            .parse()
            .map_err(|_| TorchError::Value(format!("could not convert string to float: '{text}'")));
    }
    super::arguments::as_number(value).ok_or_else(|| {
        let kind = type_name(value);
        TorchError::Type(format!("float() argument must be a string or a real number, not '{kind}'"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_does() {
        for (number, python) in [
            (1e16, "1e+16"),
            (1e-5, "1e-05"),
            (-1.5e-300, "-1.5e-300"),
            (1e15, "1000000000000000.0"),
            (0.0001, "0.0001"),
            (0.0, "0.0"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(number), python);
        }
        assert_eq!(whole_or_float(21.0), "21");
    }
}
