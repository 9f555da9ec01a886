//! Files stay small enough to be read in one go.

use super::{Check, Finding};
use crate::{Result, tree::Tree};

/// No file of Rust or Python is longer.
const LIMIT: usize = 600;

/// Nor is what stands before its tests.
const LIMIT_WITHOUT_TESTS: usize = 400;

pub(super) static CHECK: Check = Check { name: "file sizes", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.with_extension("rs").chain(tree.with_extension("py")) {
        let Some(text) = tree.text(file)? else { continue };
        let (lines, without_tests) = (text.lines().count(), lines_without_tests(file, &text));
        if lines > LIMIT {
            findings.push(Finding::new(
                file,
                format!("{lines} lines, the limit is {LIMIT}"),
                "split it into rooms named after what they hold",
            ));
        } else if without_tests > LIMIT_WITHOUT_TESTS {
            findings.push(Finding::new(
                file,
                format!("{without_tests} lines without its tests, the limit is {LIMIT_WITHOUT_TESTS}"),
                "split it into rooms named after what they hold",
            ));
        }
    }
    Ok(findings)
}

/// Lines before the test module at the end; 0 for a file that is a test, or makes goldens, as a whole.
fn lines_without_tests(file: &str, text: &str) -> usize {
    if file.split('/').any(|part| matches!(part, "tests" | "golden")) {
        return 0;
    }
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .rposition(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests {"))
        .unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    fn lines(count: usize) -> String {
        "//\n".repeat(count)
    }

    fn with_tests(code: usize, tests: usize) -> String {
        format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(code), lines(tests))
    }

    #[test]
    fn long_files_are_found() {
        let (_folder, tree) = made_up(&[
            ("src/long.rs", &lines(601)),
            ("src/much_code.rs", &with_tests(401, 10)),
            ("src/many_tests.rs", &with_tests(100, 500)),
            ("tests/long.rs", &lines(601)),
            ("python/long.py", &lines(401)),
            ("tests/test_long.py", &lines(600)),
        ]);
        let places: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.place).collect();
        let long =
            ["src/long.rs", "src/many_tests.rs", "src/much_code.rs", "tests/long.rs", "python/long.py"];
        assert_eq!(places, long);
    }

    #[test]
    fn files_at_the_limit_pass() {
        let (_folder, tree) = made_up(&[
            ("src/code.rs", &lines(400)),
            ("src/code_and_tests.rs", &with_tests(400, 197)),
            ("tests/whole.rs", &lines(600)),
            ("page.js", &lines(1000)),
        ]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
