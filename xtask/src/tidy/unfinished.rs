//! Nothing is left half done: no placeholder code, no test that is skipped.

use super::{Check, Finding, numbered};
use crate::{Result, tree::Tree};

/// What to look for, and what to do instead. In pieces, so that this file passes its own check.
const MARKS: [(&str, &str); 3] = [
    (concat!("todo", "!"), "finish it, or return an error that says what is not supported"),
    (concat!("unimplemented", "!"), "finish it, or return an error that says what is not supported"),
    (concat!("#[", "ignore"), "make the test pass, or delete it"),
];

pub(super) static CHECK: Check = Check { name: "nothing unfinished", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.with_extension("rs") {
        let Some(text) = tree.text(file)? else { continue };
        for (number, line) in numbered(&text) {
            for (mark, remedy) in MARKS {
                if line.contains(mark) {
                    findings.push(Finding::new(format!("{file}:{number}"), format!("`{mark}`"), remedy));
                }
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    #[test]
    fn unfinished_work_is_found() {
        let text = MARKS.map(|(mark, _)| format!("    {mark}\n")).concat();
        let (_folder, tree) = made_up(&[("src/a.rs", &text)]);
        let places: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["src/a.rs:1", "src/a.rs:2", "src/a.rs:3"]);
    }

    #[test]
    fn finished_work_passes() {
        let text = "fn f() -> u8 { 1 }\n#[test]\nfn g() { assert!(f() == 1) }\n";
        let (_folder, tree) = made_up(&[("src/a.rs", text)]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
