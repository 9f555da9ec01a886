//! Writes the pages of `docs/schedules` from the registries of schedules and signals, and prints them as
//! one JSON object: names of files and their text. `cargo xtask docs` runs it and puts the files in place.
//!
//! Everything on a page comes from the registry's entry, so a page cannot say what the code does not do.

mod drawing;
mod index;
mod parameters;
mod schedule_page;
mod signal_page;

use std::{collections::BTreeMap, error::Error};

use lrlab_core::{schedule::SCHEDULES, signal::SIGNALS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The text of a file by its name within the folder of pages.
type Pages = BTreeMap<String, String>;

/// The learning rate of the group on every page.
const BASE: f64 = 0.1;
/// The optimizer before every schedule in whole strategies.
const OPTIMIZER: &str = "sgd lr=0.1";

#[expect(clippy::print_stdout, reason = "the pages are what this program is for")]
fn main() -> Result<()> {
    let mut pages = Pages::new();
    for entry in SCHEDULES {
        schedule_page::add(entry, &mut pages).map_err(|why| format!("{}: {why}", entry.name))?;
    }
    for entry in SIGNALS {
        signal_page::add(entry, &mut pages).map_err(|why| format!("{}: {why}", entry.name))?;
    }
    pages.insert("README.md".to_owned(), index::page());
    println!("{}", serde_json::to_string(&pages)?);
    Ok(())
}
