//! Where data files are looked for, and what tells one from another: its content.
//!
//! A study keeps a path as it was written and the SHA-256 of what it found there. So a file may move, into another
//! `--data-dir` or onto another machine, and is the same; one that changed is not, wherever it lies.

use std::{
    env,
    fmt::Write as _,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use sha2::{Digest, Sha256};

use super::read::ReadError;

/// The environment variable that names a folder of data files.
pub const VARIABLE: &str = "LRLAB_DATA_DIR";
/// Where packages of the system put data sets, as Debian's `dataset-fashion-mnist` does.
pub const SYSTEM: &str = "/usr/share/datasets";

/// What [`look_in`] said last.
static FOLDER: RwLock<Option<PathBuf>> = RwLock::new(None);

/// A file that is nowhere.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no file {}; looked for {}; name its folder with --data-dir or {VARIABLE}, or write its whole path{}",
    .path.display(),
    .looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
    package(.path)
)]
pub struct NotFound {
    /// As it was written.
    pub path: PathBuf,
    /// Everywhere it could have been.
    pub looked: Vec<PathBuf>,
}

/// Data sets that a package of Debian's puts where [`locate`] looks: the folder, and the package.
const PACKAGES: [(&str, &str); 1] = [("fashion-mnist", "dataset-fashion-mnist")];

/// How to install what is missing, if a package has it.
fn package(path: &Path) -> String {
    let known = PACKAGES.iter().find(|(folder, _)| path.starts_with(folder));
    known.map_or_else(String::new, |(_, package)| {
        format!("; on Debian, `apt-get install {package}` puts it there")
    })
}

/// From now on, relative paths that are not below the current folder are looked for in this one first, in
/// place of the folder that the environment names.
pub fn look_in(folder: Option<PathBuf>) {
    *FOLDER.write().unwrap_or_else(PoisonError::into_inner) = folder;
}

/// The file of this path: as it is written, then in the folder of [`look_in`] or else of [`VARIABLE`], then in the
/// system's. An absolute path is itself and nothing else.
///
/// # Errors
/// Everywhere that was looked, if it is nowhere.
pub fn locate(path: &Path) -> Result<PathBuf, NotFound> {
    let mut looked = vec![path.to_owned()];
    if path.is_relative() {
        let told = FOLDER.read().unwrap_or_else(PoisonError::into_inner).clone();
        let folder =
            told.or_else(|| env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from));
        looked.extend(folder.map(|folder| folder.join(path)));
        looked.push(Path::new(SYSTEM).join(path));
    }
    // Whatever lies there, a folder too, is opened: then the system says why it cannot be read.
    looked.iter().find(|path| path.exists()).cloned().ok_or(NotFound { path: path.to_owned(), looked })
}

/// The SHA-256 of a file as it lies there, in hexadecimal, as `sha256sum` prints it.
///
/// # Errors
/// A file that cannot be read.
pub fn sha256(path: &Path) -> Result<String, ReadError> {
    let failed = |source: io::Error| ReadError::Io { file: path.display().to_string(), source };
    let (mut file, mut hash, mut chunk) =
        (File::open(path).map_err(failed)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => hash.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let mut hex = String::new();
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_itself_then_below_the_folders() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("abc.csv"), "abc").unwrap();
        let nowhere = locate(Path::new("abc.csv")).unwrap_err();
        assert_eq!(nowhere.looked.first().unwrap(), Path::new("abc.csv"));
        assert!(nowhere.to_string().contains("--data-dir"), "{nowhere}");
        look_in(Some(folder.path().to_owned()));
        let found = locate(Path::new("abc.csv")).unwrap();
        look_in(None);
        assert_eq!(found, folder.path().join("abc.csv"));
        assert!(locate(&folder.path().join("other.csv")).unwrap_err().looked.len() == 1);
        // The test vector of FIPS 180-2.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&found).unwrap(), digest);
    }
}
