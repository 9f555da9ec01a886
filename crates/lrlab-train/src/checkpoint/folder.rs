//! A checkpoint's folder: written beside its place and then moved there, so that it is there whole or
//! not at all.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    CheckpointError,
    manifest::{Identity, LogMark, Manifest},
    stamp::{Stamp, StampedFile, open_stamped},
    tensors::{Tensor, TensorFile, TensorWriter},
};

/// What the name of a folder ends in that is still written.
const DRAFT: &str = ".draft";

/// A checkpoint that is being written. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Draft {
    place: PathBuf,
    beside: PathBuf,
    files: BTreeMap<String, Stamp>,
}

impl Draft {
    /// Begins the checkpoint that is to be `place`, a folder that is not there yet. What a kill left of an
    /// earlier attempt is removed.
    pub(crate) fn begin(place: &Path) -> Result<Self, CheckpointError> {
        if place.symlink_metadata().is_ok() {
            return Err(CheckpointError::Occupied { path: place.to_owned() });
        }
        let mut name = place.file_name().map(OsString::from).unwrap_or_default();
        name.push(DRAFT);
        let draft = place.with_file_name(name);
        let begin = || {
            fs::create_dir_all(parent(place))?;
            remove(&draft)?;
            fs::create_dir(&draft)
        };
        begin().map_err(|source| CheckpointError::Unwritable { path: place.to_owned(), source })?;
        Ok(Self { place: place.to_owned(), beside: draft, files: BTreeMap::new() })
    }

    /// Writes a file of `tensors`, whose numbers `fill` has to push in that order.
    pub(crate) fn tensors(
        &mut self,
        name: &str,
        tensors: &[Tensor],
        fill: impl FnOnce(&mut TensorWriter),
    ) -> Result<(), CheckpointError> {
        let path = self.beside.join(name);
        let write = || {
            let mut writer = TensorWriter::create(&path, tensors)?;
            fill(&mut writer);
            writer.finish()
        };
        let stamp = write().map_err(|source| self.unwritable(name, source))?;
        self.files.insert(name.to_owned(), stamp);
        Ok(())
    }

    /// Writes a file of JSON.
    pub(crate) fn json(&mut self, name: &str, value: &impl Serialize) -> Result<(), CheckpointError> {
        let write = || {
            let mut file = StampedFile::create(&self.beside.join(name))?;
            file.write(&serde_json::to_vec(value)?)?;
            file.finish()
        };
        let stamp = write().map_err(|source| self.unwritable(name, source))?;
        self.files.insert(name.to_owned(), stamp);
        Ok(())
    }

    /// Writes the manifest and moves the checkpoint to its place; returns once the disk has it there.
    pub(crate) fn finish(
        mut self,
        identity: Identity,
        t: u64,
        log: Option<LogMark>,
    ) -> Result<(), CheckpointError> {
        let files = std::mem::take(&mut self.files);
        let finish = || {
            Manifest::new(identity, t, files, log).write(&self.beside)?;
            sync_folder(&self.beside)?;
            fs::rename(&self.beside, &self.place)?;
            sync_folder(parent(&self.place))
        };
        finish().map_err(|source| CheckpointError::Unwritable { path: self.place.clone(), source })
    }

    fn unwritable(&self, name: &str, source: io::Error) -> CheckpointError {
        CheckpointError::Unwritable { path: self.place.join(name), source }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the move there is none; and what cannot be removed now is removed by the next attempt.
        let _ = remove(&self.beside);
    }
}

/// Whether a folder of this name is one that a kill left behind.
pub(super) fn is_draft(name: &str) -> bool {
    name.ends_with(DRAFT)
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Has the names in a folder on the disk; Windows has no such call, and keeps them by itself.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A checkpoint on disk whose manifest is whole.
#[derive(Debug)]
pub(crate) struct Saved {
    path: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Saved {
    /// Reads the manifest of the checkpoint in `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, CheckpointError> {
        Ok(Self { path: folder.to_owned(), manifest: Manifest::read(folder)? })
    }

    /// Refuses the checkpoint of another trial.
    pub(crate) fn check(&self, here: &Identity) -> Result<(), CheckpointError> {
        self.refuse(self.manifest.identity.differences(here))
    }

    /// Refuses it where there are differences.
    pub(crate) fn refuse(&self, differences: Vec<super::Difference>) -> Result<(), CheckpointError> {
        if differences.is_empty() {
            return Ok(());
        }
        Err(CheckpointError::Different { path: self.path.clone(), differences })
    }

    /// That the state does not fit, and why.
    pub(crate) fn misfit(&self, why: impl Into<String>) -> CheckpointError {
        CheckpointError::Misfit { path: self.path.clone(), why: why.into() }
    }

    /// Reads one of its files of tensors.
    pub(crate) fn tensors(&self, name: &str) -> Result<TensorFile, CheckpointError> {
        TensorFile::open(&self.path.join(name), self.stamp(name)?)
    }

    /// Reads one of its files of JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, CheckpointError> {
        let path = self.path.join(name);
        let file = open_stamped(&path, self.stamp(name)?)?;
        serde_json::from_reader(BufReader::new(file))
            .map_err(|why| CheckpointError::Damaged { path, why: why.to_string() })
    }

    fn stamp(&self, name: &str) -> Result<Stamp, CheckpointError> {
        self.manifest.files.get(name).copied().ok_or_else(|| CheckpointError::Damaged {
            path: self.path.clone(),
            why: format!("its manifest names no {name}"),
        })
    }
}
