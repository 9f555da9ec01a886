//! What a study's folder answers: read from its logs alone, as text and as files.

pub mod comparison;
pub mod conclusion;
pub mod search;

use std::path::PathBuf;

use lrlab_analysis::{ReadError, report::ReportError};

/// Why a folder gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Its logs cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The files cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Trials that it waits for have not ended.
    #[error("the search in {0} has not come to its end")]
    Unfinished(PathBuf),
    /// A page or picture that cannot be made; a fault of lrlab.
    #[error("{0}")]
    Render(String),
}
