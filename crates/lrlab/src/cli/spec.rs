//! Specs on the command line, and the training that they are for.

use std::{fs, path::Path};

use lrlab_core::{Horizon, LengthError, ScheduleSpec, Strategy, registry::Argument, spec::Spec};

use super::Failure;

/// A spec from its text, or from the `.toml`, `.json` or `.csv` file of that name.
pub(crate) fn read(text: &str) -> Result<Spec, Failure> {
    let extension = Path::new(text).extension().and_then(|extension| extension.to_str());
    let kind = extension.map(str::to_ascii_lowercase).unwrap_or_default();
    if !matches!(kind.as_str(), "toml" | "json" | "csv") {
        return Ok(text.parse()?);
    }
    let refuse = |why: String| Failure::Input(format!("{text}: {why}"));
    let file = fs::read_to_string(text).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    match kind.as_str() {
        "toml" => toml::from_str(&file).map_err(|error| refuse(error.to_string())),
        "json" => serde_json::from_str(&file).map_err(|error| refuse(error.to_string())),
        _ => match ScheduleSpec::from_csv(&file) {
            Ok(schedule) => Ok(Spec::Plan(schedule.into())),
            Err(error) => Err(refuse(error.to_string())),
        },
    }
}

/// How long the training is.
#[derive(Debug, clap::Args)]
pub(crate) struct Length {
    /// Updates in all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,

    /// Passes over the data.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    epochs: Option<u64>,

    /// Updates in one pass over the data.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps_per_epoch: Option<u64>,
}

/// A training, and whether somebody said what an epoch is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training {
    pub(crate) horizon: Horizon,
    pub(crate) has_epochs: bool,
}

/// What is drawn where no length is told.
const USUAL: Training =
    Training { horizon: Horizon { total_steps: 1000, steps_per_epoch: 100 }, has_epochs: true };

impl Length {
    /// The training of this length.
    pub(crate) fn training(&self) -> Result<Training, Failure> {
        let length = lrlab_core::Length {
            total_steps: self.steps,
            epochs: self.epochs,
            steps_per_epoch: self.steps_per_epoch,
        };
        match length.horizon() {
            Ok(horizon) => Ok(Training { horizon, has_epochs: length.has_epochs() }),
            Err(LengthError::Missing) => Ok(USUAL),
            Err(error) => Err(Failure::Input(error.to_string())),
        }
    }
}

/// The strategy with another learning rate, for every group.
pub(crate) fn with_lr(mut strategy: Strategy, lr: Option<f64>) -> Strategy {
    if let Some(lr) = lr {
        for group in &mut strategy.groups {
            group.optimizer.args.insert("lr".to_owned(), Argument::Number(lr));
        }
    }
    strategy
}
