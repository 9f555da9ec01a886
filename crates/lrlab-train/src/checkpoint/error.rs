//! Why a checkpoint could not be written, or why nothing goes on from it.

use std::{io, path::PathBuf};

/// Why a checkpoint could not be written, or why a trial does not go on from it.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system refused to write. Checkpoints written before are as they were.
    #[error("cannot write the checkpoint {path}: {source}")]
    Unwritable {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a folder already where it should go.
    #[error(
        "cannot write the checkpoint {path}: it is there already, and what is saved is not replaced; name a new folder"
    )]
    Occupied {
        /// Which folder.
        path: PathBuf,
    },
    /// The trial has come to its end.
    #[error(
        "cannot write the checkpoint {path}: the trial has ended after {t} updates, nothing goes on from there"
    )]
    Ended {
        /// Which folder.
        path: PathBuf,
        /// Updates made.
        t: u64,
    },
    /// A file of it is not there or cannot be read.
    #[error("the checkpoint's {path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of it is not as it was written.
    #[error("the checkpoint is damaged: {path}: {why}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What tells.
        why: String,
    },
    /// It was written in a form that this version does not know.
    #[error(
        "the checkpoint {path} has the form {found}, but this lrlab ({version}) reads form {known}; go on with the version \
         that wrote it"
    )]
    Form {
        /// Which checkpoint.
        path: PathBuf,
        /// Its form.
        found: u64,
        /// The form that is read.
        known: u64,
        /// This version.
        version: &'static str,
    },
    /// It is whole, but was made by another trial: what differs, one a line.
    #[error("the checkpoint {path} is of another trial:{}", listed(.differences))]
    Different {
        /// Which checkpoint.
        path: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// It is whole, but holds a state that this trial cannot have.
    #[error("the checkpoint {path} does not fit this trial: {why}")]
    Misfit {
        /// Which checkpoint.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
}

/// Something in which a checkpoint and a trial differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs: `strategy`, `parameter hidden.weight`...
    pub what: String,
    /// In the checkpoint.
    pub there: String,
    /// In the trial.
    pub here: String,
}

impl Difference {
    /// The difference between two values, if there is one.
    pub(crate) fn between<T: PartialEq>(
        what: impl Into<String>,
        there: &T,
        here: &T,
        show: impl Fn(&T) -> String,
    ) -> Option<Self> {
        (there != here).then(|| Self { what: what.into(), there: show(there), here: show(here) })
    }
}

fn listed(differences: &[Difference]) -> String {
    let line =
        |Difference { what, there, here }: &Difference| format!("\n  {what}: {there} there, {here} here");
    differences.iter().map(line).collect()
}

impl CheckpointError {
    /// Whether an older checkpoint may do where this one did not: it is damaged or not there, rather than
    /// another trial's.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::Damaged { .. })
    }
}
