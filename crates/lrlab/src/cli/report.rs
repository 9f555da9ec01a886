//! `lrlab report`: every table and picture again, from the logs alone.

use std::path::PathBuf;

use super::{Failure, find, laboratory};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder of a demo, comparison, search or training.
    folder: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if let Some(spec) = laboratory::search_in(&options.folder)? {
        return find::report_again(&options.folder, &spec);
    }
    let reports = laboratory::report(&options.folder)?;
    laboratory::print_tables(&reports)?;
    laboratory::print_where(&options.folder)
}
