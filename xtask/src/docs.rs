//! `cargo xtask docs`: the pages of the schedules, written from the registries.
//!
//! What stands on them comes from a program of its own, which knows the registries and draws; this
//! chore stays quick to build and only keeps the folder equal to what that program says.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use crate::{
    Result,
    tree::{Tree, cargo, workspace_root},
};

const FOLDER: &str = "docs/schedules";
/// With the features of all default members, as `cargo test` builds them: nothing is built twice.
const PROGRAM: [&str; 2] = ["--example", "schedule_pages"];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Writes nothing, and fails where a page is not what it should be.
    #[arg(long)]
    check: bool,
}

/// The text of every file in the folder, by its name.
type Pages = BTreeMap<String, String>;

/// What has to be done with a file.
#[derive(Debug, PartialEq, Eq)]
enum Change<'a> {
    /// It is not there.
    Add(&'a str),
    /// It says something else.
    Renew(&'a str),
    /// Nothing is behind it.
    Remove(String),
}

/// Writes the pages, or tells which of them would change.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace_root()?;
    let pages = pages(&root)?;
    let changes = changes(&Tree::read(&root)?, &pages)?;
    for change in &changes {
        match change {
            Change::Add(name) => println!("missing  {FOLDER}/{name}"),
            Change::Renew(name) => println!("differs  {FOLDER}/{name}"),
            Change::Remove(name) => println!("stray    {FOLDER}/{name}"),
        }
    }
    if options.check {
        return match changes.len() {
            0 => Ok(()),
            count => Err(format!(
                "{count} files below {FOLDER} are not what they should be; run `cargo xtask docs`"
            )),
        };
    }
    println!("{} files below {FOLDER}, {} of them changed", pages.len(), changes.len());
    write(&root.join(FOLDER), &pages, &changes)
}

/// What the program of the pages prints.
fn pages(root: &Path) -> Result<Pages> {
    let output = cargo()
        .args(["run", "--quiet"])
        .args(PROGRAM)
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot run cargo: {why}"))?;
    if !output.status.success() {
        return Err(format!("the pages cannot be made: {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|why| format!("the pages are not JSON: {why}"))
}

fn changes<'a>(tree: &Tree, pages: &'a Pages) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    let prefix = format!("{FOLDER}/");
    for (name, text) in pages {
        let file = format!("{prefix}{name}");
        if !tree.files.contains(&file) {
            changes.push(Change::Add(name));
        } else if tree.text(&file)?.as_ref() != Some(text) {
            changes.push(Change::Renew(name));
        }
    }
    let there = tree.files.iter().filter_map(|file| file.strip_prefix(&prefix));
    changes
        .extend(there.filter(|name| !pages.contains_key(*name)).map(|name| Change::Remove(name.to_owned())));
    Ok(changes)
}

fn write(folder: &Path, pages: &Pages, changes: &[Change<'_>]) -> Result<()> {
    let cannot = |path: &Path, why: std::io::Error| format!("cannot write {}: {why}", path.display());
    fs::create_dir_all(folder).map_err(|why| cannot(folder, why))?;
    for change in changes {
        let (path, done) = match change {
            Change::Add(name) | Change::Renew(name) => {
                let path = folder.join(name);
                let done = fs::write(&path, &pages[*name]);
                (path, done)
            }
            Change::Remove(name) => {
                let path = folder.join(name);
                let done = fs::remove_file(&path);
                (path, done)
            }
        };
        done.map_err(|why| cannot(&path, why))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    fn wanted() -> Pages {
        [("cosine.md", "a"), ("linear.md", "b"), ("step.md", "c")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    }

    #[test]
    fn missing_changed_and_stray_files_are_found() {
        let (_folder, tree) = made_up(&[
            ("docs/schedules/cosine.md", "a"),
            ("docs/schedules/linear.md", "other"),
            ("docs/schedules/gone.svg", ""),
            ("docs/other.md", ""),
        ]);
        let pages = wanted();
        assert_eq!(
            changes(&tree, &pages).unwrap(),
            [Change::Renew("linear.md"), Change::Add("step.md"), Change::Remove("gone.svg".to_owned())]
        );
    }

    #[test]
    fn after_writing_nothing_is_left_to_change() {
        let (folder, tree) = made_up(&[("docs/schedules/gone.svg", ""), ("docs/schedules/step.md", "old")]);
        let pages = wanted();
        write(&folder.path().join(FOLDER), &pages, &changes(&tree, &pages).unwrap()).unwrap();
        assert_eq!(changes(&Tree::read(folder.path()).unwrap(), &pages).unwrap(), []);
        assert!(!folder.path().join(FOLDER).join("gone.svg").exists());
    }
}
