//! `cargo xtask tidy`: rules of the project that the compiler does not know.
//!
//! Each check lives in a file of its own and is listed once in [`CHECKS`].

mod dependencies;
mod file_names;
mod file_sizes;
mod links;
mod named_tests;
mod places;
mod registries;
mod unfinished;

use std::fmt;

use crate::{
    Result,
    tree::{Tree, workspace_root},
};

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// Which file, with the line where there is one.
    place: String,
    /// What is wrong there.
    what: String,
    /// What to do about it.
    remedy: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.what, self.remedy)
    }
}

/// One rule.
struct Check {
    /// What it looks at, in a few words.
    name: &'static str,
    /// Everything that breaks it.
    run: fn(&Tree) -> Result<Vec<Finding>>,
}

static CHECKS: &[&Check] = &[
    &dependencies::CHECK,
    &file_sizes::CHECK,
    &file_names::CHECK,
    &registries::CHECK,
    &places::CHECK,
    &links::CHECK,
    &named_tests::CHECK,
    &unfinished::CHECK,
];

/// Runs every check on the workspace and tells all that was found.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&workspace_root()?)?;
    let mut total = 0;
    for check in CHECKS {
        let findings = (check.run)(&tree)?;
        if findings.is_empty() {
            println!("ok      {}", check.name);
        } else {
            println!("FAILED  {}", check.name);
        }
        for finding in &findings {
            println!("  {finding}");
        }
        total += findings.len();
    }
    match total {
        0 => Ok(()),
        1 => Err("tidy found one thing to put right".to_owned()),
        _ => Err(format!("tidy found {total} things to put right")),
    }
}

/// The lines of a text, numbered from 1.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own() {
        for check in CHECKS {
            assert_eq!(CHECKS.iter().filter(|other| other.name == check.name).count(), 1, "{}", check.name);
        }
    }

    #[test]
    fn a_finding_tells_place_fault_and_remedy() {
        let finding = Finding::new("a.rs:3", "is too long", "split it");
        assert_eq!(finding.to_string(), "a.rs:3: is too long\n    split it");
    }
}
