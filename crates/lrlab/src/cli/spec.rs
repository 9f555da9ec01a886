//! Specs on the command line, and the training that they are for.

use std::path::Path;

use lrlab_core::{Horizon, LengthError, spec::Spec};

use super::Failure;
use crate::spec_file;

/// A spec from its text, or from the `.toml`, `.json` or `.csv` file of that name.
pub(crate) fn read(text: &str) -> Result<Spec, Failure> {
    let path = Path::new(text);
    if !spec_file::is_named(path) {
        return Ok(text.parse()?);
    }
    spec_file::read(path).map_err(|error| Failure::Input(format!("{text}: {error}")))
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
