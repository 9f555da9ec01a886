//! Every relative link in a Markdown file leads to a file of the project.

use super::{Check, Finding, numbered};
use crate::{Result, tree::Tree};

pub(super) static CHECK: Check = Check { name: "links between documents", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.with_extension("md") {
        let Some(text) = tree.text(file)? else { continue };
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, target) in targets(&text) {
            let found = resolve(folder, target).is_some_and(|path| tree.contains(&path));
            if !found {
                findings.push(Finding::new(
                    format!("{file}:{number}"),
                    format!("the link `{target}` leads nowhere"),
                    "write the page, or put the link right",
                ));
            }
        }
    }
    Ok(findings)
}

/// The relative targets of a Markdown text with their lines, without the part after `#`.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut targets = Vec::new();
    for (number, line) in numbered(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Pieces at odd places stand between backticks: code, not links.
        let mut inline: Vec<&str> = Vec::new();
        let mut at = 0;
        for (index, piece) in line.split('`').enumerate() {
            if index % 2 == 0 {
                inline
                    .extend(piece.match_indices("](").map(|(found, mark)| &line[at + found + mark.len()..]));
            }
            at += piece.len() + 1;
        }
        inline
            .extend(line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target));
        for rest in inline {
            let end = rest.find([')', ' ', '\t']).unwrap_or(rest.len());
            let target = rest[..end].trim_matches(['<', '>']).split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if !target.is_empty() && !elsewhere {
                targets.push((number, target));
            }
        }
    }
    targets
}

/// `target` as seen from `folder`, as a path from the root; `None` if it leads out of the project.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let (_folder, tree) = made_up(&[
            ("README.md", "[a](docs/a.md)\n[b](docs/missing.md#part \"title\")\n\n[c]: nowhere.md\n"),
            ("docs/a.md", "see [up](../../out.md)\n"),
        ]);
        let places: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["README.md:2", "README.md:4", "docs/a.md:1"]);
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "[a](docs/a.md#part) [web](https://example.org/x) [here](#part) `[no](link)`\n\
                    ```\n[code](x)\n```\n[folder](docs/)\n";
        let (_folder, tree) = made_up(&[("README.md", text), ("docs/a.md", "[up](../README.md)\n")]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
