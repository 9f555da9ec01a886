//! `lrlab convert`: a spec in another form.

use std::io::{Write, stdout};

use clap::ValueEnum;
use lrlab_core::spec::{PlanSpec, ScheduleChoice, Spec};

use super::{
    Failure,
    spec::{self, Length},
};

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
    let fault = |error: String| Failure::Input(format!("{}: {error}", options.spec));
    let text = match options.to {
        Form::Torch => {
            let horizon = options.length.training()?.horizon;
            match &read {
                // Without an optimizer, the scheduler alone.
                Spec::Plan(PlanSpec { schedule: ScheduleChoice::Own(schedule), fields, signals })
                    if fields.is_empty() && signals.is_empty() =>
                {
                    schedule.to_torch_code(horizon, options.lr.unwrap_or(1.0))?
                }
                _ => spec::with_lr(read.strategy(), options.lr).to_torch_code(horizon)?,
            }
        }
        Form::Text => read.to_string(),
        Form::Toml => match read {
            Spec::Strategy(strategy) => {
                toml::to_string(&strategy).map_err(|error| fault(error.to_string()))?
            }
            Spec::Plan(plan) => toml::to_string(&plan).map_err(|error| fault(error.to_string()))?,
        },
        Form::Json => match read {
            Spec::Strategy(strategy) => serde_json::to_string_pretty(&strategy),
            Spec::Plan(plan) => serde_json::to_string_pretty(&plan),
        }
        .map_err(|error| fault(error.to_string()))?,
    };
    writeln!(stdout(), "{}", text.trim_end())?;
    Ok(())
}
