//! Reports of studies: one offline page, a picture, a table and data.
//!
//! A report is a pure function of runs and their comparison: the same runs give the same bytes.
//! Each format lives in a file of its own and is listed once in [`REPORTS`].

use std::{
    fs,
    io::{self, Write as _},
    panic,
    path::{Path, PathBuf},
    thread,
};

use lrlab_core::layout;

use crate::{Comparison, StudyRuns};

pub(crate) mod csv;
mod curves;
mod figures;
mod html;
mod json;
pub(crate) mod numbers;
mod order;
mod page;
pub(crate) mod palette;
mod png;
mod quantity;
pub mod terminal;
mod valley;

/// What a report tells: studies under one title.
#[derive(Clone, Debug)]
pub struct Report {
    /// The heading of the whole.
    pub title: String,
    /// What a reader should know first; paragraphs are divided by an empty line.
    pub introduction: String,
    /// One section each, in this order.
    pub studies: Vec<StudyReport>,
}

/// One study with its judgement.
#[derive(Clone, Debug)]
pub struct StudyReport {
    /// The section's heading.
    pub heading: String,
    /// Paragraphs that the caller has to say about it.
    pub text: Vec<String>,
    /// The runs.
    pub runs: StudyRuns,
    /// What came of comparing them; one row for each arm, in the same order.
    pub comparison: Comparison,
    /// The winner as `PyTorch` code.
    pub torch_code: Option<String>,
    /// The command line that runs the study again.
    pub command: Option<String>,
}

/// One way to write a report.
#[derive(Debug)]
pub struct Format {
    /// Its name: `html`.
    pub name: &'static str,
    /// The file or files it writes, for help texts.
    pub file: &'static str,
    /// One sentence for a user.
    pub doc: &'static str,
    /// Renders the files, each under its name.
    pub render: fn(&Report) -> Result<Vec<Artifact>, ReportError>,
}

/// A file of a report, before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// File name, without a folder.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Every format there is.
pub static REPORTS: &[&Format] = &[&html::FORMAT, &png::FORMAT, &csv::FORMAT, &json::FORMAT];

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file system said no.
    #[error("cannot write {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be rendered; a fault of lrlab.
    #[error("cannot render {file}: {why}")]
    Render {
        /// Which file.
        file: String,
        /// Why.
        why: String,
    },
    /// The comparison is not of these runs.
    #[error("study {study:?} has {arms} arms, but its comparison has {rows} rows")]
    Mismatch {
        /// Heading of the study.
        study: String,
        /// Arms of the runs.
        arms: usize,
        /// Rows of the comparison.
        rows: usize,
    },
}

/// Writes `report` in `formats` into `folder`, which is made if missing; gives the paths written.
///
/// Everything is rendered before the first byte is written, and each file appears whole or not at
/// all: it is written beside its place under a temporary name, then renamed.
pub fn write(report: &Report, folder: &Path, formats: &[&Format]) -> Result<Vec<PathBuf>, ReportError> {
    for study in &report.studies {
        let (arms, rows) = (study.runs.arms.len(), study.comparison.rows.len());
        if arms != rows {
            return Err(ReportError::Mismatch { study: study.heading.clone(), arms, rows });
        }
    }
    let artifacts = render(report, formats)?;
    fs::create_dir_all(folder).map_err(|source| ReportError::Io { path: folder.to_owned(), source })?;
    artifacts
        .into_iter()
        .map(|artifact| {
            let path = folder.join(&artifact.name);
            match write_whole(&path, &artifact.bytes) {
                Ok(()) => Ok(path),
                Err(source) => Err(ReportError::Io { path, source }),
            }
        })
        .collect()
}

/// The files of all `formats`, in their order; each format has a thread of its own.
fn render(report: &Report, formats: &[&Format]) -> Result<Vec<Artifact>, ReportError> {
    let rendered: Vec<Result<Vec<Artifact>, ReportError>> = thread::scope(|scope| {
        let renderers: Vec<_> =
            formats.iter().map(|format| scope.spawn(move || (format.render)(report))).collect();
        let finished = renderers.into_iter().map(thread::ScopedJoinHandle::join);
        finished.map(|files| files.unwrap_or_else(|panic| panic::resume_unwind(panic))).collect()
    });
    let mut artifacts = Vec::new();
    for files in rendered {
        artifacts.extend(files?);
    }
    Ok(artifacts)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one worth telling; a leftover that cannot be removed is not.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A file name for each study, without its ending; unique.
fn slugs(report: &Report) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for (index, study) in report.studies.iter().enumerate() {
        let slug = layout::slug(&study.heading);
        taken.push(if taken.contains(&slug) { format!("{slug}-{}", index + 1) } else { slug });
    }
    taken
}
