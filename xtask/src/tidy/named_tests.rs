//! A document that says which test holds a claim names a test that is there.

use super::{Check, Finding, numbered};
use crate::{Result, tree::Tree};

pub(super) static CHECK: Check = Check { name: "tests named in documents", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for document in tree.with_extension("md") {
        let Some(text) = tree.text(document)? else { continue };
        for (number, line) in numbered(&text) {
            for (file, test) in line.split('`').skip(1).step_by(2).filter_map(named_test) {
                if !is_there(tree, file, test)? {
                    findings.push(Finding::new(
                        format!("{document}:{number}"),
                        format!("there is no test `{test}` in {file}"),
                        "name the test that holds it now, or write it",
                    ));
                }
            }
        }
    }
    Ok(findings)
}

/// `folder/file.rs::name_of_the_test`, taken apart.
fn named_test(code: &str) -> Option<(&str, &str)> {
    let (file, test) = code.split_once(".rs::")?;
    let is_name = !test.is_empty() && test.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then_some((&code[..file.len() + ".rs".len()], test))
}

fn is_there(tree: &Tree, file: &str, test: &str) -> Result<bool> {
    if !tree.files.iter().any(|known| known == file) {
        return Ok(false);
    }
    Ok(tree.text(file)?.is_some_and(|text| text.contains(&format!("fn {test}("))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    const TESTS: (&str, &str) = ("tests/a.rs", "#[test]\nfn holds() {}\n");

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let text = "`tests/a.rs::held`\nand `tests/b.rs::holds`\n";
        let (_folder, tree) = made_up(&[TESTS, ("ARCHITECTURE.md", text)]);
        let places: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["ARCHITECTURE.md:1", "ARCHITECTURE.md:2"]);
    }

    #[test]
    fn a_test_that_is_there_passes() {
        let text = "`tests/a.rs::holds`, `a.rs`, `std::fs`\n";
        let (_folder, tree) = made_up(&[TESTS, ("ARCHITECTURE.md", text)]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
