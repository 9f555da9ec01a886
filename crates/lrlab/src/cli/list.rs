//! `lrlab list`: the registries.

use std::io::{Write, stdout};

use clap::ValueEnum;
use lrlab_analysis::{compare::fairness::FAIRNESS, finder::FINDERS, lint::LINTS, plot::sparkline};
use lrlab_core::{
    Horizon, ScheduleSpec,
    optimizer::registry::{Module, OPTIMIZERS},
    registry::{Arguments, Parameter},
    schedule::SCHEDULES,
    signal::SIGNALS,
};
use lrlab_train::{suite::SUITE, task::TASKS};

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
    Signals,
    Lints,
    /// Ways to read a rate off a range test.
    Finders,
    /// What makes a comparison unfair.
    Findings,
    /// The problems that advice is measured on.
    Problems,
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
                let class = match entry.module {
                    Module::Torch => format!("PyTorch: {}", entry.pytorch),
                    Module::Lrlab => format!("Python: {}.{}", entry.module.path(), entry.pytorch),
                };
                describe(&mut out, entry.name, entry.summary, Some(class), entry.params)?;
                let built = (entry.build)(&Arguments::new());
                let acting = built.map_or("lr", |built| built.optimizer.effective_lr_formula());
                if acting != "lr" {
                    writeln!(out, "    rate that acts, `effective_lr` in a log: {acting}")?;
                }
            }
        }
        Registry::Schedules => {
            for entry in SCHEDULES {
                let class = entry.pytorch.map(|class| format!("PyTorch: {class}"));
                describe(&mut out, entry.name, entry.summary, class, entry.params)?;
                picture(&mut out, entry.example)?;
            }
        }
        Registry::Signals => {
            for entry in SIGNALS {
                let class = entry.pytorch.map(|class| format!("PyTorch: {class}"));
                describe(&mut out, entry.name, entry.summary, class, entry.params)?;
                writeln!(out, "    for instance: {}", entry.example)?;
            }
        }
        Registry::Lints => {
            for lint in LINTS {
                writeln!(
                    out,
                    "{} {} ({})\n    {}",
                    lint.code,
                    lint.name,
                    lint.severity.name(),
                    lint.summary
                )?;
                writeln!(out, "    {}", lint.why)?;
            }
        }
        Registry::Finders => {
            for finder in FINDERS {
                writeln!(out, "{} ({})\n    {}", finder.name, finder.tool, finder.summary)?;
                writeln!(out, "    {}", finder.formula)?;
            }
        }
        Registry::Findings => {
            for finding in FAIRNESS {
                writeln!(out, "{} {}\n    {}", finding.code, finding.name, finding.summary)?;
                writeln!(out, "    {}", finding.why)?;
            }
        }
        Registry::Problems => {
            for problem in SUITE {
                writeln!(out, "{} ({})\n    {}", problem.name, problem.split.name(), problem.summary)?;
                writeln!(out, "    {}, {}, {}", problem.task, problem.optimizer, problem.budget)?;
            }
        }
    }
    Ok(())
}

fn describe(
    out: &mut impl Write,
    name: &str,
    summary: &str,
    class: Option<String>,
    params: &[Parameter],
) -> std::io::Result<()> {
    let class = class.map(|class| format!(" [{class}]")).unwrap_or_default();
    writeln!(out, "{name}: {summary}{class}")?;
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

/// The training that the examples are drawn over.
const EXAMPLE: Horizon = Horizon { total_steps: 1200, steps_per_epoch: 10 };

/// Columns of a small picture.
const COLUMNS: usize = 40;

/// A schedule's example, and its values as a line of blocks.
fn picture(out: &mut impl Write, example: &str) -> Result<(), Failure> {
    let schedule = example.parse::<ScheduleSpec>()?.build(EXAMPLE)?;
    let values: Vec<f64> = (0..EXAMPLE.total_steps).map(|t| schedule.value_at(t, 1.0)).collect();
    writeln!(out, "    for instance: {example}\n    {}", sparkline(&values, COLUMNS))?;
    Ok(())
}
