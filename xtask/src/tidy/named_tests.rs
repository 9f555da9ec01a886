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

/// What ends a file of tests, and what begins a test in it.
const LANGUAGES: [(&str, &str); 2] = [(".rs", "fn"), (".py", "def")];

/// `folder/file.rs::name_of_the_test`, or the same of a `.py`, taken apart.
fn named_test(code: &str) -> Option<(&str, &str)> {
    let (file, test) = code.split_once("::")?;
    let is_name = !test.is_empty() && test.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && keyword(file).is_some()).then_some((file, test))
}

fn keyword(file: &str) -> Option<&'static str> {
    LANGUAGES.iter().find(|(ending, _)| file.ends_with(ending)).map(|(_, keyword)| *keyword)
}

fn is_there(tree: &Tree, file: &str, test: &str) -> Result<bool> {
    if !tree.files.iter().any(|known| known == file) {
        return Ok(false);
    }
    let Some(keyword) = keyword(file) else { return Ok(false) };
    Ok(tree.text(file)?.is_some_and(|text| text.contains(&format!("{keyword} {test}("))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    const TESTS: (&str, &str) = ("tests/a.rs", "#[test]\nfn holds() {}\n");
    const PYTHON: (&str, &str) = ("tests/test_a.py", "def test_holds() -> None: ...\n");

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let text = "`tests/a.rs::held`\nand `tests/b.rs::holds`\n`tests/test_a.py::holds`\n";
        let (_folder, tree) = made_up(&[TESTS, PYTHON, ("ARCHITECTURE.md", text)]);
        let places: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["ARCHITECTURE.md:1", "ARCHITECTURE.md:2", "ARCHITECTURE.md:3"]);
    }

    #[test]
    fn a_test_that_is_there_passes() {
        let text = "`tests/a.rs::holds`, `a.rs`, `std::fs`, `tests/test_a.py::test_holds`\n";
        let (_folder, tree) = made_up(&[TESTS, PYTHON, ("ARCHITECTURE.md", text)]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
