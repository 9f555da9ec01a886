//! `cargo xtask golden`: the numbers that tests compare with, made again by the committed script.

use std::{path::Path, process::Command};

use crate::{Result, tree};

const SCRIPT: &str = "golden/pytorch/make_goldens.py";

/// Runs the script that writes the golden files.
pub(crate) fn run(python: &Path, names: &[String]) -> Result<()> {
    let root = tree::workspace_root()?;
    let status = Command::new(tree::program(python)?)
        .arg(root.join(SCRIPT))
        .args(names)
        .current_dir(&root)
        .status()
        .map_err(|why| format!("cannot run {}: {why}", python.display()))?;
    if status.success() { Ok(()) } else { Err(format!("{SCRIPT} ended with {status}")) }
}
