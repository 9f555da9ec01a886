//! What can be wrong with a spec, told so that it can be put right.

use std::{fmt, ops::Range};

use crate::registry::nearest;

/// Everything that is wrong with a spec, with the text it was read from where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    text: Option<String>,
    problems: Vec<Problem>,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub fault: Fault,
    /// Which bytes of the source text it is about.
    pub span: Option<Range<usize>>,
    /// Where in a data tree it is, `schedule.then.to`; empty where it is about the whole.
    pub path: String,
}

/// The ways in which a spec can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A name that no registry knows.
    #[error("unknown {what} `{got}`{}", instead(.got, .known))]
    Unknown {
        /// What kind of name: `schedule`, `optimizer`, `parameter of sgd`...
        what: String,
        /// The name.
        got: String,
        /// All names there are.
        known: Vec<String>,
    },
    /// A parameter without a default was left out.
    #[error("{owner} needs {parameter}: write `{example}`")]
    Missing {
        /// The schedule or optimizer.
        owner: String,
        /// What is missing.
        parameter: String,
        /// A complete example.
        example: String,
    },
    /// A value of the wrong kind or outside its range.
    #[error("{field}: got `{got}`, expected {allowed}")]
    Value {
        /// What the value is for.
        field: String,
        /// The value.
        got: String,
        /// What is allowed.
        allowed: String,
    },
    /// The same thing was given twice.
    #[error("{what} is given twice")]
    Twice {
        /// What was.
        what: String,
    },
    /// The text cannot be read on from here.
    #[error("expected {expected}, got {got}")]
    Syntax {
        /// What may stand here.
        expected: String,
        /// What stands here.
        got: String,
    },
    /// Well written, but it cannot be built or has no such form.
    #[error("{why}")]
    Refused {
        /// What stands against it, and what to do.
        why: String,
    },
}

/// A list longer than this is not read by anyone who is told the name that was meant.
const READABLE: usize = 12;

fn instead(got: &str, known: &[String]) -> String {
    let meant = nearest(got, known.iter().map(String::as_str));
    let meant_text = meant.map_or_else(String::new, |name| format!(", did you mean `{name}`?"));
    if meant.is_some() && known.len() > READABLE {
        return meant_text;
    }
    format!("{meant_text}; known: {}", known.join(", "))
}

impl Fault {
    /// A fault about a name that is none of the known ones.
    pub fn unknown<'a>(what: impl Into<String>, got: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Self::Unknown { what: what.into(), got: got.to_owned(), known }
    }

    /// For an unknown name: the known one that is most like it, if any is.
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::Unknown { got, known, .. } => nearest(got, known.iter().map(String::as_str)),
            _ => None,
        }
    }

    pub(crate) fn syntax(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Syntax { expected: expected.into(), got: got.into() }
    }

    /// What cannot be, with the reason.
    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    /// A value that is not allowed.
    pub fn value(field: impl Into<String>, got: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self::Value { field: field.into(), got: got.into(), allowed: allowed.into() }
    }
}

impl Problem {
    /// A problem at a place in a data tree.
    pub(crate) fn of(path: impl Into<String>, fault: Fault) -> Self {
        Self { fault, span: None, path: path.into() }
    }

    /// A problem at some bytes of a text.
    pub(crate) fn at(span: Range<usize>, fault: Fault) -> Self {
        Self { fault, span: Some(span), path: String::new() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            fault if self.path.is_empty() => write!(f, "{fault}"),
            // The path ends with the field: once is enough.
            Fault::Value { field, got, allowed } if self.path.split('.').next_back() == Some(field) => {
                let fault = Fault::value(&self.path, got, allowed);
                write!(f, "{fault}")
            }
            fault => write!(f, "{}: {fault}", self.path),
        }
    }
}

impl SpecError {
    /// An error about a data tree or a build, without a source text.
    pub fn new(problems: Vec<Problem>) -> Self {
        Self { text: None, problems }
    }

    /// An error about some bytes of a text.
    pub fn at(text: &str, span: Range<usize>, fault: Fault) -> Self {
        Self { text: Some(text.to_owned()), problems: vec![Problem::at(span, fault)] }
    }

    pub(crate) fn in_text(text: &str, problems: Vec<Problem>) -> Self {
        Self { text: Some(text.to_owned()), problems }
    }

    /// The text that was read, where there was one.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Which bytes of [`text`](Self::text) the first problem is about.
    pub fn span(&self) -> Option<Range<usize>> {
        self.problems.iter().find_map(|problem| problem.span.clone())
    }

    /// Everything that is wrong, in the order of the text.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SpecError {}
