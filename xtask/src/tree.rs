//! The files of the project.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Result;

/// Folders that hold no file of the project.
const NOT_OURS: [&str; 6] = [".git", ".venv", "__pycache__", "lrlab-runs", "node_modules", "target"];

/// Files of the project below a root folder.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The root folder.
    pub(crate) root: PathBuf,
    /// Paths from the root with `/` between their parts, in order.
    pub(crate) files: Vec<String>,
}

impl Tree {
    /// What git tracks below `root` or would track; everything but build output where there is no
    /// git.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        if let Some(tracked) = git_files(root) {
            files = tracked;
        } else {
            walk(root, "", &mut files)
                .map_err(|why| format!("cannot list the files below {}: {why}", root.display()))?;
        }
        files.sort();
        files.dedup();
        Ok(Self { root: root.to_owned(), files })
    }

    /// The files whose names end with `.extension`.
    pub(crate) fn with_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.files.iter().map(String::as_str).filter(move |file| {
            Path::new(file).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
        })
    }

    /// The text of a file; `None` if it is not text.
    pub(crate) fn text(&self, file: &str) -> Result<Option<String>> {
        let bytes = fs::read(self.root.join(file)).map_err(|why| format!("cannot read {file}: {why}"))?;
        Ok(String::from_utf8(bytes).ok())
    }

    /// Whether there is such a file, or a folder with files in it.
    pub(crate) fn contains(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty() || self.files.iter().any(|file| file == path || file.starts_with(&folder))
    }
}

fn git_files(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = String::from_utf8(listed.stdout).ok()?;
    // A file that was deleted but is still in the index is not there to be read.
    let there = |name: &&str| !name.is_empty() && root.join(name).is_file();
    Some(names.split('\0').filter(there).map(str::to_owned).collect())
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Cargo, as the one that runs this chore.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn workspace_root() -> Result<PathBuf> {
    let output = cargo()
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .map_err(|why| format!("cannot run cargo: {why}"))?;
    let manifest = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    match manifest.parent() {
        Some(root) if output.status.success() => Ok(root.to_owned()),
        _ => Err(format!("cannot find the workspace: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// A program named on the command line, as it is found from any folder.
pub(crate) fn program(path: &Path) -> Result<PathBuf> {
    if path.components().count() == 1 {
        return Ok(path.to_owned());
    }
    // Not canonicalized: a Python of a virtual environment knows itself by the link's name.
    std::path::absolute(path).map_err(|why| format!("cannot find {}: {why}", path.display()))
}

/// A folder with the given files in it, for tests.
#[cfg(test)]
pub(crate) fn made_up(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let tree = Tree::read(folder.path()).unwrap();
    (folder, tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_is_no_file_of_the_project() {
        let (_folder, tree) = made_up(&[("a/b.rs", ""), ("target/debug/c.rs", ""), ("d.md", "")]);
        assert_eq!(tree.files, ["a/b.rs", "d.md"]);
        assert_eq!(tree.with_extension("rs").collect::<Vec<_>>(), ["a/b.rs"]);
        assert!(tree.contains("a") && tree.contains("a/") && tree.contains("d.md") && !tree.contains("a/b"));
    }

    #[test]
    fn what_git_ignores_is_no_file_of_the_project() {
        let (folder, _) = made_up(&[(".gitignore", "*.log\n"), ("kept.rs", ""), ("noise.log", "")]);
        let git = |arguments: &[&str]| {
            Command::new("git").args(arguments).current_dir(folder.path()).output().unwrap()
        };
        assert!(git(&["init", "--quiet"]).status.success());
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.files, [".gitignore", "kept.rs"]);
    }

    #[test]
    fn a_file_that_is_not_text_has_none() {
        let (folder, tree) = made_up(&[("a.bin", "")]);
        fs::write(folder.path().join("a.bin"), [0xff, 0xfe, 0x00]).unwrap();
        assert_eq!(tree.text("a.bin").unwrap(), None);
    }
}
