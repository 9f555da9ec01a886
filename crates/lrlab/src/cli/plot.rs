//! `lrlab plot`: schedules as a picture, as data, or in the terminal.

use std::{
    fs,
    io::{IsTerminal, Write, stderr, stdout},
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use lrlab_analysis::plot::{self, Chart, Screen, Shown, Size, Time};
use lrlab_core::{Preview, SpecError, spec::Spec};

use super::{
    Failure,
    spec::{self, Length, Training},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Schedules, plans or strategies, drawn over each other: "warmup 5% then cosine to 0",
    /// "StepLR(step_size=30)", "sgd lr=0.1 | cosine | momentum: linear from 90%", or files
    /// (.toml, .json, .csv).
    #[arg(value_name = "SPEC", required = true)]
    specs: Vec<String>,

    #[command(flatten)]
    length: Length,

    /// The learning rate of the group, in place of the optimizer's.
    #[arg(long, value_name = "RATE", value_parser = positive)]
    lr: Option<f64>,

    /// A logarithmic axis for the learning rate.
    #[arg(long)]
    log: bool,

    /// The file to write, by its ending: .svg, .png or .csv. Without it the plot goes to the terminal.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Columns of the plot in the terminal; its own width by default.
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..=1000))]
    width: Option<u16>,

    /// Colours in the terminal.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    color: Colour,

    /// Plain characters instead of Unicode in the terminal.
    #[arg(long)]
    ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// In a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// A rate above 0.
fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
        .ok_or_else(|| "a number above 0".to_owned())
}

/// What `-o` asks for.
#[derive(Clone, Copy)]
enum Format {
    Svg,
    Png,
    Csv,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let format = options.output.as_deref().map(format_of).transpose()?;
    let training = options.length.training()?;
    let chart = chart(options, training)?;
    match (format, options.output.as_deref()) {
        (Some(format), Some(path)) => {
            let size = Size::fitting(&chart);
            let bytes = match format {
                Format::Svg => plot::svg(&chart, size).into_bytes(),
                Format::Png => plot::png(&chart, size).map_err(|error| Failure::Input(error.to_string()))?,
                Format::Csv => plot::csv(&chart).into_bytes(),
            };
            fs::write(path, bytes)
                .map_err(|error| Failure::Input(format!("cannot write {}: {error}", path.display())))?;
            writeln!(stdout(), "{}", path.display())?;
        }
        _ => write!(stdout(), "{}", plot::terminal(&chart, &screen(options)))?,
    }
    Ok(())
}

fn format_of(path: &Path) -> Result<Format, Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "svg" => Ok(Format::Svg),
        "png" => Ok(Format::Png),
        "csv" => Ok(Format::Csv),
        _ => Err(Failure::Input(format!(
            "{}: the ending says what is written: .svg, .png or .csv",
            path.display()
        ))),
    }
}

fn screen(options: &Options) -> Screen {
    let usual = usual_screen();
    Screen {
        width: options.width.map_or(usual.width, usize::from),
        colour: match options.color {
            Colour::Auto => usual.colour,
            Colour::Always => true,
            Colour::Never => false,
        },
        unicode: !options.ascii,
        ..usual
    }
}

/// The terminal as it is; 80 x 24 without colours where there is none.
pub(crate) fn usual_screen() -> Screen {
    let size = terminal_size::terminal_size_of(stdout());
    let (width, height) = size.map_or((80, 24), |(width, height)| (width.0, height.0));
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Screen {
        width: usize::from(width.max(20)),
        // A few lines stay for the prompt and what was typed.
        height: usize::from(height.saturating_sub(4).clamp(14, 30)),
        colour: stdout().is_terminal() && !no_color,
        unicode: true,
    }
}

/// The curves of all specs: a panel for the learning rate, and one for each other field that moves.
fn chart(options: &Options, training: Training) -> Result<Chart, Failure> {
    let mut previews = Vec::new();
    for text in &options.specs {
        let read = spec::read(text)?;
        let shares = matches!(read, Spec::Plan(_)) && options.lr.is_none();
        if read.counts_epochs() && !training.has_epochs {
            writeln!(stderr(), "note: an epoch is taken to be 1 step; --steps-per-epoch says what it is")?;
        }
        let strategy = read.strategy_at(options.lr);
        let preview = Preview::new(&strategy, training.horizon).map_err(|error| in_spec(text, error))?;
        previews.push((text, preview, shares));
    }
    let shown: Vec<Shown<'_>> =
        previews.iter().map(|(label, preview, shares)| Shown { label, preview, shares: *shares }).collect();
    let time = Time {
        total_steps: training.horizon.total_steps,
        steps_per_epoch: training.has_epochs.then_some(training.horizon.steps_per_epoch),
    };
    Chart::of_previews(&shown, time, options.log).map_err(|error| Failure::Input(error.to_string()))
}

/// What is wrong with one of several specs, with its text.
fn in_spec(text: &str, error: SpecError) -> Failure {
    if error.text().is_some() { error.into() } else { Failure::Input(format!("{text}: {error}")) }
}
