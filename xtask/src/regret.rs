//! `cargo xtask regret`: how good the advice on learning rates is, measured on the suite.
//!
//! What trains and measures is a program of its own, so that this chore stays quick to build.

use crate::{
    Result,
    tree::{cargo, workspace_root},
};

const FOLDER: &str = "docs";
const PROGRAM: [&str; 6] = ["run", "--release", "--package", "lrlab", "--example", "regret"];

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Options of the program, such as --split tuning --detail; --help lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the program from the root of the workspace; with nothing asked for, it writes the page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let asks = options.arguments.iter().any(|argument| argument != "--fresh");
    let mut command = cargo();
    command.args(PROGRAM).arg("--").args(&options.arguments).current_dir(workspace_root()?);
    if !asks {
        command.args(["--write", FOLDER]);
    }
    let status = command.status().map_err(|why| format!("cannot run cargo: {why}"))?;
    if status.success() { Ok(()) } else { Err("the measurement failed".to_owned()) }
}
