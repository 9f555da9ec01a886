//! One panel: heading, value axis, curves, numbers on them.

use super::{
    GRID, HEADING_SIZE, LINE, TEXT, TICK_SIZE, corners,
    ink::{self, Anchor, Ink},
    ticks,
};
use crate::{
    plot::{
        Panel, Scale,
        axis::{Axis, Below},
        columns::{Column, columns, points},
        marks, one_line,
    },
    report::palette,
};

/// Width of a curve.
/// Just under a whole number of pixels of a PNG, whose level lines would else be unequally thick.
pub(super) const STROKE: f64 = 2.49;
/// A curve this many times longer than its frame is wide fills areas, where dashes make false patterns.
const DENSE: f64 = 12.0;
/// Changes of less than this many pixels from one step to the next need no corner.
const CORNER: f64 = 0.05;
/// Nor do changes of less than this many pixels where a step is narrower than one: no stair is seen.
const STAIR: f64 = 3.0;
/// Height of the lane for what a log axis has no place for, and its distance from the axis.
const LANE: (f64, f64) = (20.0, 4.0);
const LANE_COLOR: &str = "#f2f2f2";
/// Places among which numbers are put.
const PLACES: usize = 48;

/// Where a panel is drawn.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Steps from its left to its right.
    pub(super) steps: f64,
}

impl Frame {
    pub(super) fn x(&self, step: f64) -> f64 {
        self.left + self.width * (step / self.steps)
    }
}

/// What is drawn in a panel.
pub(super) struct Content<'a> {
    pub(super) panel: &'a Panel,
    pub(super) axis: &'a Axis,
    pub(super) ticks: &'a [(f64, String)],
    /// Of each curve.
    pub(super) columns: &'a [Vec<Column>],
    /// The place of each curve in the legend.
    pub(super) names: &'a [usize],
    pub(super) numbered: bool,
}

impl Content<'_> {
    pub(super) fn draw(&self, ink: &mut Ink, frame: &Frame) {
        let Frame { left, top, width, height, .. } = *frame;
        ink.open(format!(
            "data-left=\"{left}\" data-top=\"{top}\" data-width=\"{width}\" data-height=\"{height}\""
        ));
        self.heading(ink, frame);
        self.grid(ink, frame);
        let (dense, thin): (Vec<_>, Vec<_>) = self
            .columns
            .iter()
            .zip(self.names)
            .map(|(columns, name)| (self.stairs(columns, frame), *name))
            .partition(|(curve, _)| length(curve) > DENSE * frame.width);
        // What fills an area lies below the others, or would hide them.
        for (curve, name) in dense {
            ink.curve(curve, palette::style(name).color, STROKE, &[]);
        }
        for (curve, name) in thin {
            ink.curve(curve, palette::style(name).color, STROKE, ink::dash(name));
        }
        if self.numbered {
            self.numbers(ink, frame);
        }
        ink.close();
    }

    fn heading(&self, ink: &mut Ink, frame: &Frame) {
        let mut text = one_line(&self.panel.quantity);
        if self.panel.scale == Scale::Log {
            text.push_str(" (log");
            if let Some(note) = self.axis.below.note() {
                text.push_str("; ");
                text.push_str(&note);
            }
            text.push(')');
        }
        ink.text((frame.left, frame.top - 9.0), &text, HEADING_SIZE, Anchor::Start, TEXT);
    }

    fn grid(&self, ink: &mut Ink, frame: &Frame) {
        let (right, bottom) = (frame.left + frame.width, frame.top + frame.height);
        if self.axis.below != Below::Nothing {
            ink.area((frame.left, bottom - LANE.0), (frame.width, LANE.0), LANE_COLOR);
        }
        let most = ((frame.width / super::TICK_ROOM.1) as usize).max(1);
        for (step, _) in ticks::steps(frame.steps as u64, most) {
            let x = frame.x(step);
            ink.line((x, frame.top), (x, bottom), GRID, 1.0);
        }
        let mut label = |y: f64, text: &str| {
            ink.line((frame.left, y), (right, y), GRID, 1.0);
            ink.line((frame.left - 5.0, y), (frame.left, y), LINE, 1.0);
            ink.text((frame.left - 9.0, y + 4.6), text, TICK_SIZE, Anchor::End, TEXT);
        };
        for (value, text) in self.ticks {
            label(self.y(*value, frame), text);
        }
        if let Some(text) = self.axis.below.tick() {
            label(bottom - LANE.0 / 2.0, &text);
        }
        ink.line((frame.left, frame.top), (frame.left, self.axis_bottom(frame)), LINE, 1.2);
        ink.line((frame.left, bottom), (right, bottom), LINE, 1.2);
    }

    /// Where the value axis ends: above the lane if there is one.
    fn axis_bottom(&self, frame: &Frame) -> f64 {
        let bottom = frame.top + frame.height;
        if self.axis.below == Below::Nothing { bottom } else { bottom - LANE.0 - LANE.1 }
    }

    fn y(&self, value: f64, frame: &Frame) -> f64 {
        let bottom = self.axis_bottom(frame);
        self.axis
            .height(value)
            .map_or(frame.top + frame.height - LANE.0 / 2.0, |height| bottom - height * (bottom - frame.top))
    }

    /// The corners of a curve whose every value holds until the next step; where steps are narrower than
    /// pixels, straight lines between those that are kept.
    fn stairs(&self, columns: &[Column], frame: &Frame) -> Vec<(f64, f64)> {
        let mut corners: Vec<(f64, f64)> = Vec::new();
        let mut add = |corner: (f64, f64)| {
            // Of a level piece its ends are enough.
            if let [.., a, b] = corners[..]
                && a.1 == b.1
                && b.1 == corner.1
            {
                corners.pop();
            }
            corners.push(corner);
        };
        let least = if frame.width < frame.steps { STAIR } else { CORNER };
        let mut end = frame.top;
        for point in points(columns) {
            let x = frame.x(point.t as f64);
            let before = self.y(point.before, frame);
            end = self.y(point.value, frame);
            if (end - before).abs() > least {
                add((x, before));
            }
            add((x, end));
        }
        add((frame.left + frame.width, end));
        corners::needed(&corners)
    }

    fn numbers(&self, ink: &mut Ink, frame: &Frame) {
        let places: Vec<Vec<Column>> =
            self.panel.curves.iter().map(|curve| columns(&curve.values, PLACES)).collect();
        let count = places.first().map_or(0, Vec::len);
        // A number at the very edge would stand on the axis.
        let edge = count / 16;
        let split = if count < 8 { count } else { count / 2 };
        for half in [edge..split, split..count - edge] {
            let columns = marks::place(self.axis, &places, half);
            for ((curve, place), (name, column)) in
                self.panel.curves.iter().zip(&places).zip(self.names.iter().zip(columns))
            {
                let (first, last) = (place[column].first.t, place[column].last.t);
                let middle = f64::midpoint(first as f64, last as f64 + 1.0);
                let value = curve.values[usize::midpoint(first, last)];
                ink.number((frame.x(middle), self.y(value, frame)), name + 1, palette::style(*name).color);
            }
        }
    }
}

fn length(curve: &[(f64, f64)]) -> f64 {
    curve.windows(2).map(|ends| (ends[1].0 - ends[0].0).hypot(ends[1].1 - ends[0].1)).sum()
}
