//! `cargo xtask docs`: files written from the registries: the pages of the schedules, and the Python classes
//! of the optimizers.
//!
//! What stands in them comes from programs of their own, which know the registries and draw; this chore stays
//! quick to build and only keeps each folder equal to what its program says.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use crate::{
    Result,
    tree::{Tree, cargo, workspace_root},
};

/// Folders, with the examples that print what stands in them.
const WRITTEN: [(&str, &str); 2] = [
    ("docs/schedules", "schedule_pages"),
    ("crates/lrlab-python/python/lrlab/torch/optim", "torch_optimizers"),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Writes nothing, and fails where a file is not what it should be.
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

/// Writes the files, or tells which of them would change.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace_root()?;
    let tree = Tree::read(&root)?;
    let mut wrong = 0;
    for (folder, program) in WRITTEN {
        let pages = pages(&root, program)?;
        let changes = changes(&tree, folder, &pages)?;
        for change in &changes {
            match change {
                Change::Add(name) => println!("missing  {folder}/{name}"),
                Change::Renew(name) => println!("differs  {folder}/{name}"),
                Change::Remove(name) => println!("stray    {folder}/{name}"),
            }
        }
        wrong += changes.len();
        if !options.check {
            println!("{} files below {folder}, {} of them changed", pages.len(), changes.len());
            write(&root.join(folder), &pages, &changes)?;
        }
    }
    if options.check && wrong > 0 {
        return Err(format!("{wrong} files are not what they should be; run `cargo xtask docs`"));
    }
    Ok(())
}

/// What an example prints.
fn pages(root: &Path, program: &str) -> Result<Pages> {
    // With the features of all default members, as `cargo test` builds them: nothing is built twice.
    let output = cargo()
        .args(["run", "--quiet", "--example", program])
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot run cargo: {why}"))?;
    if !output.status.success() {
        return Err(format!("{program} ended with {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|why| format!("{program} prints no JSON: {why}"))
}

fn changes<'a>(tree: &Tree, folder: &str, pages: &'a Pages) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    let prefix = format!("{folder}/");
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

    const FOLDER: &str = "docs/schedules";

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
            changes(&tree, FOLDER, &pages).unwrap(),
            [Change::Renew("linear.md"), Change::Add("step.md"), Change::Remove("gone.svg".to_owned())]
        );
    }

    #[test]
    fn after_writing_nothing_is_left_to_change() {
        let (folder, tree) = made_up(&[("docs/schedules/gone.svg", ""), ("docs/schedules/step.md", "old")]);
        let pages = wanted();
        write(&folder.path().join(FOLDER), &pages, &changes(&tree, FOLDER, &pages).unwrap()).unwrap();
        assert_eq!(changes(&Tree::read(folder.path()).unwrap(), FOLDER, &pages).unwrap(), []);
        assert!(!folder.path().join(FOLDER).join("gone.svg").exists());
    }
}
