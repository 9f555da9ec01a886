//! Schedules as curves against steps: a picture, a plot for the terminal, a line of text, or data.
//!
//! A [`Chart`] is checked once, when it is made; drawing it cannot fail, and the same chart gives the
//! same bytes. Every value holds for its whole step, so curves are drawn as stairs and a drop falls
//! straight down, however many steps share a column of pixels: each column keeps its first, least,
//! greatest and last value.

mod axis;
mod columns;
mod csv;
mod marks;
pub(crate) mod picture;
mod preview;
mod sparkline;
pub(crate) mod terminal;
pub(crate) mod ticks;

pub use csv::csv;
pub use picture::{Size, png, svg};
pub use preview::{MOST_STEPS, Shown};
pub use sparkline::sparkline;
pub use terminal::{Screen, terminal};

use lrlab_core::PlanError;

/// Curves in panels over one shared step axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    title: Option<String>,
    time: Time,
    panels: Vec<Panel>,
}

/// The axis that all panels share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Steps drawn, at least 1; every curve has a value for each.
    pub total_steps: u64,
    /// Steps in an epoch, at least 1; with it the axis shows epochs below the steps.
    pub steps_per_epoch: Option<u64>,
}

/// One quantity with a value axis of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What is drawn, as its heading says it: `learning rate`.
    pub quantity: String,
    /// How values become heights.
    pub scale: Scale,
    /// At least one; equal labels in several panels are drawn alike.
    pub curves: Vec<Curve>,
}

/// How values become heights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally high. Zero is shown unless all values lie in a narrow range.
    #[default]
    Linear,
    /// Equal factors are equally high. Zero and less, and values that a curve has for less than a
    /// fiftieth of its steps on its way there, are drawn in a lane below the axis.
    Log,
}

/// One value a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name in the legend.
    pub label: String,
    /// The value of step `t` at place `t`; finite.
    pub values: Vec<f64>,
}

/// Why a chart cannot be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlotError {
    /// No panel.
    #[error("the chart has no panel; give it at least one")]
    NoPanel,
    /// No step.
    #[error("the chart has 0 steps; a curve needs at least 1")]
    NoStep,
    /// Epochs without steps.
    #[error("an epoch of the chart has 0 steps; give at least 1, or leave epochs out")]
    EmptyEpoch,
    /// A panel without curves.
    #[error("panel {quantity:?} has no curve; give it at least one")]
    NoCurve {
        /// Heading of the panel.
        quantity: String,
    },
    /// A curve that is shorter or longer than the axis.
    #[error("curve {label:?} of panel {quantity:?} has {values} values, but the chart has {steps} steps")]
    Length {
        /// Heading of the panel.
        quantity: String,
        /// The curve.
        label: String,
        /// Values it has.
        values: usize,
        /// Values it should have.
        steps: u64,
    },
    /// A value that has no place on any axis.
    #[error("curve {label:?} of panel {quantity:?} is {value} at step {step}; only finite values are drawn")]
    NotFinite {
        /// Heading of the panel.
        quantity: String,
        /// The curve.
        label: String,
        /// The first such step.
        step: u64,
        /// NaN or an infinity.
        value: f64,
    },
    /// Nothing that a log axis could show.
    #[error("no value of panel {quantity:?} is above 0, so it has no log axis; draw it on a linear one")]
    NothingPositive {
        /// Heading of the panel.
        quantity: String,
    },
    /// A training that is too long for a picture.
    #[error("{steps} steps are too many to draw, {} are the most", MOST_STEPS)]
    TooLong {
        /// Its steps.
        steps: u64,
    },
    /// A plan that ends with an error before the chart does.
    #[error("{label}: {error}")]
    Plan {
        /// The curve.
        label: String,
        /// What it ends with.
        error: PlanError,
    },
    /// A picture too small to read or too large to hold in memory.
    #[error("a picture of {width} x {height} is not drawn; both sides lie between {low} and {high}", low = Size::LEAST, high = Size::GREATEST)]
    Size {
        /// Width asked for.
        width: u32,
        /// Height asked for.
        height: u32,
    },
    /// The picture could not be encoded; a fault of lrlab.
    #[error("cannot encode the picture: {why}")]
    Encode {
        /// Why.
        why: String,
    },
}

impl Chart {
    /// The chart of `panels`, the first on top.
    ///
    /// # Errors
    ///
    /// What is missing, has the wrong length or cannot be drawn, with its panel, curve and step.
    pub fn new(title: Option<String>, time: Time, panels: Vec<Panel>) -> Result<Self, PlotError> {
        if panels.is_empty() {
            return Err(PlotError::NoPanel);
        }
        if time.total_steps == 0 {
            return Err(PlotError::NoStep);
        }
        if time.steps_per_epoch == Some(0) {
            return Err(PlotError::EmptyEpoch);
        }
        for panel in &panels {
            check(panel, time.total_steps)?;
        }
        Ok(Self { title, time, panels })
    }

    /// What stands above it.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The axis that all panels share.
    pub fn time(&self) -> Time {
        self.time
    }

    /// From top to bottom.
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }
}

fn check(panel: &Panel, steps: u64) -> Result<(), PlotError> {
    let quantity = || panel.quantity.clone();
    if panel.curves.is_empty() {
        return Err(PlotError::NoCurve { quantity: quantity() });
    }
    let mut positive = false;
    for Curve { label, values } in &panel.curves {
        if values.len() as u64 != steps {
            let (label, values) = (label.clone(), values.len());
            return Err(PlotError::Length { quantity: quantity(), label, values, steps });
        }
        if let Some(step) = values.iter().position(|value| !value.is_finite()) {
            let (label, value) = (label.clone(), values[step]);
            return Err(PlotError::NotFinite { quantity: quantity(), label, step: step as u64, value });
        }
        positive |= values.iter().any(|value| *value > 0.0);
    }
    if panel.scale == Scale::Log && !positive {
        return Err(PlotError::NothingPositive { quantity: quantity() });
    }
    Ok(())
}

/// The curves of a whole chart under the names that a legend shows, and which of them each panel draws.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names<'a> {
    /// One entry for each name, in order of appearance.
    labels: Vec<&'a str>,
    /// For each panel and curve its place in `labels`.
    places: Vec<Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of(chart: &'a Chart) -> Self {
        // Two curves of one panel stay two, even under one label.
        let mut names: Vec<(&str, usize)> = Vec::new();
        let mut places = Vec::new();
        for panel in &chart.panels {
            let labels: Vec<&str> = panel.curves.iter().map(|curve| curve.label.as_str()).collect();
            let place = |(index, label): (usize, &&'a str)| {
                let name = (*label, labels[..index].iter().filter(|other| *other == label).count());
                names.iter().position(|other| *other == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                })
            };
            places.push(labels.iter().enumerate().map(place).collect());
        }
        Self { labels: names.into_iter().map(|(label, _)| label).collect(), places }
    }
}

/// `text` on one line: what would break a line or a file becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
