//! Why a file could not be read, and where in it.

use std::{fmt, io};

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system cannot open or read it.
    #[error("{file}: cannot be read: {source}")]
    Io {
        /// Which file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// What it holds cannot be used.
    #[error("{file}{place}: {problem}")]
    Refused {
        /// Which file.
        file: String,
        /// Where in it.
        place: Place,
        /// What is wrong, what was expected, and what to do.
        problem: String,
    },
}

/// A place in a file. Shown, it follows the file's name: `, line 7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line, from 1, and the name of a column where one is concerned.
    Line {
        /// Which line; that of its beginning where quotation marks span several.
        line: u64,
        /// Which column.
        column: Option<String>,
    },
    /// So many bytes behind the beginning of the content, which gzip is not part of.
    Byte(u64),
    /// An array of an archive.
    Member(String),
    /// The whole column of this name.
    Column(String),
    /// The whole file.
    Whole,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, column: None } => write!(f, ", line {line}"),
            Self::Line { line, column: Some(column) } => write!(f, ", line {line}, column {column:?}"),
            Self::Byte(at) => write!(f, ", byte {at}"),
            Self::Member(name) => write!(f, ", array {name:?}"),
            Self::Column(name) => write!(f, ", column {name:?}"),
            Self::Whole => Ok(()),
        }
    }
}

impl ReadError {
    /// A refusal of `file` at `place`.
    pub fn refused(file: &str, place: Place, problem: impl Into<String>) -> Self {
        Self::Refused { file: file.to_owned(), place, problem: problem.into() }
    }

    /// What reading failed with after `at` bytes of content.
    pub(super) fn of_io(file: &str, at: u64, error: io::Error) -> Self {
        let place = Place::Byte(at);
        if let Some(limit) = error.get_ref().and_then(|inner| inner.downcast_ref::<ContentLimit>()) {
            return Self::refused(file, place, limit.to_string());
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::refused(
                file,
                place,
                "the gzip stream breaks off here: the file is incomplete; fetch it again",
            ),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Self::refused(file, place, format!("cannot be decompressed ({error}); fetch the file again"))
            }
            _ => Self::Io { file: file.to_owned(), source: error },
        }
    }
}

/// More content than is allowed, on its way through `io::Error`.
#[derive(Debug, thiserror::Error)]
#[error("the content goes on beyond {0} bytes, which is the limit; take a part of the data")]
pub(super) struct ContentLimit(pub(super) u64);
