//! `cargo xtask docs`: files written from the registries: the pages of schedules and optimizers, and the Python
//! classes of the optimizers.
//!
//! What stands in them comes from programs of their own, which know the registries and draw; this chore stays
//! quick to build and only keeps each folder equal to what its program says.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use crate::{
    Result,
    tree::{Tree, cargo, workspace_root},
};

/// A folder with pages that a program writes.
struct Room {
    folder: &'static str,
    /// Whether nothing else stands in the folder.
    whole: bool,
    /// An example, built with the features of all default members, as `cargo test` builds them: nothing is
    /// built twice.
    program: &'static str,
}

const ROOMS: [Room; 3] = [
    Room { folder: "docs/schedules", whole: true, program: "schedule_pages" },
    Room { folder: "crates/lrlab-python/python/lrlab/torch/optim", whole: true, program: "torch_optimizers" },
    Room { folder: "docs", whole: false, program: "optimizer_page" },
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
    let mut wrong = 0;
    for room in &ROOMS {
        wrong += keep(room, &root, options)?;
    }
    match wrong {
        0 => Ok(()),
        count => Err(format!("{count} pages are not what they should be; run `cargo xtask docs`")),
    }
}

/// Writes the pages of a room, or tells how many of them would change.
fn keep(room: &Room, root: &Path, options: &Options) -> Result<usize> {
    let pages = pages(room, root)?;
    let changes = changes(room, &Tree::read(root)?, &pages)?;
    let folder = room.folder;
    for change in &changes {
        match change {
            Change::Add(name) => println!("missing  {folder}/{name}"),
            Change::Renew(name) => println!("differs  {folder}/{name}"),
            Change::Remove(name) => println!("stray    {folder}/{name}"),
        }
    }
    if options.check {
        return Ok(changes.len());
    }
    println!("{} pages in {folder}, {} of them changed", pages.len(), changes.len());
    write(&root.join(folder), &pages, &changes)?;
    Ok(0)
}

/// What the program of the pages prints.
fn pages(room: &Room, root: &Path) -> Result<Pages> {
    let output = cargo()
        .args(["run", "--quiet", "--example", room.program])
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot run cargo: {why}"))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", room.program, output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|why| format!("{} prints no JSON: {why}", room.program))
}

fn changes<'a>(room: &Room, tree: &Tree, pages: &'a Pages) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    let prefix = format!("{}/", room.folder);
    for (name, text) in pages {
        let file = format!("{prefix}{name}");
        if !tree.files.contains(&file) {
            changes.push(Change::Add(name));
        } else if tree.text(&file)?.as_ref() != Some(text) {
            changes.push(Change::Renew(name));
        }
    }
    if room.whole {
        let there = tree.files.iter().filter_map(|file| file.strip_prefix(&prefix));
        let stray = there.filter(|name| !pages.contains_key(*name));
        changes.extend(stray.map(|name| Change::Remove(name.to_owned())));
    }
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

    const SCHEDULES: &Room = &ROOMS[0];

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
            changes(SCHEDULES, &tree, &pages).unwrap(),
            [Change::Renew("linear.md"), Change::Add("step.md"), Change::Remove("gone.svg".to_owned())]
        );
    }

    #[test]
    fn after_writing_nothing_is_left_to_change() {
        let (folder, tree) = made_up(&[("docs/schedules/gone.svg", ""), ("docs/schedules/step.md", "old")]);
        let pages = wanted();
        write(&folder.path().join(SCHEDULES.folder), &pages, &changes(SCHEDULES, &tree, &pages).unwrap())
            .unwrap();
        assert_eq!(changes(SCHEDULES, &Tree::read(folder.path()).unwrap(), &pages).unwrap(), []);
        assert!(!folder.path().join(SCHEDULES.folder).join("gone.svg").exists());
    }

    #[test]
    fn what_others_wrote_in_a_shared_folder_is_let_be() {
        let (_folder, tree) =
            made_up(&[("docs/cosine.md", "a"), ("docs/linear.md", "b"), ("docs/other.md", "")]);
        assert_eq!(changes(&ROOMS[2], &tree, &wanted()).unwrap(), [Change::Add("step.md")]);
    }
}
