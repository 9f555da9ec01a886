//! Range tests as SVG or PNG.

use super::{Kind, Mark, View, left_out, losses};
use crate::plot::{
    PlotError, Size, one_line,
    picture::{
        BOLD, GRID, HEADING_SIZE, LINE, PADDING, TEXT, TICK_SIZE, TITLE_SIZE,
        ink::{self, Anchor, Ink},
        shortened,
    },
    ticks,
};

/// Below the plot: ticks, and the name of the axis.
const BOTTOM: f64 = 48.0;
/// Right of the plot, for half of the last tick's text.
const RIGHT: f64 = 30.0;
/// One row of labels above the plot.
const ROW: f64 = 20.0;
/// Between the labels and the plot.
const LEADER: f64 = 8.0;
/// Between two labels of a row.
const APART: f64 = 12.0;
/// The heading's line above the labels.
const HEADING: f64 = 26.0;
/// The line that tells what is not drawn.
const NOTE: f64 = 20.0;
/// A plot is not drawn lower than this.
const LEAST_HEIGHT: f64 = 120.0;
/// Pixels for each tick.
const TICK_ROOM: [f64; 2] = [90.0, 45.0];
const CURVE: &str = "#0072b2";
const FAINT: &str = "#a6cee4";
/// Behind the hint's interval, and beyond the edge.
const BAND: &str = "#d5efe6";
const BEYOND: &str = "#fbeee6";

/// The view as SVG, on white, without anything from outside.
pub fn svg(view: &View, size: Size) -> String {
    draw(view, size).svg()
}

/// The view as PNG, on white, at two pixels for each of `size`.
///
/// # Errors
/// [`PlotError::Encode`], a fault of lrlab.
pub fn png(view: &View, size: Size) -> Result<Vec<u8>, PlotError> {
    draw(view, size).png().map_err(|why| PlotError::Encode { why })
}

/// Where the plot lies, and what lies at its borders.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    rates: [f64; 2],
    losses: [f64; 2],
}

impl Frame {
    fn x(&self, rate: f64) -> f64 {
        let share = (rate / self.rates[0]).ln() / (self.rates[1] / self.rates[0]).ln();
        self.left + share * (self.right - self.left)
    }

    /// As [`Frame::x`], at the border for what lies outside.
    fn x_inside(&self, rate: f64) -> f64 {
        self.x(rate).clamp(self.left, self.right)
    }

    fn y(&self, loss: f64) -> f64 {
        let share = (loss - self.losses[0]) / (self.losses[1] - self.losses[0]);
        self.bottom - share * (self.bottom - self.top)
    }
}

fn draw(view: &View, size: Size) -> Ink {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let curves = view.curves();
    let range = losses(&curves);
    let ticks = ticks::linear(range[0], range[1], (height / TICK_ROOM[1] / 1.5) as usize);
    let widest = ticks.iter().map(|(_, text)| ink::width(text, TICK_SIZE)).fold(0.0, f64::max);
    let left = PADDING + widest + 12.0;
    let mut frame = Frame {
        left,
        right: (width - RIGHT).max(left + 20.0),
        top: 0.0,
        bottom: 0.0,
        rates: view.rates(),
        losses: range,
    };
    let labels = Labels::of(view, &frame);
    let title = if view.title.is_some() { f64::from(TITLE_SIZE) + 12.0 } else { 0.0 };
    let outside = left_out(&curves, range);
    let note = if outside.is_some() { NOTE } else { 0.0 };
    frame.top = PADDING + title + HEADING + note + labels.rows as f64 * ROW + LEADER;
    frame.bottom = (height - BOTTOM).max(frame.top + LEAST_HEIGHT);

    let mut ink = Ink::new(width, height.max(frame.bottom + BOTTOM));
    if let Some(title) = &view.title {
        let text = shortened(&one_line(title), TITLE_SIZE, (width - 2.0 * PADDING) * BOLD);
        ink.title((PADDING, PADDING + f64::from(TITLE_SIZE) - 3.0), &text, TITLE_SIZE);
    }
    let heading = "training loss: smoothed, and faint as measured";
    ink.text((PADDING, PADDING + title + 13.0), heading, HEADING_SIZE, Anchor::Start, TEXT);
    if let Some(outside) = &outside {
        ink.text((PADDING, PADDING + title + 32.0), outside, TICK_SIZE, Anchor::Start, TEXT);
    }
    areas(view, &frame, &mut ink);
    axes(&frame, &ticks, &mut ink);
    for curve in &curves {
        for piece in pieces(curve.rates, curve.losses, &frame) {
            ink.curve(piece, FAINT, 1.0, &[]);
        }
    }
    for curve in &curves {
        for piece in pieces(curve.rates, &curve.smoothed, &frame) {
            ink.curve(piece, CURVE, 2.2, &[]);
        }
    }
    labels.draw(&frame, &mut ink);
    ink
}

/// The hint's interval, and what lies beyond the edge.
fn areas(view: &View, frame: &Frame, ink: &mut Ink) {
    let mut area = |[from, to]: [f64; 2], color: &str| {
        let (from, to) = (frame.x_inside(from), frame.x_inside(to));
        ink.area((from, frame.top), ((to - from).max(0.0), frame.bottom - frame.top), color);
    };
    if let Some(edge) = view.marks.iter().find(|mark| mark.kind == Kind::Edge) {
        area([edge.rate, f64::INFINITY], BEYOND);
    }
    if let Some(interval) = view.interval {
        area(interval, BAND);
    }
}

fn axes(frame: &Frame, ticks: &[(f64, String)], ink: &mut Ink) {
    for (loss, text) in ticks {
        let y = frame.y(*loss);
        ink.line((frame.left, y), (frame.right, y), GRID, 1.0);
        ink.text((frame.left - 8.0, y + 4.6), text, TICK_SIZE, Anchor::End, TEXT);
    }
    let most = ((frame.right - frame.left) / TICK_ROOM[0]).max(2.0) as usize;
    for (rate, text) in ticks::log(frame.rates[0], frame.rates[1], most) {
        let x = frame.x(rate);
        ink.line((x, frame.top), (x, frame.bottom), GRID, 1.0);
        ink.line((x, frame.bottom), (x, frame.bottom + 5.0), LINE, 1.0);
        ink.text((x, frame.bottom + 19.0), &text, TICK_SIZE, Anchor::Middle, TEXT);
    }
    ink.line((frame.left, frame.top), (frame.left, frame.bottom), LINE, 1.2);
    ink.line((frame.left, frame.bottom), (frame.right, frame.bottom), LINE, 1.2);
    let middle = f64::midpoint(frame.left, frame.right);
    ink.text((middle, frame.bottom + 38.0), "learning rate (log)", TICK_SIZE, Anchor::Middle, TEXT);
}

/// The pieces of a curve that lie in the frame, cut where they cross its top or bottom.
fn pieces(rates: &[f64], losses: &[f64], frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    let mut before: Option<(f64, f64)> = None;
    for (rate, loss) in rates.iter().zip(losses) {
        if !loss.is_finite() {
            pieces.push(Vec::new());
            before = None;
            continue;
        }
        let point = (frame.x(*rate), frame.y(*loss));
        if let Some((from, to)) = before.and_then(|before| inside(before, point, frame)) {
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        before = Some(point);
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The part of the line from `a` to `b` between the frame's top and bottom.
fn inside(a: (f64, f64), b: (f64, f64), frame: &Frame) -> Option<((f64, f64), (f64, f64))> {
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (gap, fall) in [(a.1 - frame.top, b.1 - a.1), (frame.bottom - a.1, a.1 - b.1)] {
        // Inside where gap + share * fall >= 0.
        if fall == 0.0 && gap < 0.0 {
            return None;
        }
        if fall > 0.0 {
            from = from.max(-gap / fall);
        } else if fall < 0.0 {
            to = to.min(-gap / fall);
        }
    }
    let at = |share: f64| match share {
        0.0 => a,
        1.0 => b,
        share => (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share),
    };
    (from < to).then(|| (at(from), at(to)))
}

/// Labels of marks in rows above the plot.
struct Labels<'a> {
    rows: usize,
    /// Mark, its text's width, the row counted upwards from the plot, and where the text is centred.
    placed: Vec<(&'a Mark, f64, usize, f64)>,
}

impl<'a> Labels<'a> {
    /// Each in the lowest row in which it touches none before it.
    fn of(view: &'a View, frame: &Frame) -> Self {
        let mut marks: Vec<&Mark> = view.marks.iter().collect();
        marks.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let mut ends: Vec<f64> = Vec::new();
        let mut placed = Vec::new();
        for mark in marks {
            let width = ink::width(&text(mark, frame), TICK_SIZE);
            let low = frame.left + width / 2.0;
            let centre = frame.x(mark.rate).clamp(low, (frame.right - width / 2.0).max(low));
            let free = ends.iter().position(|end| *end + APART <= centre - width / 2.0);
            let row = free.unwrap_or_else(|| {
                ends.push(0.0);
                ends.len() - 1
            });
            ends[row] = centre + width / 2.0;
            placed.push((mark, width, row, centre));
        }
        Self { rows: ends.len(), placed }
    }

    /// Lines first, so that none runs through a text.
    fn draw(&self, frame: &Frame, ink: &mut Ink) {
        let base = |row: usize| frame.top - LEADER - row as f64 * ROW;
        for (mark, _, row, _) in self.placed.iter().filter(|(mark, ..)| frame.holds(mark.rate)) {
            let x = frame.x(mark.rate);
            let (color, width, dash) = style(mark.kind);
            ink.curve(vec![(x, base(*row)), (x, frame.bottom)], color, width, dash);
        }
        for (mark, width, row, centre) in &self.placed {
            let bottom = base(*row);
            ink.area((centre - width / 2.0 - 2.0, bottom - 15.0), (width + 4.0, 18.0), "#ffffff");
            let color = if mark.kind == Kind::Suggestion { TEXT } else { style(mark.kind).0 };
            ink.text((*centre, bottom - 1.0), &text(mark, frame), TICK_SIZE, Anchor::Middle, color);
        }
    }
}

impl Frame {
    fn holds(&self, rate: f64) -> bool {
        (self.rates[0]..=self.rates[1]).contains(&rate)
    }
}

/// What a mark's label says: its rate too, where it is a limit or the hint, or lies outside.
fn text(mark: &Mark, frame: &Frame) -> String {
    let rate = ticks::brief(mark.rate);
    let label = one_line(&mark.label);
    match mark.kind {
        _ if !frame.holds(mark.rate) => format!("{label} {rate} (not swept)"),
        Kind::Suggestion => label,
        _ => format!("{label} {rate}"),
    }
}

/// Colour, width and dashes of a mark's line.
fn style(kind: Kind) -> (&'static str, f64, &'static [f64]) {
    match kind {
        Kind::Suggestion => ("#8a8a8a", 1.0, &[4.0, 3.0]),
        Kind::Hint => ("#00795a", 2.4, &[]),
        Kind::Edge => ("#b84a00", 1.8, &[]),
        Kind::Stability => ("#a3427e", 1.8, &[9.0, 4.0]),
    }
}
