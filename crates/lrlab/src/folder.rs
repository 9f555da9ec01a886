//! A fresh folder for each run.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use lrlab_train::TrainError;

/// Where runs go unless `--out` says otherwise.
const HOME: &str = "lrlab-runs";

/// The folder of this run: `out`, or a new `lrlab-runs/NAME-1`, `-2`... that no other run has.
///
/// # Errors
/// A folder that cannot be made.
pub fn fresh(out: Option<&Path>, name: &str) -> Result<PathBuf, TrainError> {
    if let Some(out) = out {
        return Ok(out.to_owned());
    }
    let home = Path::new(HOME);
    let refuse = |path: &Path, source| TrainError::Io { path: path.to_owned(), source };
    fs::create_dir_all(home).map_err(|error| refuse(home, error))?;
    for number in 1_u32.. {
        let path = home.join(format!("{name}-{number}"));
        // Making the folder is what claims its number, so two runs at once get two folders.
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refuse(&path, error)),
        }
    }
    unreachable!("four thousand million folders of one name")
}
