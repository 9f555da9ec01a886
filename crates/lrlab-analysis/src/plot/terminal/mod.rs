//! The chart in characters: Braille dots, eight a cell, or plain ASCII.
//!
//! Curves are told apart by the numbers on them, which the legend explains; colour only helps.

pub(crate) mod canvas;
pub(crate) mod line;

use self::{canvas::Canvas, line::Line};
use super::{
    Chart, Names, Panel, Scale,
    axis::{Axis, Below},
    columns::{Column, columns},
    marks, one_line, ticks,
};

/// Where a chart is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Character cells in a line; no line of a plot is longer.
    pub width: usize,
    /// Lines that the plot should take; it takes more where its panels and legend need them.
    pub height: usize,
    /// Whether ANSI colour codes are understood.
    pub colour: bool,
    /// Whether there are Braille dots and lines, or ASCII alone.
    pub unicode: bool,
}

/// Lines of a panel's plot, at least.
const LEAST_ROWS: usize = 5;
/// Cells of a plot, at least, before the tick labels at its left give way.
const LEAST_COLUMNS: usize = 12;
/// Lines for each tick of a value axis, and cells for each tick of the step axis.
const TICK_ROOM: (usize, usize) = (3, 12);
/// Plots at least this wide have two numbers on each curve.
const TWO_NUMBERS: usize = 60;

/// The chart as lines of text without trailing spaces, each ended by a line break.
pub fn terminal(chart: &Chart, screen: &Screen) -> String {
    let names = Names::of(chart);
    let legend = legend(&names, screen);
    let fixed = usize::from(chart.title.is_some())
        + chart.panels.len()
        + 2
        + usize::from(chart.time.steps_per_epoch.is_some())
        + legend.len();
    let rows = screen.height.saturating_sub(fixed) / chart.panels.len();
    let plots: Vec<Plot> =
        chart.panels.iter().map(|panel| Plot::of(panel, screen.width, rows.max(LEAST_ROWS))).collect();

    let mut gutter =
        plots.iter().flat_map(|plot| &plot.labels).map(|(_, text)| text.len()).max().unwrap_or(0);
    gutter = gutter.max(if chart.time.steps_per_epoch.is_some() { "epoch" } else { "step" }.len());
    if screen.width < gutter + 2 + LEAST_COLUMNS {
        gutter = 0;
    }
    let cells = screen.width.saturating_sub(gutter + 2).max(1);

    let mut lines: Vec<Line> =
        chart.title.iter().flat_map(|title| Line::of(&one_line(title)).wrapped(screen, 2)).collect();
    for ((panel, plot), names) in chart.panels.iter().zip(&plots).zip(&names.places) {
        lines.extend(Line::of(&plot.heading(panel)).wrapped(screen, 2));
        lines.extend(plot.lines(panel, names, gutter, cells, screen));
    }
    lines.extend(time_axis(chart, gutter, cells, screen));
    lines.extend(legend);
    lines.into_iter().map(|line| line.text(screen)).collect()
}

/// What a panel needs to be drawn.
struct Plot {
    axis: Axis,
    rows: usize,
    /// Text beside a row.
    labels: Vec<(usize, String)>,
}

impl Plot {
    fn of(panel: &Panel, width: usize, rows: usize) -> Self {
        // Twice as many as cells: one for each dot.
        let curves: Vec<Vec<Column>> =
            panel.curves.iter().map(|curve| columns(&curve.values, (2 * width).max(200))).collect();
        let axis = Axis::of(panel.scale, &curves);
        let mut plot = Self { axis, rows, labels: Vec::new() };
        for (value, text) in axis.ticks((rows / TICK_ROOM.0).max(2)) {
            let row = plot.dot(value, 4) / 4;
            if plot.labels.iter().all(|(other, _)| *other != row) {
                plot.labels.push((row, text));
            }
        }
        plot.labels.extend(axis.below.tick().map(|text| (rows - 1, text)));
        plot
    }

    fn heading(&self, panel: &Panel) -> String {
        let mut text = one_line(&panel.quantity);
        if panel.scale == Scale::Log {
            text.push_str(" (log");
            if let Some(note) = self.axis.below.note() {
                text.push_str("; ");
                text.push_str(&note);
            }
            text.push(')');
        }
        text
    }

    /// The row of dots of `value`, counted from the top, where a cell has `dots` of them.
    fn dot(&self, value: f64, dots: usize) -> usize {
        let lane = usize::from(self.axis.below != Below::Nothing);
        let last = (self.rows - lane) * dots - 1;
        // The lane's dots keep off the axis and off the line below.
        let in_lane = last + 1 + dots / 2;
        self.axis.height(value).map_or(in_lane, |height| ((1.0 - height) * last as f64).round() as usize)
    }

    fn lines(
        &self,
        panel: &Panel,
        names: &[usize],
        gutter: usize,
        cells: usize,
        screen: &Screen,
    ) -> Vec<Line> {
        let mut canvas = Canvas::new(cells, self.rows, screen.unicode);
        let numbered = panel.curves.len() > 1 || names.first().is_some_and(|name| *name > 0);
        let [across, down] = canvas.dots();
        for (curve, name) in panel.curves.iter().zip(names) {
            let columns = columns(&curve.values, across * cells);
            let symbol = if numbered { line::symbol(*name) } else { '*' };
            let mut before: Option<(usize, usize)> = None;
            for x in 0..across * cells {
                // The last step that begins here or earlier, so that a drop stands where it begins.
                let index = ((x + 1) * columns.len()).div_ceil(across * cells) - 1;
                let column = &columns[index];
                let dot = |value| self.dot(value, down);
                let (mut from, mut to) = (dot(column.greatest.value), dot(column.least.value));
                if let Some((place, last)) = before {
                    if place == index {
                        (from, to) = (last, last);
                    } else if last < from {
                        // From the dot next to the last one, so that gentle slopes stay thin.
                        from = last + 1;
                    } else if last > to {
                        to = last - 1;
                    }
                }
                canvas.fill(x, from, to, (*name, symbol));
                before = Some((index, dot(column.last.value)));
            }
        }
        if numbered && screen.unicode {
            self.numbers(panel, names, cells, &mut canvas);
        }
        let [edge, tick] = if screen.unicode { ['│', '┤'] } else { ['|', '+'] };
        (0..self.rows)
            .map(|row| {
                let label = self.labels.iter().find(|(other, _)| *other == row);
                let text = label.filter(|_| gutter > 0).map_or("", |(_, text)| text);
                let mut line = Line::of(&format!("{text:>gutter$} "));
                line.push(if label.is_some() { tick } else { edge }, None);
                canvas.row(row).for_each(|(c, owner)| line.push(c, owner));
                line
            })
            .collect()
    }

    fn numbers(&self, panel: &Panel, names: &[usize], cells: usize, canvas: &mut Canvas) {
        let places: Vec<Vec<Column>> =
            panel.curves.iter().map(|curve| columns(&curve.values, cells)).collect();
        let count = places.first().map_or(0, Vec::len);
        let split = if count < TWO_NUMBERS { count } else { count / 2 };
        for half in [0..split, split..count] {
            for (index, place) in marks::place(&self.axis, &places, half).into_iter().enumerate() {
                let column = &places[index][place];
                let middle = panel.curves[index].values[usize::midpoint(column.first.t, column.last.t)];
                // Fewer steps than cells: the middle of those that show this step.
                let cell = (2 * place + 1) * cells / (2 * count);
                canvas.number(cell, self.dot(middle, 4) / 4, (names[index], line::symbol(names[index])));
            }
        }
    }
}

/// The line below the last plot, steps, and epochs where they are known.
fn time_axis(chart: &Chart, gutter: usize, cells: usize, screen: &Screen) -> Vec<Line> {
    let total = chart.time.total_steps as f64;
    let most = (cells / TICK_ROOM.1).max(1);
    let cell = |step: f64| ((step / total * cells as f64) as usize).min(cells - 1);
    let steps = ticks::steps(chart.time.total_steps, most);
    let [corner, line, tick] = if screen.unicode { ['└', '─', '┬'] } else { ['+', '-', '+'] };
    let mut axis = Line::of(&format!("{:gutter$} ", ""));
    axis.push(corner, None);
    let marked: Vec<usize> = steps.iter().map(|(step, _)| cell(*step)).collect();
    (0..cells).for_each(|cell| axis.push(if marked.contains(&cell) { tick } else { line }, None));

    let mut rows = vec![("step", steps)];
    if let Some(epoch) = chart.time.steps_per_epoch.map(|steps| steps as f64) {
        let ticks = ticks::linear(0.0, total / epoch, most);
        rows.push(("epoch", ticks.into_iter().map(|(value, text)| (value * epoch, text)).collect()));
    }
    let mut lines = vec![axis];
    lines.extend(rows.into_iter().map(|(name, ticks)| {
        let name = if gutter > 0 { name } else { "" };
        let mut text = format!("{name:>gutter$}  ");
        for (step, label) in ticks {
            // Centred under its tick as far as the line's ends allow.
            let start = (gutter + 2 + cell(step)).saturating_sub(label.len() / 2).max(gutter + 2);
            let start = start.min(screen.width.saturating_sub(label.len()));
            if start > text.len() || text.len() == gutter + 2 {
                text = format!("{text:start$}{label}");
            }
        }
        Line::of(&text)
    }));
    lines
}

/// Numbers and labels, as many in a line as fit; what is too long goes on below.
fn legend(names: &Names, screen: &Screen) -> Vec<Line> {
    if let [label] = names.labels[..] {
        return if label.is_empty() { Vec::new() } else { Line::of(&one_line(label)).wrapped(screen, 0) };
    }
    let mut lines: Vec<Line> = Vec::new();
    for (index, label) in names.labels.iter().enumerate() {
        let mut entry = Line::default();
        entry.push(line::symbol(index), Some(index));
        entry.append(Line::of(&format!(" {}", one_line(label))));
        match lines.last_mut() {
            Some(line) if line.width(screen) + 3 + entry.width(screen) <= screen.width => {
                line.append(Line::of("   "));
                line.append(entry);
            }
            _ => lines.extend(entry.wrapped(screen, 2)),
        }
    }
    lines
}
