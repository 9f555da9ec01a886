//! `lrlab check`: what a spec will do that its author hardly meant.

use std::io::{Write, stderr, stdout};

use lrlab_analysis::lint;
use lrlab_core::TaskSpec;
use lrlab_train::task;

use super::{
    Failure,
    spec::{self, Length},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A schedule, plan or strategy as text, or a file (.toml, .json, .csv).
    #[arg(value_name = "SPEC")]
    spec: String,

    #[command(flatten)]
    length: Length,

    /// The learning rate of the group, in place of the optimizer's.
    #[arg(long, value_name = "RATE")]
    lr: Option<f64>,

    /// A task whose parameters the groups are held against: "digits model=softmax".
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,

    /// Prints the findings as JSON, one list.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let training = options.length.training()?;
    let read = spec::read(&options.spec)?;
    if !training.has_epochs && read.counts_epochs() {
        writeln!(stderr(), "note: an epoch is taken to be 1 step; --steps-per-epoch says what it is")?;
    }
    let strategy = read.strategy_at(options.lr);
    let parameters = options.task.as_deref().map(parameter_names).transpose()?;
    let findings = lint::lint(&strategy, training.horizon, parameters.as_deref())?;
    let text = if options.json {
        let text = serde_json::to_string_pretty(&findings);
        text.map_err(|error| Failure::Input(error.to_string()))? + "\n"
    } else {
        lint::terminal(&findings)
    };
    write!(stdout(), "{text}")?;
    if findings.is_empty() { Ok(()) } else { Err(Failure::Findings) }
}

fn parameter_names(text: &str) -> Result<Vec<String>, Failure> {
    let spec: TaskSpec = text.parse()?;
    let mut task = task::build(&spec, 0).map_err(lrlab_train::TrainError::from)?;
    let mut names = Vec::new();
    task.visit(&mut |param| names.push(param.name.to_owned()));
    Ok(names)
}
