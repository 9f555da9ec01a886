//! The table of all pages.

use lrlab_core::{
    schedule::{Form, SCHEDULES},
    signal::SIGNALS,
};

use super::{parameters::cell, schedule_page::sentence};

const HEAD: &str = "\
# Schedules and signals

A schedule gives the learning rate for every update; a combinator makes a new schedule out of others; a signal reacts to a
metric while training runs and multiplies the rates by a factor. Each has a page with its picture, formula and parameters,
its text, TOML and JSON forms, and the same in PyTorch.

These pages are written by `cargo xtask docs`; what they say is what the code knows about itself.
";

const COLUMNS: &str = "\n\n| name | picture | what it does | PyTorch |\n|---|---|---|---|\n";

pub(super) fn page() -> String {
    let (leaves, combinators): (Vec<_>, Vec<_>) =
        SCHEDULES.iter().partition(|entry| entry.form == Form::Plain);
    let rows = |entries: Vec<&&lrlab_core::schedule::Entry>| -> Vec<String> {
        entries.iter().map(|entry| row(entry.name, entry.summary, entry.pytorch)).collect()
    };
    let signals = SIGNALS.iter().map(|entry| row(entry.name, entry.summary, entry.pytorch)).collect();
    let mut text = HEAD.to_owned();
    for (title, rows) in
        [("Schedules", rows(leaves)), ("Combinators", rows(combinators)), ("Signals", signals)]
    {
        text.push_str(&["\n## ", title, COLUMNS].concat());
        text.push_str(&rows.concat());
    }
    text
}

fn row(name: &str, summary: &str, pytorch: Option<&str>) -> String {
    let pytorch = pytorch.map(|name| format!("`{name}`")).unwrap_or_default();
    let picture = format!("<a href=\"{name}.md\"><img src=\"{name}.svg\" width=\"220\" alt=\"{name}\"></a>");
    format!("| [{name}]({name}.md) | {picture} | {} | {} |\n", cell(&sentence(summary)), cell(&pytorch))
}
