//! Which crate may name which: the borders between the rooms.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, Finding};
use crate::{
    Result,
    tree::{Tree, cargo},
};

/// A crate of the workspace and all that it needs to be built, dev-dependencies aside.
struct Room {
    name: &'static str,
    needs: &'static [&'static str],
    /// The crates of the workspace that it may name, in dev-dependencies as well.
    may_name: &'static [&'static str],
}

/// A dependency is added by adding its line here, so that nobody does it by the way.
static ROOMS: &[Room] = &[
    Room { name: "lrlab-core", needs: &["serde", "thiserror"], may_name: &[] },
    Room {
        name: "lrlab-train",
        needs: &[
            "burn",
            "crc32fast",
            "csv",
            "flate2",
            "gemm",
            "lrlab-core",
            "nalgebra",
            "rand_chacha",
            "rand_mt",
            "safetensors",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "zip",
        ],
        may_name: &["lrlab-core"],
    },
    Room {
        name: "lrlab-analysis",
        needs: &[
            "kuva",
            "lrlab-core",
            "minijinja",
            "nalgebra",
            "plotly",
            "serde",
            "serde_json",
            "statrs",
            "thiserror",
        ],
        may_name: &["lrlab-core"],
    },
    Room {
        name: "lrlab",
        needs: &[
            "clap",
            "ctrlc",
            "indicatif",
            "lrlab-analysis",
            "lrlab-core",
            "lrlab-train",
            "miette",
            "rayon",
            "serde_json",
            "syn",
            "terminal_size",
            "textwrap",
            "thiserror",
            "toml",
        ],
        may_name: &["lrlab-analysis", "lrlab-core", "lrlab-train"],
    },
    Room { name: "lrlab-python", needs: &["lrlab", "pyo3", "serde", "serde_json"], may_name: &["lrlab"] },
    Room { name: "xtask", needs: &["clap", "libc", "serde_json", "tempfile"], may_name: &[] },
];

/// What `lrlab-core` may ever need, whatever the table says.
const CORE_AT_MOST: [&str; 2] = ["serde", "thiserror"];

/// The tensor engine, and who may name it: one crate, and the tests and examples of one more.
const ENGINE: &str = "burn";
const ENGINE_ROOM: &str = "lrlab-train";
const ENGINE_IN_TESTS: &str = "lrlab";

const TABLE: &str = "xtask/src/tidy/dependencies.rs";

pub(super) static CHECK: Check = Check { name: "crate borders", run };

fn run(tree: &Tree) -> Result<Vec<Finding>> {
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(&tree.root)
        .output()
        .map_err(|why| format!("cannot run cargo: {why}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|why| format!("cargo metadata is not JSON: {why}"))?;
    let packages: Vec<Package> =
        metadata["packages"].as_array().into_iter().flatten().map(Package::read).collect();
    Ok(check(&packages, ROOMS))
}

/// A crate as its manifest tells it.
struct Package {
    name: String,
    needs: BTreeSet<String>,
    for_tests: BTreeSet<String>,
}

impl Package {
    fn read(package: &Value) -> Self {
        let named = |of_tests: bool| {
            package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|dependency| (dependency["kind"] == "dev") == of_tests)
                .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
                .collect()
        };
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        Self { name, needs: named(false), for_tests: named(true) }
    }

    fn manifest(&self) -> String {
        let folder = if self.name == "xtask" { self.name.clone() } else { format!("crates/{}", self.name) };
        format!("{folder}/Cargo.toml")
    }
}

fn check(packages: &[Package], rooms: &[Room]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let Some(room) = rooms.iter().find(|room| room.name == package.name) else {
            findings.push(Finding::new(
                package.manifest(),
                "the crate is not in the table of crates",
                format!("add it to {TABLE}, if a heavy dependency or a direction asks for a crate"),
            ));
            continue;
        };
        findings.extend(against_table(package, room));
        findings.extend(against_direction(package, room, packages));
    }
    for room in rooms.iter().filter(|room| packages.iter().all(|package| package.name != room.name)) {
        findings.push(Finding::new(
            TABLE,
            format!("there is no crate {}", room.name),
            "take it out of the table",
        ));
    }
    findings
}

fn against_table(package: &Package, room: &Room) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in package.needs.iter().filter(|name| !room.needs.contains(&name.as_str())) {
        findings.push(Finding::new(
            package.manifest(),
            format!("depends on {name}, which its line of the table does not name"),
            format!("do without it, or add it to {TABLE} and say why in docs/decisions"),
        ));
    }
    for name in room.needs.iter().filter(|name| !package.needs.contains(**name)) {
        findings.push(Finding::new(
            TABLE,
            format!("says that {} depends on {name}, which it does not", package.name),
            "take it out of the table",
        ));
    }
    findings
}

fn against_direction(package: &Package, room: &Room, packages: &[Package]) -> Vec<Finding> {
    let refuse = |what: String, remedy: &str| Finding::new(package.manifest(), what, remedy);
    let mut findings = Vec::new();
    for name in package.needs.union(&package.for_tests) {
        let of_workspace = packages.iter().any(|other| other.name == *name);
        if of_workspace && !room.may_name.contains(&name.as_str()) {
            findings.push(refuse(
                format!("{} names {name}: against the direction of the crates", package.name),
                "let them meet in lrlab-core: events, specs and layout live there",
            ));
        }
    }
    if package.name == "lrlab-core" {
        for name in package.needs.iter().filter(|name| !CORE_AT_MOST.contains(&name.as_str())) {
            findings.push(refuse(
                format!("lrlab-core depends on {name}"),
                "it is mathematics and vocabulary: serde and thiserror at most",
            ));
        }
    }
    let engine_needed = package.needs.contains(ENGINE) && package.name != ENGINE_ROOM;
    let engine_tested = package.for_tests.contains(ENGINE)
        && ![ENGINE_ROOM, ENGINE_IN_TESTS].contains(&package.name.as_str());
    if engine_needed || engine_tested {
        findings.push(refuse(
            format!("{} names {ENGINE}", package.name),
            "only lrlab-train knows the tensor engine (and lrlab's tests and examples)",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::made_up;

    fn package(name: &str, needs: &[&str], for_tests: &[&str]) -> Package {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Package { name: name.to_owned(), needs: owned(needs), for_tests: owned(for_tests) }
    }

    fn as_the_table_says() -> Vec<Package> {
        ROOMS.iter().map(|room| package(room.name, room.needs, &[])).collect()
    }

    fn found(packages: &[Package]) -> Vec<String> {
        check(packages, ROOMS).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn the_table_itself_keeps_the_direction() {
        assert_eq!(found(&as_the_table_says()), [""; 0]);
    }

    #[test]
    fn a_dependency_that_the_table_does_not_name_is_found() {
        let mut packages = as_the_table_says();
        packages[2].needs.insert("regex".to_owned());
        assert_eq!(found(&packages), ["depends on regex, which its line of the table does not name"]);
        packages[2].needs.remove("regex");
        packages[2].needs.remove("kuva");
        assert_eq!(found(&packages), ["says that lrlab-analysis depends on kuva, which it does not"]);
    }

    #[test]
    fn train_and_analysis_may_not_meet_even_in_tests() {
        let mut packages = as_the_table_says();
        packages[2].for_tests.insert("lrlab-train".to_owned());
        assert_eq!(
            found(&packages),
            ["lrlab-analysis names lrlab-train: against the direction of the crates"]
        );
    }

    #[test]
    fn the_engine_belongs_to_train_and_to_the_tests_of_lrlab() {
        let mut packages = as_the_table_says();
        packages[3].for_tests.insert(ENGINE.to_owned());
        assert_eq!(found(&packages), [""; 0]);
        packages[2].for_tests.insert(ENGINE.to_owned());
        assert_eq!(found(&packages), ["lrlab-analysis names burn"]);
    }

    #[test]
    fn the_table_cannot_give_core_more_than_serde_and_thiserror() {
        let rooms = [Room { name: "lrlab-core", needs: &["rand", "serde"], may_name: &[] }];
        let findings = check(&[package("lrlab-core", &["rand", "serde"], &[])], &rooms);
        assert_eq!(findings[0].what, "lrlab-core depends on rand");
    }

    #[test]
    fn manifests_are_read_as_cargo_reads_them() {
        let manifest = "[package]\nname = \"lrlab-core\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                        [dependencies]\nburn = \"0.22\"\n[dev-dependencies]\ntempfile = \"3\"\n\
                        [workspace]\n";
        let (_folder, tree) = made_up(&[("Cargo.toml", manifest), ("src/lib.rs", "")]);
        let whats: Vec<String> = run(&tree).unwrap().into_iter().map(|finding| finding.what).collect();
        assert!(whats.contains(&"lrlab-core names burn".to_owned()), "{whats:?}");
        assert!(whats.contains(&"there is no crate lrlab".to_owned()), "{whats:?}");
        assert!(!whats.iter().any(|what| what.contains("tempfile")), "{whats:?}");
    }
}
