//! Files and folders are named after what they hold.

use super::{Check, Finding};
use crate::{Result, tree::Tree};

/// Names that say nothing of what is inside.
const FORBIDDEN: [&str; 8] = ["base", "common", "helper", "helpers", "manager", "misc", "util", "utils"];

pub(super) static CHECK: Check = Check { name: "file names", run };

#[expect(clippy::unnecessary_wraps, reason = "every check is of one type")]
fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let findings = tree.files.iter().filter_map(|file| {
        let name = file.split('/').map(stem).find(|name| FORBIDDEN.contains(&name.as_str()))?;
        Some(Finding::new(
            file,
            format!("`{name}` says nothing of what is inside"),
            "name it after what it holds, or move its parts to where they are used",
        ))
    });
    Ok(findings.collect())
}

/// A part of a path up to its first dot, in lower case.
fn stem(part: &str) -> String {
    part.split('.').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    #[test]
    fn names_that_say_nothing_are_found() {
        let (_folder, tree) = made_up(&[
            ("crates/a/src/utils.rs", ""),
            ("crates/a/tests/common/mod.rs", ""),
            ("docs/Misc.md", ""),
            ("page/base.html", ""),
        ]);
        assert_eq!(run(&tree).unwrap().len(), 4);
    }

    #[test]
    fn names_that_say_something_pass() {
        let (_folder, tree) =
            made_up(&[("src/baseline.rs", ""), ("src/bases/mod.rs", ""), (".gitignore", "")]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
