//! What the registries of schedules, optimizers and tasks have in common: how an entry describes
//! its parameters, so that specs, help, docs and lint read the same words.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    Duration,
    expression::Expression,
    horizon::{number_text, percent_text},
    spec::Fault,
};

/// What kind of value a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A [`Duration`], with its unit.
    Duration,
    /// One or more durations.
    Durations,
    /// A [`Level`]: a percentage of the group's own value, `lr 1e-5`, or 0.
    Level,
    /// A plain number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Flag,
    /// One word out of a list.
    Choice(&'static [&'static str]),
    /// One or more plain numbers.
    Numbers,
    /// One or more [`Point`]s.
    Points,
    /// An [`Expression`] of t.
    Expression,
    /// Any text: the name of a column.
    Text,
    /// One or more texts.
    Texts,
    /// The path of a file that is read.
    File,
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The value.
    pub level: Level,
    /// Its time, from the schedule's own start; may be 0 steps.
    pub at: Duration,
}

/// A target value that says what it is relative to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// A share of the group's own value; 1 is the value itself. Written `10%`.
    Fraction(f64),
    /// A value of its own, written `lr 1e-5`.
    Absolute(f64),
}

/// Where an argument stands in the text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// `name=value`, as optimizers and tasks are written.
    Named,
    /// Needs no word before it, but may have one of these: `step every 5 epochs`, `step 5 epochs`.
    /// Printed after the first of them, which may be the empty one. Where the empty one is the only
    /// one, the value begins with its number or its `lr`.
    Bare(&'static [&'static str]),
    /// Follows this word: `to 10%`.
    Word(&'static str),
    /// Follows an `x`: `x0.5`.
    Times,
}

/// The numbers that a parameter may take; every bound must hold. NaN and infinities never do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Any finite number.
    Any,
    /// 0 or more.
    NotNegative,
    /// More than 0.
    Positive,
    /// 0 <= value <= 1.
    Unit,
    /// 0 <= value < 1.
    UnitOpen,
    /// 0 < value <= 1.
    UnitPositive,
    /// 1 or more.
    AtLeastOne,
}

impl Range {
    /// Whether `value` lies inside.
    pub fn contains(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Any => true,
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
                Self::Unit => (0.0..=1.0).contains(&value),
                Self::UnitOpen => (0.0..1.0).contains(&value),
                Self::UnitPositive => value > 0.0 && value <= 1.0,
                Self::AtLeastOne => value >= 1.0,
            }
    }

    /// The range in words, for messages: "a number above 0".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Any => "a finite number",
            Self::NotNegative => "a number of 0 or more",
            Self::Positive => "a number above 0",
            Self::Unit => "a number from 0 to 1",
            Self::UnitOpen => "a number from 0 up to, but not, 1",
            Self::UnitPositive => "a number above 0, up to 1",
            Self::AtLeastOne => "a number of 1 or more",
        }
    }
}

/// One parameter of a registry entry.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name in TOML and JSON, and in `name=value` text.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its value when left out, in the text form; `None` means it must be given, `Some("")` that
    /// leaving it out has a meaning of its own, told in `doc`.
    pub default: Option<&'static str>,
    /// Where it stands in the text form.
    pub keyword: Keyword,
    /// What numbers it may hold.
    pub range: Range,
    /// PyTorch's name for it, where there is one.
    pub pytorch: Option<&'static str>,
    /// One sentence for a user.
    pub doc: &'static str,
}

/// Where a formula comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Authors, year and title, or the library and class.
    pub citation: &'static str,
    /// An arXiv number, DOI or address; empty where there is none.
    pub link: &'static str,
}

/// The value of one parameter in a spec.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A duration with its unit.
    Duration(Duration),
    /// Several durations.
    Durations(Vec<Duration>),
    /// A target value.
    Level(Level),
    /// A number, whole or not.
    Number(f64),
    /// Several numbers.
    Numbers(Vec<f64>),
    /// Several values with their times.
    Points(Vec<Point>),
    /// A function of time.
    Expression(Expression),
    /// Yes or no.
    Flag(bool),
    /// A word, a text or the path of a file.
    Word(String),
    /// Several texts.
    Words(Vec<String>),
}

/// An argument as it stands in TOML and JSON, before the registry says what it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RawArgument {
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Text such as `"5 epochs"` or `"10%"`.
    Text(String),
    /// A list.
    List(Vec<RawArgument>),
}

/// Arguments by parameter name. Only what was given is kept: defaults stay with the registry, so a
/// spec prints as it was written.
pub type Arguments = BTreeMap<String, Argument>;

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(fraction) if fraction.to_bits() == 0 => f.write_str("0"),
            Self::Fraction(fraction) => write!(f, "{}%", percent_text(*fraction)),
            Self::Absolute(value) => {
                // A field that is no learning rate is written `{:#}`.
                let word = if f.alternate() { "value" } else { "lr" };
                write!(f, "{word} {}", number_text(*value))
            }
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.level.fmt(f)?;
        write!(f, " at {}", self.at)
    }
}

impl Level {
    /// Shares and rates above this are refused: no training survives them.
    pub const LARGEST: f64 = 1e30;

    /// The value as a share of `base`, or on its own.
    pub fn of(self, base: f64) -> f64 {
        match self {
            Self::Fraction(fraction) => base * fraction,
            Self::Absolute(value) => value,
        }
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, separator: &str, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(duration) => write!(f, "{duration}"),
            Self::Durations(durations) => list(f, ", ", durations),
            Self::Level(level) => level.fmt(f),
            Self::Points(points) => list(f, ", ", points),
            Self::Expression(expression) => write!(f, "{expression}"),
            Self::Number(number) => f.write_str(&number_text(*number)),
            Self::Numbers(numbers) => {
                list(f, ",", &numbers.iter().map(|number| number_text(*number)).collect::<Vec<_>>())
            }
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Word(word) => f.write_str(word),
            Self::Words(words) => list(f, ",", words),
        }
    }
}

impl fmt::Display for RawArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => f.write_str(&number_text(*number)),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => list(f, ",", items),
        }
    }
}

impl Kind {
    /// What may be written for it, for messages.
    pub fn describe(self) -> String {
        match self {
            Self::Duration => crate::horizon::DURATION_FORMS.to_owned(),
            Self::Durations => "one or more durations: `30 epochs, 60 epochs`".to_owned(),
            Self::Level => "a share of the group's own value (`10%`), `lr 1e-5` or `0`".to_owned(),
            Self::Expression => "an expression of t such as `0.95^t` or `cos(pi/2 * t/T)`".to_owned(),
            Self::Points => "values with their times: `10% at 0 steps, 100% at 5 epochs`".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Numbers => "one or more numbers: `0.9,0.999`".to_owned(),
            Self::Text => "a text, in quotation marks where it holds spaces".to_owned(),
            Self::Texts => "one or more texts: `id,\"date of birth\"`".to_owned(),
            Self::File => "the path of a file, in quotation marks where it holds spaces".to_owned(),
        }
    }
}

impl Parameter {
    /// Whether `argument` is of this parameter's kind and inside its range.
    pub fn check(&self, argument: &Argument) -> Result<(), Fault> {
        let range = |value: f64| {
            if self.range.contains(value) {
                Ok(())
            } else {
                Err(Fault::value(self.name, argument.to_string(), self.range.describe()))
            }
        };
        let wrong_kind = || Err(Fault::value(self.name, argument.to_string(), self.kind.describe()));
        match (self.kind, argument) {
            (Kind::Duration, Argument::Duration(duration)) => self.check_duration(*duration),
            (Kind::Durations, Argument::Durations(durations)) if !durations.is_empty() => {
                durations.iter().try_for_each(|duration| self.check_duration(*duration))
            }
            (Kind::Level, Argument::Level(level)) => self.check_level(*level),
            (Kind::Points, Argument::Points(points)) if !points.is_empty() => {
                points.iter().try_for_each(|point| {
                    self.check_level(point.level)?;
                    let at_start = point.at == Duration::Steps(0);
                    if at_start { Ok(()) } else { self.check_duration(point.at) }
                })
            }
            (Kind::Number, Argument::Number(value)) => range(*value),
            (Kind::Integer, Argument::Number(value)) if value.fract() == 0.0 => range(*value),
            (Kind::Numbers, Argument::Numbers(values)) if !values.is_empty() => {
                values.iter().try_for_each(|value| range(*value))
            }
            (Kind::Flag, Argument::Flag(_)) | (Kind::Expression, Argument::Expression(_)) => Ok(()),
            (Kind::Choice(words), Argument::Word(word)) if words.contains(&word.as_str()) => Ok(()),
            (Kind::Text | Kind::File, Argument::Word(text)) if !text.is_empty() => Ok(()),
            (Kind::Texts, Argument::Words(texts)) if !texts.is_empty() => Ok(()),
            _ => wrong_kind(),
        }
    }

    fn check_level(&self, level: Level) -> Result<(), Fault> {
        let (Level::Fraction(value) | Level::Absolute(value)) = level;
        if !self.range.contains(value) {
            return Err(Fault::value(self.name, level.to_string(), self.range.describe()));
        }
        if value.abs() > Level::LARGEST {
            let allowed = format!("no more than {:e}", Level::LARGEST);
            return Err(Fault::value(self.name, level.to_string(), allowed));
        }
        Ok(())
    }

    fn check_duration(&self, duration: Duration) -> Result<(), Fault> {
        let (count, most) = match duration {
            Duration::Steps(steps) => (steps as f64, f64::MAX),
            Duration::Epochs(epochs) => (epochs, f64::MAX),
            Duration::Fraction(fraction) => (fraction, 1.0),
        };
        if self.range.contains(count) && (0.0..=most).contains(&count) {
            Ok(())
        } else {
            let allowed = "a duration above 0, no more than 100% of the training";
            Err(Fault::value(self.name, duration.to_string(), allowed))
        }
    }
}

/// Whether two names are the same but for case, hyphens and underscores.
pub fn same_name(a: &str, b: &str) -> bool {
    let letters = |name: &str| -> Vec<u8> {
        name.bytes().filter(|b| !matches!(b, b'-' | b'_')).map(|b| b.to_ascii_lowercase()).collect()
    };
    letters(a) == letters(b)
}

/// The name in `known` that is most like `got`, if one is like it enough to be what was meant.
pub fn nearest<'a>(got: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let got: Vec<char> = got.to_lowercase().chars().take(64).collect();
    known
        .into_iter()
        .map(|name| (edits(&got, &name.to_lowercase().chars().collect::<Vec<_>>()), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= 1 + name.chars().count().min(got.len()) / 3)
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
