//! The `lrlab` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    lrlab::cli::run(std::env::args_os()).into()
}
