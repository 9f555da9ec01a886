//! The project's own chores, run as `cargo xtask <chore>`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore speaks to the terminal")]

mod bench;
mod docs;
mod golden;
mod python;
mod regret;
mod tidy;
mod torch_tests;
mod tree;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Why a chore could not be done, as text for the terminal.
type Result<T> = std::result::Result<T, String>;

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Checks what the compiler does not: crate borders, file sizes and names, registries, links.
    Tidy,
    /// Measures the figures and holds them against their bounds; fails where one is missed.
    Bench(bench::Options),
    /// Writes the pages of the schedules, docs/schedules, from the registries.
    Docs(docs::Options),
    /// Measures how good the advice on learning rates is; without options, writes docs/regret.md and its picture.
    Regret(regret::Options),
    /// Builds the Python package as its users get it, installs it in target/python/venv, and tests it there.
    Python(python::Options),
    /// Runs PyTorch's own tests of its schedulers on lrlab's.
    TorchTests(torch_tests::Options),
    /// Makes the golden files again, with a Python that has torch.
    Golden {
        /// The Python to run, such as .venv/bin/python.
        #[arg(long)]
        python: PathBuf,
        /// Which golden files; all of them if none is named.
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Tidy => tidy::run(),
        Chore::Bench(options) => bench::run(&options),
        Chore::Docs(options) => docs::run(&options),
        Chore::Regret(options) => regret::run(&options),
        Chore::Python(options) => python::run(&options),
        Chore::TorchTests(options) => torch_tests::run(&options),
        Chore::Golden { python, names } => golden::run(&python, &names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
