//! The built binary, driven as a user would.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod compare;
mod demo;
mod errors;
mod faults;
mod find;
mod list;
mod optimizers;
mod over_all_groups;
mod own_data;
mod resume;
mod spec;
mod train;

use std::{path::Path, process::Output};

use assert_cmd::Command;

/// `lrlab` in `folder`, with a terminal-free environment.
fn lrlab(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("lrlab").unwrap().current_dir(folder).env("NO_COLOR", "1").args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Stdout of a command that must succeed.
fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = lrlab(folder, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}
