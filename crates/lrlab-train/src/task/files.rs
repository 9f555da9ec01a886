//! The files that a task reads: parameters of [`Kind::File`], and the hashes that pin them to a study.

use std::path::{Path, PathBuf};

use lrlab_core::{
    TaskSpec,
    registry::{Argument, Arguments, Kind, Parameter, RawArgument},
};

use super::{TaskEntry, TaskError, parameter::named};
use crate::data::find::{locate, sha256};

/// The parameter of every task that reads files: what they were when the study began.
pub(super) const SHA256: Parameter = Parameter {
    doc: "SHA-256 of each file, in the order of the parameters above; lrlab writes it when a study begins, and refuses a file that changed.",
    ..named("sha256", Kind::Texts, Some(""))
};

/// The files of a task, found; each under its parameter's name.
#[derive(Debug)]
pub(super) struct Files(Vec<(&'static str, PathBuf)>);

impl Files {
    /// The files that `args` name, or that `params` name by default.
    pub(super) fn find(params: &[Parameter], args: &Arguments) -> Result<Self, TaskError> {
        let mut files = Vec::new();
        for param in params.iter().filter(|param| param.kind == Kind::File) {
            let path = match args.get(param.name) {
                Some(Argument::Word(path)) => Some(path.as_str()),
                _ => param.default.filter(|path| !path.is_empty()),
            };
            if let Some(path) = path {
                files.push((param.name, locate(Path::new(path))?));
            }
        }
        Ok(Self(files))
    }

    /// The same, having made sure that each is what `sha256` among `args` says.
    ///
    /// # Errors
    /// A file that is nowhere, or that is another than the one that was pinned.
    pub(super) fn pinned(params: &[Parameter], args: &Arguments) -> Result<Self, TaskError> {
        let files = Self::find(params, args)?;
        let Some(Argument::Words(pins)) = args.get(SHA256.name) else { return Ok(files) };
        let found = files.hashes()?;
        if pins.len() != found.len() {
            let (expected, got) = (found.len(), pins.len());
            return Err(TaskError::Pins { expected, got });
        }
        for (((_, path), pin), found) in files.0.iter().zip(pins).zip(found) {
            if *pin != found {
                return Err(TaskError::Changed { path: path.clone(), pinned: pin.clone(), found });
            }
        }
        Ok(files)
    }

    /// Where the file of this parameter lies, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<&Path> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, path)| path.as_path())
    }

    fn hashes(&self) -> Result<Vec<String>, TaskError> {
        self.0.iter().map(|(_, path)| Ok(sha256(path)?)).collect()
    }
}

/// Whether a task reads files.
pub(super) fn reads_files(entry: &TaskEntry) -> bool {
    entry.params.iter().any(|param| param.kind == Kind::File)
}

/// `spec`, with the hashes of the files that `args`, which are its own, name.
pub(super) fn pin(entry: &TaskEntry, spec: &TaskSpec, args: &Arguments) -> Result<TaskSpec, TaskError> {
    let mut pins: Vec<RawArgument> =
        Files::find(entry.params, args)?.hashes()?.into_iter().map(RawArgument::Text).collect();
    let mut spec = spec.clone();
    if !pins.is_empty() {
        let value = if pins.len() == 1 { pins.remove(0) } else { RawArgument::List(pins) };
        spec.args.insert(SHA256.name.to_owned(), value);
    }
    Ok(spec)
}
