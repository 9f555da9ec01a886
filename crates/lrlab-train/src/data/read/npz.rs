//! NumPy's `.npz`: a zip archive of `.npy` files, stored (`savez`) or deflated (`savez_compressed`).

use std::io::Read;

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{
    Array, Limits, Place, ReadError, Source, npy,
    source::{Opened, ReadSeek},
};

/// An archive whose arrays are read one at a time.
pub struct Archive {
    file: String,
    zip: ZipArchive<Box<dyn ReadSeek>>,
    names: Vec<String>,
    limits: Limits,
}

impl Archive {
    /// The archive in `source`.
    ///
    /// # Errors
    /// What is no zip archive, or holds no array.
    pub fn open(source: &Source, limits: &Limits) -> Result<Self, ReadError> {
        let file = source.name().to_owned();
        let zip = ZipArchive::new(source.seekable()?).map_err(|error| of_zip(&file, Place::Whole, error))?;
        let mut names = Vec::new();
        for name in zip.file_names() {
            let name = name.map_err(|error| of_zip(&file, Place::Whole, error))?;
            names.extend(name.strip_suffix(".npy").map(str::to_owned));
        }
        if names.is_empty() {
            return Err(ReadError::refused(&file, Place::Whole, "the archive holds no array (no .npy file)"));
        }
        Ok(Self { file, zip, names, limits: *limits })
    }

    /// Names of its arrays, as given to `numpy.savez`, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The array of that name.
    ///
    /// # Errors
    /// No such array, a compression that NumPy does not use, or what [`npy`] refuses.
    pub fn array(&mut self, name: &str) -> Result<Array, ReadError> {
        let (file, limits) = (self.file.clone(), self.limits);
        let place = || Place::Member(name.to_owned());
        if !self.names.iter().any(|known| known == name) {
            let known = self.names.join(", ");
            return Err(ReadError::refused(&file, place(), format!("is not there; there are {known}")));
        }
        let member =
            self.zip.by_name(&format!("{name}.npy")).map_err(|error| of_zip(&file, place(), error))?;
        if !matches!(member.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            let problem = format!("is compressed by {}, which NumPy does not write", member.compression());
            return Err(ReadError::refused(&file, place(), problem));
        }
        read(member, format!("{file}, array {name:?}"), &limits)
    }
}

fn read(member: impl Read, name: String, limits: &Limits) -> Result<Array, ReadError> {
    npy::read_content(&mut Opened::new(name, member, limits), limits)
}

fn of_zip(file: &str, place: Place, error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) => ReadError::of_io(file, 0, error),
        error => ReadError::refused(file, place, format!("is no archive that can be read: {error}")),
    }
}
