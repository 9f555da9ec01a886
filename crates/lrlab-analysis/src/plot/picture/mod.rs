//! A still picture as SVG or PNG: title, legend, panels over one step axis.

mod corners;
pub(crate) mod ink;
mod legend;
mod panel;

use self::{ink::Ink, legend::Legend, panel::Frame};
use super::{Chart, Names, PlotError, axis::Axis, columns, columns::Column, one_line, ticks};

/// Width and height of a picture in CSS pixels, of which PNG draws each as 2 x 2; both from 200 to 4000.
///
/// The picture grows taller where its legend or panels need more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// The shortest side.
    pub const LEAST: u32 = 200;
    /// The longest side.
    pub const GREATEST: u32 = 4000;

    /// A size within bounds.
    ///
    /// # Errors
    ///
    /// [`PlotError::Size`] where a side is out of them.
    pub fn new(width: u32, height: u32) -> Result<Self, PlotError> {
        let allowed = Self::LEAST..=Self::GREATEST;
        if allowed.contains(&width) && allowed.contains(&height) {
            Ok(Self { width, height })
        } else {
            Err(PlotError::Size { width, height })
        }
    }

    /// The size that suits a slide: 1000 wide, and as high as the panels of `chart` need.
    pub fn fitting(chart: &Chart) -> Self {
        let panels = u32::try_from(chart.panels.len()).unwrap_or(u32::MAX);
        Self { width: 1000, height: panels.saturating_mul(200).saturating_add(320).min(Self::GREATEST) }
    }
}

/// The chart as SVG, on white, without anything from outside.
pub fn svg(chart: &Chart, size: Size) -> String {
    draw(chart, size).svg()
}

/// The chart as PNG, on white, at two pixels for each of `size`.
///
/// # Errors
///
/// [`PlotError::Encode`], a fault of lrlab.
pub fn png(chart: &Chart, size: Size) -> Result<Vec<u8>, PlotError> {
    draw(chart, size).png().map_err(|why| PlotError::Encode { why })
}

pub(crate) const TITLE_SIZE: u32 = 19;
/// Of the room for bold text, what plain text may take.
pub(crate) const BOLD: f64 = 0.88;
pub(crate) const HEADING_SIZE: u32 = 15;
const TEXT_SIZE: u32 = 14;
pub(crate) const TICK_SIZE: u32 = 13;
/// Around everything.
pub(crate) const PADDING: f64 = 16.0;
/// Right of the panels, for half of the last tick's text.
const RIGHT: f64 = 30.0;
/// From one row of ticks below the panels to the next.
const TICK_ROW: f64 = 20.0;
/// From a panel's top to its plot.
const HEADING_ROW: f64 = 26.0;
const BETWEEN_PANELS: f64 = 14.0;
/// A plot is not drawn lower than this.
const LEAST_HEIGHT: f64 = 70.0;
/// The first panel, most often the learning rate, is this much higher than the others.
const FIRST: f64 = 1.5;
/// Pixels for each tick of a value axis, and of the step axis.
const TICK_ROOM: (f64, f64) = (40.0, 90.0);

pub(crate) const GRID: &str = "#e4e4e4";
pub(crate) const LINE: &str = "#444444";
pub(crate) const TEXT: &str = "#222222";

fn draw(chart: &Chart, size: Size) -> Ink {
    let names = Names::of(chart);
    let width = f64::from(size.width);
    // One column for each pixel; what is kept of it stays where it is, so that nothing blurs.
    let columns: Vec<Vec<Vec<Column>>> = chart
        .panels
        .iter()
        .map(|panel| {
            panel.curves.iter().map(|curve| columns::columns(&curve.values, size.width as usize)).collect()
        })
        .collect();
    let axes: Vec<Axis> =
        chart.panels.iter().zip(&columns).map(|(panel, curves)| Axis::of(panel.scale, curves)).collect();

    let title_height = if chart.title.is_some() { f64::from(TITLE_SIZE) + 14.0 } else { 0.0 };
    let legend = Legend::of(&names, width - 2.0 * PADDING);
    let top = PADDING + title_height + legend.height;
    let rows = if chart.time.steps_per_epoch.is_some() { 2.0 } else { 1.0 };
    let bottom = rows * TICK_ROW;
    let count = axes.len() as f64;
    let room = f64::from(size.height) - top - bottom - count * (HEADING_ROW + BETWEEN_PANELS);
    let others = (room / (count - 1.0 + FIRST)).max(LEAST_HEIGHT);
    let heights = (0..axes.len()).map(|index| if index == 0 { others * FIRST } else { others });

    let ticks: Vec<Vec<(f64, String)>> = axes
        .iter()
        .zip(heights.clone())
        .map(|(axis, height)| axis.ticks((height / TICK_ROOM.0) as usize))
        .collect();
    let widest = ticks
        .iter()
        .flatten()
        .map(|(_, text)| ink::width(text, TICK_SIZE))
        .chain(axes.iter().filter_map(|axis| axis.below.tick()).map(|text| ink::width(&text, TICK_SIZE)))
        .fold(ink::width("epoch", TICK_SIZE), f64::max);
    let left = PADDING + widest + 10.0;

    let panels_height: f64 = heights.clone().sum::<f64>() + count * (HEADING_ROW + BETWEEN_PANELS);
    let mut ink = Ink::new(width, (top + panels_height + bottom).max(f64::from(size.height)));
    if let Some(title) = &chart.title {
        let place = (PADDING, PADDING + f64::from(TITLE_SIZE) - 3.0);
        ink.title(
            place,
            &shortened(&one_line(title), TITLE_SIZE, (width - 2.0 * PADDING) * BOLD),
            TITLE_SIZE,
        );
    }
    legend.draw(&mut ink, (PADDING, PADDING + title_height));

    let mut y = top;
    for (index, height) in heights.enumerate() {
        let frame = Frame {
            left,
            top: y + HEADING_ROW,
            width: (width - left - RIGHT).max(20.0),
            height,
            steps: chart.time.total_steps as f64,
        };
        let panel = &chart.panels[index];
        panel::Content {
            panel,
            axis: &axes[index],
            ticks: &ticks[index],
            columns: &columns[index],
            names: &names.places[index],
            numbered: names.labels.len() > 1,
        }
        .draw(&mut ink, &frame);
        if index + 1 == axes.len() {
            time_axis(&mut ink, &frame, chart);
        }
        y += HEADING_ROW + height + BETWEEN_PANELS;
    }
    ink
}

/// Steps, and epochs where they are known, below the last panel.
fn time_axis(ink: &mut Ink, frame: &Frame, chart: &Chart) {
    let most = ((frame.width / TICK_ROOM.1) as usize).max(1);
    let mut rows = vec![("step", ticks::steps(chart.time.total_steps, most))];
    if let Some(epoch) = chart.time.steps_per_epoch.map(|steps| steps as f64) {
        let ticks = ticks::linear(0.0, frame.steps / epoch, most);
        rows.push(("epoch", ticks.into_iter().map(|(value, text)| (value * epoch, text)).collect()));
    }
    let bottom = frame.top + frame.height;
    for (row, (name, ticks)) in rows.into_iter().enumerate() {
        let y = bottom + (row as f64 + 1.0) * TICK_ROW - 1.0;
        ink.text((frame.left - 14.0, y), name, TICK_SIZE, ink::Anchor::End, TEXT);
        for (step, text) in ticks {
            let x = frame.x(step);
            if row == 0 {
                ink.line((x, bottom), (x, bottom + 5.0), LINE, 1.0);
            }
            ink.text((x, y), &text, TICK_SIZE, ink::Anchor::Middle, TEXT);
        }
    }
}

/// `text` cut to `room` pixels.
pub(crate) fn shortened(text: &str, size: u32, room: f64) -> String {
    if ink::width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if ink::width(&kept, size) + ink::width("m…", size) > room {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}
