//! `lrlab list`: the registries.

use std::io::{Write, stdout};

use clap::ValueEnum;
use lrlab_core::{optimizer::registry::OPTIMIZERS, registry::Parameter, schedule::SCHEDULES};
use lrlab_train::task::TASKS;

use super::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Which registry.
    #[arg(value_enum)]
    registry: Registry,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Registry {
    Tasks,
    Optimizers,
    Schedules,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match options.registry {
        Registry::Tasks => {
            for entry in TASKS {
                describe(&mut out, entry.name, entry.summary, None, entry.params)?;
            }
        }
        Registry::Optimizers => {
            for entry in OPTIMIZERS {
                describe(&mut out, entry.name, entry.summary, Some(entry.pytorch), entry.params)?;
            }
        }
        Registry::Schedules => {
            for entry in SCHEDULES {
                describe(&mut out, entry.name, entry.summary, entry.pytorch, entry.params)?;
            }
        }
    }
    Ok(())
}

fn describe(
    out: &mut impl Write,
    name: &str,
    summary: &str,
    pytorch: Option<&str>,
    params: &[Parameter],
) -> std::io::Result<()> {
    let pytorch = pytorch.map(|name| format!(" [PyTorch: {name}]")).unwrap_or_default();
    writeln!(out, "{name}: {summary}{pytorch}")?;
    for param in params {
        let default = match param.default {
            None => " (required)".to_owned(),
            Some("") => String::new(),
            Some(default) => format!(" (default {default})"),
        };
        writeln!(out, "    {:<14} {}{default}", param.name, param.doc)?;
    }
    Ok(())
}
