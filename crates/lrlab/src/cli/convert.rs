//! `lrlab convert`: a spec in another form.

use std::io::{Write, stdout};

use super::{
    Failure,
    spec::{self, Length},
};
use crate::spec_file::{self, SpecFileError};
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A schedule, plan or strategy as text, or a file (.toml, .json, .csv).
    #[arg(value_name = "SPEC")]
    spec: String,

    /// The form that is wanted.
    #[arg(long, value_enum, value_name = "FORM")]
    to: Form,

    /// The learning rate of the group, in place of the optimizer's.
    #[arg(long, value_name = "RATE")]
    lr: Option<f64>,

    #[command(flatten)]
    length: Length,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// PyTorch code that runs, for the length of training that is told.
    Torch,
    /// lrlab's one-line text.
    Text,
    Toml,
    Json,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let read = spec::read(&options.spec)?;
    let fault = |error: SpecFileError| Failure::Input(format!("{}: {error}", options.spec));
    let text = match options.to {
        Form::Torch => read.to_torch_code(options.length.training()?.horizon, options.lr)?,
        Form::Text => read.to_string(),
        Form::Toml => spec_file::to_toml(&read).map_err(fault)?,
        Form::Json => spec_file::to_json(&read).map_err(fault)?,
    };
    writeln!(stdout(), "{}", text.trim_end())?;
    Ok(())
}
