//! No file depends on a machine or an address that only its author has: no registry hosts, no
//! folders of one developer's disk.

use super::{Check, Finding, numbered};
use crate::{Result, tree::Tree};

/// Hosts that serve packages, in pieces, so that this file passes its own check. Which registry
/// or mirror is used is the machine's own business.
const HOSTS: [&[&str]; 9] = [
    &["crates", ".io"],
    &["pypi", ".org"],
    &["pythonhosted", ".org"],
    &["download.pytorch", ".org"],
    &["npmjs", ".org"],
    &["yarnpkg", ".com"],
    &["anaconda", ".org"],
    &["deb.debian", ".org"],
    &["archive.ubuntu", ".com"],
];

/// Where the home folders and checkouts of developers lie.
const HOMES: [&[&str]; 6] =
    [&["/ho", "me/"], &["/Us", "ers/"], &["/ro", "ot/"], &["/wo", "rk/"], &["\\Us", "ers\\"], &["/mn", "t/"]];

/// Cargo writes it, with the addresses of packages inside.
const WRITTEN_BY_CARGO: &str = "Cargo.lock";

pub(super) static CHECK: Check = Check { name: "no registry hosts, no paths of one machine", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let hosts = HOSTS.map(<[&str]>::concat);
    let mut homes = HOMES.map(<[&str]>::concat).to_vec();
    let root = tree.root.to_string_lossy();
    if tree.root.components().count() > 2 {
        homes.push(root.into_owned());
    }
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| *file != WRITTEN_BY_CARGO) {
        let Some(text) = tree.text(file)? else { continue };
        for (number, line) in numbered(&text) {
            let place = || format!("{file}:{number}");
            findings.extend(hosts.iter().filter(|host| names(line, host)).map(|host| {
                Finding::new(
                    place(),
                    format!("names the registry {host}"),
                    "leave the choice of registry to the machine",
                )
            }));
            findings.extend(homes.iter().filter(|home| starts_path(line, home)).map(|home| {
                Finding::new(
                    place(),
                    format!("a path of one machine: {home}"),
                    "use a path from the root of the project",
                )
            }));
        }
    }
    Ok(findings)
}

/// Whether `line` names `host`, as a whole or as the end of a longer host.
fn names(line: &str, host: &str) -> bool {
    let line = line.to_lowercase();
    line.match_indices(host).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + host.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Whether an absolute path in `line` begins with `home`.
fn starts_path(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let drive = home.starts_with('\\') && before == Some(':');
        drive || !before.is_some_and(|c| c.is_alphanumeric() || "._-/\\:*}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    #[test]
    fn hosts_and_machine_paths_are_found() {
        let host = HOSTS[0].concat();
        let home = HOMES[0].concat();
        let windows = HOMES[4].concat();
        let (folder, _) = made_up(&[
            ("a.toml", &format!("index = \"https://index.{host}/\"\n")),
            ("b.py", &format!("\nPATH = '{home}ada/x'\n")),
            ("c.md", &format!("C:{windows}ada\n")),
        ]);
        let own = folder.path().join("d.txt");
        std::fs::write(&own, format!("see {}\n", own.display())).unwrap();
        let tree = Tree::read(folder.path()).unwrap();
        let places: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["a.toml:1", "b.py:2", "c.md:1", "d.txt:1"]);
    }

    #[test]
    fn other_addresses_and_paths_pass() {
        let host = HOSTS[0].concat();
        let home = HOMES[0].concat();
        let text = format!("https://example.org{home}page my{host} ../a{home}b\n");
        let lock = format!("source = \"https://github.com/rust-lang/{host}-index\"\n");
        let (_folder, tree) = made_up(&[("a.md", &text), ("Cargo.lock", &lock)]);
        assert_eq!(run(&tree).unwrap(), []);
    }
}
