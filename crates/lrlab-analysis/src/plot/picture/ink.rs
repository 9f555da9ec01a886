//! The border to kuva: shapes on a white sheet, and the two files they become.

use kuva::{
    backend::{png::PngBackend, svg::SvgBackend},
    render::render::{Primitive, Scene},
};

pub(crate) use kuva::render::render::TextAnchor as Anchor;

/// Device pixels of a PNG for each pixel of the sheet.
const SCALE: f32 = 2.0;
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// Lengths of strokes and gaps, in turn, by index: a curve's pattern. The first is solid.
const DASHES: [&[f64]; 5] = [&[], &[9.0, 4.5], &[3.0, 3.0], &[11.0, 4.0, 3.0, 4.0], &[18.0, 4.0]];

/// Advance widths of the font `DejaVu` Sans from space to tilde, in hundredths of the font size, rounded up.
const WIDTHS: [u8; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64,
    62, 74, 69, 99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98,
    64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// The width of `text`, a little more rather than less.
pub(crate) fn width(text: &str, size: u32) -> f64 {
    let advance = |c: char| {
        let place = (c as usize).checked_sub(32).and_then(|index| WIDTHS.get(index));
        place.map_or(1.0, |hundredths| f64::from(*hundredths) / 100.0)
    };
    text.chars().map(advance).sum::<f64>() * f64::from(size)
}

/// The dash pattern of the curve at `index` of the legend.
pub(crate) fn dash(index: usize) -> &'static [f64] {
    DASHES[index % DASHES.len()]
}

/// A white sheet with shapes on it.
pub(crate) struct Ink {
    scene: Scene,
}

impl Ink {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let mut scene = Scene::new(width, height);
        scene.font_family = Some(FONT.to_owned());
        Self { scene }
    }

    /// Opens a group with attributes of its own, which [`Ink::close`] ends.
    pub(crate) fn open(&mut self, attributes: String) {
        self.scene.add(Primitive::GroupStart { transform: None, title: None, extra_attrs: Some(attributes) });
    }

    pub(crate) fn close(&mut self) {
        self.scene.add(Primitive::GroupEnd);
    }

    /// `text` with its baseline at `y`.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), text: &str, size: u32, anchor: Anchor, color: &str) {
        let content = literal(text);
        let color = Some(color.into());
        self.scene.add(Primitive::Text { x, y, content, size, anchor, rotate: None, bold: false, color });
    }

    /// Text that begins at `x`; bold in SVG. In a PNG it is not, since reading a second font takes longer
    /// than all the drawing.
    pub(crate) fn title(&mut self, (x, y): (f64, f64), text: &str, size: u32) {
        let (content, color) = (literal(text), Some(super::TEXT.into()));
        let anchor = Anchor::Start;
        self.scene.add(Primitive::Text { x, y, content, size, anchor, rotate: None, bold: true, color });
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        self.scene.add(Primitive::PolyLine {
            points: vec![from, to],
            stroke: color.into(),
            stroke_width: width,
            stroke_dasharray: None,
        });
    }

    pub(crate) fn area(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), color: &str) {
        let fill = color.into();
        self.scene.add(Primitive::Rect {
            x,
            y,
            width,
            height,
            fill,
            stroke: None,
            stroke_width: None,
            opacity: None,
        });
    }

    /// A curve through `points`.
    pub(crate) fn curve(&mut self, points: Vec<(f64, f64)>, color: &str, width: f64, dash: &[f64]) {
        let lengths: Vec<String> = dash.iter().map(ToString::to_string).collect();
        self.scene.add(Primitive::PolyLine {
            points,
            stroke: color.into(),
            stroke_width: width,
            stroke_dasharray: (!dash.is_empty()).then(|| lengths.join(" ")),
        });
    }

    /// A number in a circle.
    pub(crate) fn number(&mut self, (x, y): (f64, f64), number: usize, color: &str) {
        self.scene.add(Primitive::Circle {
            cx: x,
            cy: y,
            r: 8.0,
            fill: "#ffffff".into(),
            fill_opacity: None,
            stroke: Some(color.into()),
            stroke_width: Some(1.6),
        });
        let size = if number < 10 { 12 } else { 10 };
        self.text((x, y + f64::from(size) * 0.36), &number.to_string(), size, Anchor::Middle, super::TEXT);
    }

    /// The sheet as SVG that scales with its place on a page.
    pub(crate) fn svg(self) -> String {
        let Scene { width, height, .. } = self.scene;
        let text = SvgBackend::new().render_scene(&self.scene);
        text.replacen(
            "<svg ",
            &format!("<svg viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\" "),
            1,
        )
    }

    /// The sheet as PNG.
    pub(crate) fn png(mut self) -> Result<Vec<u8>, String> {
        let elements = std::mem::take(&mut self.scene.elements);
        self.scene.elements = elements.into_iter().flat_map(pieces).collect();
        PngBackend::new().with_scale(SCALE).render_scene(&self.scene)
    }
}

/// Text as it is: kuva would take two dollar signs for the ends of a formula.
fn literal(text: &str) -> String {
    text.replace('$', "\\$")
}

/// A dashed curve as its strokes: in a PNG kuva begins the pattern anew at every point.
fn pieces(shape: Primitive) -> Vec<Primitive> {
    let Primitive::PolyLine { points, stroke, stroke_width, stroke_dasharray: Some(lengths) } = shape else {
        return vec![shape];
    };
    let lengths: Vec<f64> = lengths.split(' ').filter_map(|length| length.parse().ok()).collect();
    // Its strokes end in half a circle, which belongs to their length.
    strokes(&points, &lengths, stroke_width / 2.0)
        .into_iter()
        .map(|points| Primitive::PolyLine {
            points,
            stroke: stroke.clone(),
            stroke_width,
            stroke_dasharray: None,
        })
        .collect()
}

/// The strokes of a dashed curve, each shorter by `cap` at both ends.
fn strokes(points: &[(f64, f64)], lengths: &[f64], cap: f64) -> Vec<Vec<(f64, f64)>> {
    let total: f64 = lengths.iter().sum();
    let Some(&start) = points.first().filter(|_| total > 0.0) else { return Vec::new() };
    // Where strokes begin and end within one turn of the pattern.
    let mut ends = Vec::new();
    let mut place = 0.0;
    for (index, length) in lengths.iter().enumerate() {
        if index % 2 == 0 {
            ends.extend([place + cap.min(length * 0.49), place + (length - cap).max(length * 0.51)]);
        }
        place += length;
    }
    let mut done: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut stroke: Option<Vec<(f64, f64)>> = None;
    let (mut from, mut along, mut turn, mut next) = (start, 0.0, 0.0, 0);
    for &to in &points[1..] {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        while turn + ends[next] <= along + length {
            let share = (turn + ends[next] - along) / length;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if let Some(mut ending) = stroke.take() {
                ending.push(at);
                done.push(ending);
            } else {
                stroke = Some(vec![at]);
            }
            next += 1;
            if next == ends.len() {
                (next, turn) = (0, turn + total);
            }
        }
        if let Some(stroke) = &mut stroke {
            stroke.push(to);
        }
        (from, along) = (to, along + length);
    }
    done.extend(stroke);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_around_corners() {
        let corner = [(0.0, 0.0), (4.0, 0.0), (4.0, 10.0)];
        let strokes = strokes(&corner, &[6.0, 2.0], 1.0);
        assert_eq!(strokes, [vec![(1.0, 0.0), (4.0, 0.0), (4.0, 1.0)], vec![(4.0, 5.0), (4.0, 9.0)]]);
    }

    #[test]
    fn dollar_signs_are_kept() {
        let mut ink = Ink::new(300.0, 200.0);
        ink.text((0.0, 0.0), "$a$ & \\$b$", 14, Anchor::Start, "#000000");
        assert!(ink.svg().contains("$a$ &amp; \\$b$"));
    }
}
