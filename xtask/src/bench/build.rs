//! Builds: the binary that is measured, and a clean build that is measured itself.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;

use super::{
    figure::{Bound, Figure},
    process::timed,
};
use crate::{Result, tree::cargo};

/// What a clean release build takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clean {
    /// Wall time.
    pub(super) seconds: f64,
    /// Crates that were compiled.
    pub(super) crates: usize,
}

impl Clean {
    /// Its lines in the table.
    pub(super) fn figures(&self) -> [Figure; 2] {
        [
            Figure::new("clean release build", "s", Some(self.seconds)).wanted(Some(Bound::AtMost(300.0))),
            Figure::new("crates in it", "", Some(self.crates as f64)),
        ]
    }
}

/// Builds the `lrlab` binary and tells where it lies.
pub(super) fn release_binary(root: &Path) -> Result<PathBuf> {
    eprintln!("building lrlab ...");
    let messages = build(root, &["--package", "lrlab"], None)?;
    binary(&messages).ok_or_else(|| "cargo built no binary called lrlab".to_owned())
}

/// Times `cargo build --release` into a folder that holds nothing yet.
pub(super) fn clean(root: &Path) -> Result<Clean> {
    eprintln!("timing a clean release build ...");
    let folder = tempfile::tempdir().map_err(|why| format!("cannot make a folder: {why}"))?;
    let (messages, wall) = timed(|| build(root, &[], Some(folder.path().as_os_str())))?;
    Ok(Clean { seconds: wall.as_secs_f64(), crates: crates(&messages) })
}

fn build(root: &Path, packages: &[&str], target: Option<&OsStr>) -> Result<Vec<Value>> {
    let mut command = cargo();
    command
        .args(["build", "--release", "--quiet", "--message-format", "json"])
        .args(packages)
        .current_dir(root);
    if let Some(target) = target {
        command.env("CARGO_TARGET_DIR", target);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot run cargo: {why}"))?;
    if !output.status.success() {
        return Err(format!("cargo build ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn artifacts(messages: &[Value]) -> impl Iterator<Item = &Value> {
    messages.iter().filter(|message| message["reason"] == "compiler-artifact")
}

fn binary(messages: &[Value]) -> Option<PathBuf> {
    artifacts(messages)
        .filter(|artifact| artifact["target"]["name"] == "lrlab")
        .find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
}

fn crates(messages: &[Value]) -> usize {
    artifacts(messages).filter_map(|artifact| artifact["package_id"].as_str()).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_build_has_a_bound() {
        let missed = |seconds: f64| Clean { seconds, crates: 300 }.figures().map(|figure| figure.is_missed());
        assert_eq!((missed(301.0), missed(300.0)), ([true, false], [false, false]));
    }

    #[test]
    fn cargo_tells_binary_and_crates() {
        let messages = [
            json!({ "reason": "compiler-artifact", "package_id": "a 1", "target": { "name": "build-script-build" } }),
            json!({ "reason": "compiler-artifact", "package_id": "a 1", "target": { "name": "a" } }),
            json!({ "reason": "compiler-artifact", "package_id": "lrlab 1", "target": { "name": "lrlab" },
                    "executable": null }),
            json!({ "reason": "compiler-artifact", "package_id": "lrlab 1", "target": { "name": "lrlab" },
                    "executable": "target/release/lrlab" }),
            json!({ "reason": "build-finished", "success": true }),
        ];
        assert_eq!(binary(&messages), Some(PathBuf::from("target/release/lrlab")));
        assert_eq!(crates(&messages), 2);
    }
}
