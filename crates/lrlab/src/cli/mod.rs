//! The command line: what the binary `lrlab` and the Python package's command of that name run.
//!
//! Each command is a file; this one holds what they share.
#![allow(clippy::doc_markdown, reason = "these doc comments are help pages, read in a terminal")]

mod check;
mod compare;
mod convert;
mod demo;
mod failure;
mod find;
mod laboratory;
mod list;
mod own_data;
mod plot;
mod report;
mod spec;
mod study_file;
mod train;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;
pub use failure::spec_text;

/// The laboratory for learning-rate strategies.
///
/// Without a command it runs the demo: three short acts that show what a learning rate does, on a
/// line, on noisy data and on handwritten digits.
#[derive(Debug, Parser)]
#[command(name = "lrlab", version, arg_required_else_help = false, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows in three acts what a learning rate does (the default).
    Demo(demo::Options),
    /// Trains one strategy on one task and prints a line an epoch.
    Train(train::Options),
    /// Compares strategies, each at a learning rate of its own, until the answer is known.
    Compare(compare::Options),
    /// Finds the learning rate of a strategy: a range test, then a few trainings around its hint.
    Find(find::Options),
    /// Rebuilds tables and pictures of a folder from its logs alone.
    Report(report::Options),
    /// Draws schedules over each other, in the terminal or into a file.
    Plot(plot::Options),
    /// Tells what a spec will do that is hardly meant; exit code 1 where it finds something.
    Check(check::Options),
    /// Writes a spec in another form: PyTorch code, text, TOML or JSON.
    Convert(convert::Options),
    /// Lists the tasks, optimizers, schedules, signals, lints, finders, findings or problems there are.
    List(list::Options),
}

/// Runs the command that `arguments` spell, the program's name first, and gives its exit code: 0, 1 where
/// a check found something, 2 for bad input, 130 after Ctrl-C.
///
/// It prints to the process's own terminal, and may take over its Ctrl-C.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(told) => {
            // Help and version come this way too; a closed terminal is nobody's error.
            let _ = told.print();
            return u8::try_from(told.exit_code()).unwrap_or(1);
        }
    };
    let result = match arguments.command.unwrap_or(Command::Demo(demo::Options::default())) {
        Command::Demo(options) => demo::run(&options),
        Command::Train(options) => train::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::Find(options) => find::run(&options),
        Command::Report(options) => report::run(&options),
        Command::Plot(options) => plot::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Convert(options) => convert::run(&options),
        Command::List(options) => list::run(&options),
    };
    result.map_or_else(Failure::report, |()| 0)
}
