//! What stands in a room of a registry stands in the registry too: once, under a name of its own.

use super::{Check, Finding};
use crate::{Result, tree::Tree};

/// A folder whose files each hold an entry of one registry.
struct Room {
    /// The folder.
    folder: &'static str,
    /// The file with the registry, inside the folder.
    registry: &'static str,
    /// The registry's slice.
    slice: &'static str,
    /// The type of an entry.
    entry: &'static str,
    /// The field that no two entries may have alike.
    key: &'static str,
}

static ROOMS: &[Room] = &[
    Room {
        folder: "crates/lrlab-core/src/schedule",
        registry: "registry.rs",
        slice: "SCHEDULES",
        entry: "Entry",
        key: "name",
    },
    Room {
        folder: "crates/lrlab-core/src/optimizer",
        registry: "registry.rs",
        slice: "OPTIMIZERS",
        entry: "OptimizerEntry",
        key: "name",
    },
    Room {
        folder: "crates/lrlab-core/src/signal",
        registry: "registry.rs",
        slice: "SIGNALS",
        entry: "SignalEntry",
        key: "name",
    },
    Room {
        folder: "crates/lrlab-train/src/task",
        registry: "registry.rs",
        slice: "TASKS",
        entry: "TaskEntry",
        key: "name",
    },
    Room {
        folder: "crates/lrlab-train/src/suite",
        registry: "registry.rs",
        slice: "SUITE",
        entry: "Problem",
        key: "name",
    },
    Room {
        folder: "crates/lrlab-analysis/src/diagnose",
        registry: "mod.rs",
        slice: "DIAGNOSES",
        entry: "Diagnosis",
        key: "word",
    },
    Room {
        folder: "crates/lrlab-analysis/src/lint",
        registry: "mod.rs",
        slice: "LINTS",
        entry: "Lint",
        key: "code",
    },
    Room {
        folder: "crates/lrlab-analysis/src/finder",
        registry: "mod.rs",
        slice: "FINDERS",
        entry: "Finder",
        key: "name",
    },
    Room {
        folder: "crates/lrlab-analysis/src/compare/fairness",
        registry: "mod.rs",
        slice: "FAIRNESS",
        entry: "Fairness",
        key: "code",
    },
    Room {
        folder: "crates/lrlab-analysis/src/report",
        registry: "mod.rs",
        slice: "REPORTS",
        entry: "Format",
        key: "name",
    },
];

pub(super) static CHECK: Check = Check { name: "registries", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for room in ROOMS {
        findings.extend(room.check(tree)?);
    }
    Ok(findings)
}

/// An entry as it stands in its file.
struct Found<'a> {
    file: &'a str,
    /// The module that holds it.
    module: &'a str,
    /// The static's name.
    name: String,
    /// The value of the field that must be its own.
    key: Option<String>,
}

impl Room {
    fn check(&self, tree: &Tree) -> Result<Vec<Finding>> {
        let registry = format!("{}/{}", self.folder, self.registry);
        let text = if tree.contains(&registry) { tree.text(&registry)? } else { None };
        let Some((text, slice)) = text.as_deref().and_then(|text| Some((text, self.slice_of(text)?))) else {
            return Ok(vec![Finding::new(
                registry,
                format!("no `pub static {}` here", self.slice),
                "put the registry back, or change the table in xtask/src/tidy/registries.rs",
            )]);
        };
        let found = self.entries(tree)?;
        let mut findings: Vec<Finding> = Vec::new();
        for entry in found.iter().filter(|entry| !entry.is_listed(text, slice)) {
            findings.push(Finding::new(
                entry.file,
                format!("`{}` is not listed in {}", entry.name, self.slice),
                format!("add its line to {} in {registry}", self.slice),
            ));
        }
        let listed = slice.matches('&').count();
        if findings.is_empty() && listed != found.len() {
            findings.push(Finding::new(
                &registry,
                format!(
                    "{} lists {listed} entries, the files of {} hold {}",
                    self.slice,
                    self.folder,
                    found.len()
                ),
                format!("list each `static NAME: {}` once", self.entry),
            ));
        }
        for (index, entry) in found.iter().enumerate() {
            let Some(key) = &entry.key else {
                findings.push(Finding::new(
                    entry.file,
                    format!("`{}` does not begin with its {}", entry.name, self.key),
                    format!("write `{}: ...` as its first field", self.key),
                ));
                continue;
            };
            if let Some(other) = found[..index].iter().find(|other| other.key.as_ref() == Some(key)) {
                findings.push(Finding::new(
                    entry.file,
                    format!("{} {key} is taken by {}", self.key, other.file),
                    "give each entry one of its own",
                ));
            }
        }
        Ok(findings)
    }

    /// The text of the slice, from behind its type to its end.
    fn slice_of<'a>(&self, text: &'a str) -> Option<&'a str> {
        let start = text.find(&format!("pub static {}:", self.slice))?;
        let (_, after) = text[start..].split_once('=')?;
        Some(&after[after.find('[')?..after.find(';')?])
    }

    fn entries<'a>(&self, tree: &'a Tree) -> Result<Vec<Found<'a>>> {
        let mut found = Vec::new();
        let inside = format!("{}/", self.folder);
        for file in tree.with_extension("rs").filter(|file| file.starts_with(&inside)) {
            let Some(text) = tree.text(file)? else { continue };
            let lines: Vec<&str> = text.lines().collect();
            for (index, line) in lines.iter().enumerate() {
                let Some(name) = self.static_name(line) else { continue };
                let field = format!("{}: ", self.key);
                let key = lines.get(index + 1).and_then(|next| next.trim().strip_prefix(&field));
                found.push(Found {
                    file,
                    module: module_of(file),
                    name: name.to_owned(),
                    key: key.map(|value| value.trim_end_matches(',').to_lowercase().replace('-', "_")),
                });
            }
        }
        Ok(found)
    }

    /// The name of the static that begins on `line`, if it is an entry.
    fn static_name<'a>(&self, line: &'a str) -> Option<&'a str> {
        let (before, value) = line.split_once('=')?;
        let (before, kind) = before.rsplit_once(':')?;
        let (_, name) = before.split_once("static ")?;
        let opens = kind.trim() == self.entry && value.trim() == format!("{} {{", self.entry);
        opens.then_some(name.trim())
    }
}

impl Found<'_> {
    /// Whether the slice lists it, by its path or by a name that the registry imports from its
    /// module.
    fn is_listed(&self, registry: &str, slice: &str) -> bool {
        let path = format!("{}::{}", self.module, self.name);
        let lists = |name: &str| {
            slice
                .split(|c: char| !(is_word(c) || c == ':'))
                .any(|word| word.strip_prefix("super::").unwrap_or(word) == name)
        };
        lists(&path) || (lists(&self.name) && registry.contains(&path))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The module of a file: its name, or its folder's for a `mod.rs`.
fn module_of(file: &str) -> &str {
    let path = file.strip_suffix("/mod.rs").or_else(|| file.strip_suffix(".rs")).unwrap_or(file);
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    const ROOM: Room =
        Room { folder: "src/thing", registry: "registry.rs", slice: "THINGS", entry: "Entry", key: "name" };

    fn entry(name: &str, key: &str) -> String {
        format!("pub(super) static {name}: Entry = Entry {{\n    name: \"{key}\",\n}};\n")
    }

    fn findings(registry: &str, files: &[(&str, String)]) -> Vec<String> {
        let mut all = vec![("src/thing/registry.rs", registry)];
        all.extend(files.iter().map(|(name, text)| (*name, text.as_str())));
        let (_folder, tree) = made_up(&all);
        ROOM.check(&tree).unwrap().into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn an_entry_that_is_not_listed_is_found() {
        let files = [("src/thing/a.rs", entry("A", "a")), ("src/thing/b.rs", entry("B", "b"))];
        let listed = "use super::a::A;\npub static THINGS: &[&Entry] = &[&A];\n";
        assert_eq!(findings(listed, &files), ["`B` is not listed in THINGS"]);
    }

    #[test]
    fn entries_of_one_name_need_their_module_in_the_slice() {
        let files = [("src/thing/a.rs", entry("ENTRY", "a")), ("src/thing/b.rs", entry("ENTRY", "b"))];
        let listed = "pub static THINGS: &[&Entry] = &[&a::ENTRY];\n";
        assert_eq!(findings(listed, &files), ["`ENTRY` is not listed in THINGS"]);
    }

    #[test]
    fn a_name_that_is_taken_and_an_entry_listed_twice_are_found() {
        let files = [
            ("src/thing/a.rs", entry("ENTRY", "same-name")),
            ("src/thing/b.rs", entry("ENTRY", "same_name")),
        ];
        let listed = "pub static THINGS: &[&Entry] = &[&a::ENTRY, &b::ENTRY, &b::ENTRY];\n";
        let found = findings(listed, &files);
        assert!(found[0].contains("lists 3 entries"), "{found:?}");
        assert!(found[1].contains("is taken by src/thing/a.rs"), "{found:?}");
    }

    #[test]
    fn a_registry_that_is_gone_is_found() {
        assert_eq!(findings("", &[]), ["no `pub static THINGS` here"]);
    }

    #[test]
    fn listed_entries_with_their_own_names_pass() {
        let files = [("src/thing/a.rs", entry("A", "a")), ("src/thing/b/mod.rs", entry("ENTRY", "b"))];
        let listed = "use super::{a::A};\n\npub static THINGS: &[&Entry] =\n    &[&A, &b::ENTRY];\n";
        assert_eq!(findings(listed, &files), [""; 0]);
    }
}
