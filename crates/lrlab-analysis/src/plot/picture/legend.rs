//! The legend above the panels: a piece of each curve with its number and whole label.

use super::{
    TEXT, TEXT_SIZE,
    ink::{self, Anchor, Ink},
};
use crate::{
    plot::{Names, one_line},
    report::palette,
};

/// Width of the piece of a curve, and from its start to the label.
const SAMPLE: (f64, f64) = (52.0, 60.0);
/// Between a label and the next entry.
const GAP: f64 = 26.0;
const ROW: f64 = 23.0;
/// Below the legend.
const BELOW: f64 = 4.0;

/// Entries and their places.
pub(super) struct Legend {
    entries: Vec<Entry>,
    /// Of all rows.
    pub(super) height: f64,
}

struct Entry {
    at: (f64, f64),
    lines: Vec<String>,
}

impl Legend {
    /// The legend of `names` within `width`: in columns where two fit, else one entry after another.
    pub(super) fn of(names: &Names, width: f64) -> Self {
        let wrapped: Vec<Vec<String>> =
            names.labels.iter().map(|label| wrap(&one_line(label), width - SAMPLE.1)).collect();
        let room = |lines: &[String]| {
            SAMPLE.1 + lines.iter().map(|line| ink::width(line, TEXT_SIZE)).fold(0.0, f64::max) + GAP
        };
        let widest = wrapped.iter().map(|lines| room(lines)).fold(0.0, f64::max);
        let aligned = 2.0 * widest <= width + GAP;
        let (mut x, mut y, mut height) = (0.0, 0.0, ROW);
        let mut entries = Vec::new();
        for lines in wrapped {
            let own = if aligned { widest } else { room(&lines) };
            if x > 0.0 && x + own > width + GAP {
                (x, y) = (0.0, y + height);
                height = ROW;
            }
            height = height.max(lines.len() as f64 * ROW);
            entries.push(Entry { at: (x, y), lines });
            x += own;
        }
        Self { entries, height: y + height + BELOW }
    }

    pub(super) fn draw(&self, ink: &mut Ink, (left, top): (f64, f64)) {
        for (index, Entry { at, lines }) in self.entries.iter().enumerate() {
            let (x, y) = (left + at.0, top + at.1 + ROW / 2.0);
            let color = palette::style(index).color;
            ink.curve(vec![(x, y), (x + SAMPLE.0, y)], color, super::panel::STROKE, ink::dash(index));
            if self.entries.len() > 1 {
                ink.number((x + SAMPLE.0 / 2.0, y), index + 1, color);
            }
            for (row, line) in lines.iter().enumerate() {
                let baseline = y + 5.0 + row as f64 * ROW;
                ink.text((x + SAMPLE.1, baseline), line, TEXT_SIZE, Anchor::Start, TEXT);
            }
        }
    }
}

/// `label` in lines of at most `room` pixels, broken at spaces where there are any.
fn wrap(label: &str, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    let fits = |line: &str| ink::width(line, TEXT_SIZE) <= room;
    for word in label.split_inclusive(' ') {
        let line = lines.last_mut().map(std::mem::take).unwrap_or_default();
        let joined = format!("{line}{word}");
        lines.pop();
        if fits(joined.trim_end()) {
            lines.push(joined);
            continue;
        }
        if !line.is_empty() {
            lines.push(line);
        }
        let mut piece = String::new();
        for c in word.chars() {
            if !piece.is_empty() && !fits(&format!("{piece}{c}")) {
                lines.push(std::mem::take(&mut piece));
            }
            piece.push(c);
        }
        lines.push(piece);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_labels_are_wrapped_and_lose_nothing() {
        let label = format!("cosine {} with restarts", "x".repeat(90));
        let lines = wrap(&label, 300.0);
        assert!(lines.len() > 2 && lines.concat() == label);
        assert!(lines.iter().all(|line| ink::width(line.trim_end(), TEXT_SIZE) <= 300.0));
    }
}
