//! Range tests in characters: the smoothed curves as dots, the rest as columns, suggestions by number.

use super::{Kind, Mark, View, left_out, losses};
use crate::plot::{
    Screen, one_line,
    terminal::{
        canvas::Canvas,
        line::{Line, symbol},
    },
    ticks,
};

/// Lines of the plot, at least.
const LEAST_ROWS: usize = 6;
/// Cells of the plot, at least, before the tick labels at its left give way.
const LEAST_CELLS: usize = 16;
/// Lines for each tick of the loss axis, and cells for each of the rates.
const TICK_ROOM: [usize; 2] = [3, 10];
/// Whose colours the hint, the edge and the stability limit have among those of curves; curves have the first.
const COLOURS: [usize; 3] = [2, 1, 4];

/// The view as lines of text without trailing spaces, each ended by a line break; no line of the plot is
/// wider than the screen.
pub fn terminal(view: &View, screen: &Screen) -> String {
    let curves = view.curves();
    let range = losses(&curves);
    let legend = legend(view, screen);
    let fixed = usize::from(view.title.is_some()) + 4 + legend.len();
    let rows = screen.height.saturating_sub(fixed).max(LEAST_ROWS);
    let labels = labels(range, rows);
    let widest = labels.iter().map(|(_, text)| text.len()).max().unwrap_or(0);
    let gutter = if screen.width < widest + 2 + LEAST_CELLS { 0 } else { widest };
    let cells = screen.width.saturating_sub(gutter + 2).max(1);

    let mut lines: Vec<Line> =
        view.title.iter().flat_map(|title| Line::of(&one_line(title)).wrapped(screen, 2)).collect();
    let mut heading = "training loss, smoothed".to_owned();
    if let Some(outside) = left_out(&curves, range) {
        heading = format!("{heading} ({outside})");
    }
    lines.extend(Line::of(&heading).wrapped(screen, 2));

    let mut canvas = Canvas::new(cells, rows, screen.unicode);
    let [across, down] = canvas.dots();
    for curve in &curves {
        let mut before: Option<(usize, usize)> = None;
        for (rate, loss) in curve.rates.iter().zip(&curve.smoothed) {
            let x = (view.share(*rate) * (across * cells - 1) as f64).round() as usize;
            let y = row(*loss, range, rows * down);
            let (x0, y0) = before.unwrap_or((x, y));
            for at in x0..=x {
                let height = |at: usize| {
                    let share = if x > x0 { (at - x0) as f64 / (x - x0) as f64 } else { 1.0 };
                    (y0 as f64 + (y as f64 - y0 as f64) * share).round() as usize
                };
                // From the column before, so that steep pieces have no gaps.
                let from = height(at.saturating_sub(1).max(x0));
                canvas.fill(at, from, height(at), (0, '*'));
            }
            before = Some((x, y));
        }
    }
    let columns = Columns::of(view, cells);
    let [edge, tick] = if screen.unicode { ['│', '┤'] } else { ['|', '+'] };
    for index in 0..rows {
        let label = labels.iter().find(|(other, _)| *other == index);
        let text = label.filter(|_| gutter > 0).map_or("", |(_, text)| text);
        let mut line = Line::of(&format!("{text:>gutter$} "));
        line.push(if label.is_some() { tick } else { edge }, None);
        for (cell, (c, owner)) in canvas.row(index).enumerate() {
            match columns.kind(cell) {
                Some(kind) if c == ' ' || c == '\u{2800}' => line.push(column(kind, screen), colour(kind)),
                _ => line.push(c, owner),
            }
        }
        lines.push(line);
    }
    lines.extend(rate_axis(view, gutter, cells, screen));
    lines.extend(legend);
    lines.into_iter().map(|line| line.text(screen)).collect()
}

/// The row of `loss` among `rows`, counted from the top.
fn row(loss: f64, [low, high]: [f64; 2], rows: usize) -> usize {
    let share = ((loss - low) / (high - low)).clamp(0.0, 1.0);
    ((1.0 - share) * (rows - 1) as f64).round() as usize
}

/// Round losses, each with its row.
fn labels(range: [f64; 2], rows: usize) -> Vec<(usize, String)> {
    let mut labels: Vec<(usize, String)> = Vec::new();
    for (loss, text) in ticks::linear(range[0], range[1], (rows / TICK_ROOM[0]).max(2)) {
        let row = row(loss, range, rows);
        if labels.iter().all(|(other, _)| *other != row) {
            labels.push((row, text));
        }
    }
    labels
}

/// The cell of a rate; `None` for one that was not swept.
fn cell(view: &View, rate: f64, cells: usize) -> Option<usize> {
    let share = view.share(rate);
    (0.0..=1.0).contains(&share).then(|| (share * (cells - 1) as f64).round() as usize)
}

/// The hint and the limits, which stand as columns.
struct Columns(Vec<(usize, Kind)>);

impl Columns {
    fn of(view: &View, cells: usize) -> Self {
        let special = view.marks.iter().filter(|mark| mark.kind != Kind::Suggestion);
        Self(special.filter_map(|mark| Some((cell(view, mark.rate, cells)?, mark.kind))).collect())
    }

    fn kind(&self, cell: usize) -> Option<Kind> {
        self.0.iter().find(|(column, _)| *column == cell).map(|(_, kind)| *kind)
    }
}

fn column(kind: Kind, screen: &Screen) -> char {
    match (kind, screen.unicode) {
        (Kind::Hint, true) => '┃',
        (Kind::Hint, false) => 'H',
        (Kind::Edge, true) => '╳',
        (Kind::Edge, false) => 'X',
        (Kind::Stability, true) => '┊',
        (Kind::Stability, false) => ':',
        (Kind::Suggestion, _) => ' ',
    }
}

fn colour(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Suggestion => None,
        Kind::Hint => Some(COLOURS[0]),
        Kind::Edge => Some(COLOURS[1]),
        Kind::Stability => Some(COLOURS[2]),
    }
}

/// The line below the plot with the numbers of suggestions on it, and the rates.
fn rate_axis(view: &View, gutter: usize, cells: usize, screen: &Screen) -> Vec<Line> {
    let [low, high] = view.rates();
    let ticks: Vec<(usize, String)> = ticks::log(low, high, (cells / TICK_ROOM[1]).max(2))
        .into_iter()
        .filter_map(|(rate, text)| Some((cell(view, rate, cells)?, text)))
        .collect();
    let [corner, dash, tick] = if screen.unicode { ['└', '─', '┬'] } else { ['+', '-', '+'] };
    let mut axis: Vec<char> = vec![dash; cells];
    for (cell, _) in &ticks {
        axis[*cell] = tick;
    }
    for (index, mark) in suggestions(view).enumerate() {
        if let Some(cell) = cell(view, mark.rate, cells) {
            axis[cell] = symbol(index);
        }
    }
    let mut line = Line::of(&format!("{:gutter$} ", ""));
    line.push(corner, None);
    for c in axis {
        line.push(c, None);
    }
    let mut text = " ".repeat(gutter + 2);
    for (cell, label) in ticks {
        let start = (gutter + 2 + cell).saturating_sub(label.len() / 2).max(gutter + 2);
        let start = start.min(screen.width.saturating_sub(label.len()));
        if start > text.len() || text.len() == gutter + 2 {
            text = format!("{text:start$}{label}");
        }
    }
    let name = format!("{:1$}learning rate (log)", "", gutter + 2);
    vec![line, Line::of(&text), Line::of(&name)]
}

/// In the order of their rates.
fn suggestions(view: &View) -> impl Iterator<Item = &Mark> {
    let mut marks: Vec<&Mark> = view.marks.iter().filter(|mark| mark.kind == Kind::Suggestion).collect();
    marks.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    marks.into_iter()
}

/// Every mark with its rate, as many in a line as fit.
fn legend(view: &View, screen: &Screen) -> Vec<Line> {
    let mut entries: Vec<(char, Option<usize>, String)> = Vec::new();
    for mark in view.marks.iter().filter(|mark| mark.kind != Kind::Suggestion) {
        let mut text = format!("{} {}", mark.label, ticks::brief(mark.rate));
        if let (Kind::Hint, Some([low, high])) = (mark.kind, view.interval) {
            text = format!("{text} ({} to {})", ticks::brief(low), ticks::brief(high));
        }
        entries.push((column(mark.kind, screen), colour(mark.kind), text));
    }
    for (index, mark) in suggestions(view).enumerate() {
        entries.push((symbol(index), None, format!("{} {}", one_line(&mark.label), ticks::brief(mark.rate))));
    }
    let mut lines: Vec<Line> = Vec::new();
    for (symbol, owner, text) in entries {
        let mut entry = Line::default();
        entry.push(symbol, owner);
        entry.append(Line::of(&format!(" {text}")));
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
