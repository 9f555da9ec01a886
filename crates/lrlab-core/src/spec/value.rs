//! Single values as text.

use super::Fault;
use crate::{
    expression::Expression,
    horizon::{number_text, parse_duration, parse_number, parse_percent, percent_text},
    registry::{Argument, Kind, Level, Parameter, Point, same_name},
};

/// Reads the value of one parameter and holds it against the parameter's range.
pub(crate) fn read_argument(param: &Parameter, text: &str) -> Result<Argument, Fault> {
    let text = text.trim();
    let wrong =
        || Fault::value(param.name, if text.is_empty() { "nothing" } else { text }, param.kind.describe());
    let named = |fault: Fault| match fault {
        Fault::Value { got, allowed, .. } => Fault::value(param.name, got, allowed),
        other => other,
    };
    let items = || text.split(',').map(str::trim);
    let argument = match param.kind {
        Kind::Duration => Argument::Duration(parse_duration(text).map_err(named)?),
        Kind::Durations => {
            Argument::Durations(items().map(parse_duration).collect::<Result<_, _>>().map_err(named)?)
        }
        Kind::Level => Argument::Level(read_level(param.name, text)?),
        Kind::Number | Kind::Integer => Argument::Number(parse_number(text).ok_or_else(wrong)?),
        Kind::Numbers => {
            Argument::Numbers(items().map(parse_number).collect::<Option<_>>().ok_or_else(wrong)?)
        }
        Kind::Expression if text.is_empty() => return Err(wrong()),
        Kind::Expression => Argument::Expression(Expression::read(text).map_err(|(_, fault)| fault)?),
        Kind::Points => Argument::Points(
            items().map(|item| read_point(param.name, item)).collect::<Result<_, _>>().map_err(named)?,
        ),
        Kind::Flag => Argument::Flag(match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => true,
            "false" | "no" => false,
            _ => return Err(wrong()),
        }),
        Kind::Choice(words) => Argument::Word(
            words.iter().find(|word| same_name(word, text)).map(|&word| word.to_owned()).ok_or_else(wrong)?,
        ),
        Kind::Text | Kind::File => Argument::Word(text.to_owned()),
        Kind::Texts => Argument::Words(items().map(str::to_owned).collect()),
    };
    param.check(&argument)?;
    Ok(argument)
}

fn read_point(name: &str, text: &str) -> Result<Point, Fault> {
    let Some((level, at)) = text.split_once(" at ") else {
        return Err(Fault::value(
            name,
            if text.is_empty() { "nothing" } else { text },
            Kind::Points.describe(),
        ));
    };
    Ok(Point { level: read_level(name, level.trim())?, at: parse_duration(at)? })
}

fn read_level(name: &str, text: &str) -> Result<Level, Fault> {
    let wrong = || Fault::value(name, if text.is_empty() { "nothing" } else { text }, Kind::Level.describe());
    if let Some(percent) = text.strip_suffix('%') {
        return parse_percent(percent).map(Level::Fraction).ok_or_else(wrong);
    }
    if let Some(("lr" | "value", value)) = text.split_once(char::is_whitespace) {
        return parse_number(value).map(Level::Absolute).ok_or_else(wrong);
    }
    match parse_number(text) {
        Some(0.0) => Ok(Level::Fraction(0.0)),
        Some(value) => {
            let (percent, rate) = (percent_text(value), number_text(value));
            let allowed =
                format!("what it is relative to: `{percent}%` of the group's own value, or `lr {rate}`");
            Err(Fault::value(name, text, allowed))
        }
        None => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{optimizer::registry::OPTIMIZERS, schedule::SCHEDULES};

    #[test]
    fn every_default_of_the_registries_can_be_read() {
        let schedules = SCHEDULES.iter().flat_map(|entry| entry.params);
        let optimizers = OPTIMIZERS.iter().flat_map(|entry| entry.params);
        for param in schedules.chain(optimizers) {
            if let Some(default) = param.default.filter(|default| !default.is_empty()) {
                assert!(read_argument(param, default).is_ok(), "{}: {default}", param.name);
            }
        }
    }
}
