//! The outcome of every training over its rate, with the rate found, as SVG or PNG.

use super::{FindReport, Found};
use crate::plot::{
    PlotError, Size,
    picture::{
        GRID, HEADING_SIZE, LINE, PADDING, TEXT, TICK_SIZE,
        ink::{self, Anchor, Ink},
    },
    ticks,
};

const CURVE: &str = "#0072b2";
const SEED: &str = "#7fb8d9";
const CHOSEN: &str = "#009e73";
const BAND: &str = "#d5efe6";
const DIVERGED: &str = "#b3261e";
/// Above the plot: the heading, and the chosen rate's label.
const TOP: f64 = 62.0;
const BOTTOM: f64 = 48.0;
const RIGHT: f64 = 30.0;
/// Room for the marks of trainings that diverged, at the top of the plot.
const LOST: f64 = 24.0;
/// Outcomes this many times the spread of the better half are drawn at the top with those that diverged.
const CEILING: f64 = 40.0;

/// The trainings as SVG, on white; `None` for a range test alone.
pub fn svg(report: &FindReport, size: Size) -> Option<String> {
    Some(draw(report.answer.found.as_ref()?, size).svg())
}

/// The trainings as PNG, on white; `None` for a range test alone.
///
/// # Errors
/// [`PlotError::Encode`], a fault of lrlab.
pub fn png(report: &FindReport, size: Size) -> Option<Result<Vec<u8>, PlotError>> {
    let ink = draw(report.answer.found.as_ref()?, size);
    Some(ink.png().map_err(|why| PlotError::Encode { why }))
}

/// Where the plot lies; x is log2 of the rate, y the outcome or its logarithm.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    rates: [f64; 2],
    outcomes: [f64; 2],
    log: bool,
}

impl Frame {
    fn x(&self, rate: f64) -> f64 {
        let share = (rate - self.rates[0]) / (self.rates[1] - self.rates[0]);
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    fn y(&self, outcome: f64) -> f64 {
        let scale = |value: f64| if self.log { value.ln() } else { value };
        let [low, high] = self.outcomes.map(scale);
        let share = (scale(outcome) - low) / (high - low);
        self.bottom - share * (self.bottom - self.top - LOST)
    }
}

fn draw(found: &Found, size: Size) -> Ink {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let mut ink = Ink::new(width, height);
    let outcomes = outcomes(found);
    let log = outcomes[0] > 0.0 && outcomes[1] > 3.0 * outcomes[0];
    let most = ((height - TOP - BOTTOM) / 45.0).max(2.0) as usize;
    let levels = if log {
        ticks::log(outcomes[0], outcomes[1], most)
    } else {
        ticks::linear(outcomes[0], outcomes[1], most)
    };
    let widest = levels.iter().map(|(_, text)| ink::width(text, TICK_SIZE)).fold(0.0, f64::max);
    let all = || found.observations.iter().map(|seen| seen.x).chain(found.estimate.interval);
    let finite = || all().filter(|x| x.is_finite());
    let frame = Frame {
        left: PADDING + widest + 12.0,
        right: width - RIGHT,
        top: TOP,
        bottom: height - BOTTOM,
        rates: [
            finite().fold(f64::INFINITY, f64::min) - 0.5,
            finite().fold(f64::NEG_INFINITY, f64::max) + 0.5,
        ],
        outcomes,
        log,
    };
    let heading =
        "outcome of each training (points), their mean (line), the interval of the best rate (band)";
    ink.text((PADDING, PADDING + 13.0), heading, HEADING_SIZE, Anchor::Start, TEXT);
    let [from, to] = found.estimate.interval.map(|x| frame.x(x));
    ink.area((from, frame.top), ((to - from).max(1.0), frame.bottom - frame.top), BAND);
    axes(&frame, &levels, &mut ink);
    points(found, &frame, &mut ink);
    let x = frame.x(found.estimate.x);
    ink.curve(vec![(x, frame.top), (x, frame.bottom)], CHOSEN, 2.0, &[]);
    let label = format!("lr = {}", super::rate(found.estimate.x.exp2()));
    ink.text((x, frame.top - 6.0), &label, TICK_SIZE, Anchor::Middle, CHOSEN);
    ink
}

/// The lowest outcome and the highest that is drawn to scale.
fn outcomes(found: &Found) -> [f64; 2] {
    let mut finite: Vec<f64> =
        found.observations.iter().map(|seen| seen.objective).filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let (Some(&low), Some(&last)) = (finite.first(), finite.last()) else { return [0.0, 1.0] };
    let middle = finite[finite.len() / 2];
    let high = last.min(low + CEILING * (middle - low).max(1e-3 * low.abs()));
    if high > low { [low, high] } else { [low - 0.5 * low.abs() - 1e-12, low + 0.5 * low.abs() + 1e-12] }
}

fn axes(frame: &Frame, levels: &[(f64, String)], ink: &mut Ink) {
    for (outcome, text) in levels {
        let y = frame.y(*outcome);
        ink.line((frame.left, y), (frame.right, y), GRID, 1.0);
        ink.text((frame.left - 8.0, y + 4.6), text, TICK_SIZE, Anchor::End, TEXT);
    }
    let most = ((frame.right - frame.left) / 90.0).max(2.0) as usize;
    for (rate, text) in ticks::log(frame.rates[0].exp2(), frame.rates[1].exp2(), most) {
        let x = frame.x(rate.log2());
        ink.line((x, frame.top), (x, frame.bottom), GRID, 1.0);
        ink.line((x, frame.bottom), (x, frame.bottom + 5.0), LINE, 1.0);
        ink.text((x, frame.bottom + 19.0), &text, TICK_SIZE, Anchor::Middle, TEXT);
    }
    ink.line((frame.left, frame.top), (frame.left, frame.bottom), LINE, 1.2);
    ink.line((frame.left, frame.bottom), (frame.right, frame.bottom), LINE, 1.2);
    let middle = f64::midpoint(frame.left, frame.right);
    ink.text((middle, frame.bottom + 38.0), "learning rate (log)", TICK_SIZE, Anchor::Middle, TEXT);
}

fn points(found: &Found, frame: &Frame, ink: &mut Ink) {
    let drawn = |value: f64| value.is_finite() && value <= frame.outcomes[1];
    let means: Vec<(f64, f64)> = super::rate_rows(found)
        .iter()
        .filter(|row| row.diverged == 0)
        .filter_map(|row| Some((row.rate, row.mean.filter(|mean| drawn(*mean))?)))
        .map(|(rate, mean)| (frame.x(rate.log2()), frame.y(mean)))
        .collect();
    if means.len() > 1 {
        ink.curve(means, CURVE, 2.2, &[]);
    }
    for seen in &found.observations {
        let x = frame.x(seen.x);
        if drawn(seen.objective) {
            let y = frame.y(seen.objective);
            ink.area((x - 3.5, y - 3.5), (7.0, 7.0), SEED);
            continue;
        }
        // A cross where it diverged, an arrow where it is only far above.
        let y = frame.top + LOST / 2.0;
        if seen.objective.is_finite() {
            ink.curve(vec![(x - 5.0, y + 4.0), (x, y - 5.0), (x + 5.0, y + 4.0)], CURVE, 2.0, &[]);
        } else {
            ink.line((x - 5.0, y - 5.0), (x + 5.0, y + 5.0), DIVERGED, 2.0);
            ink.line((x - 5.0, y + 5.0), (x + 5.0, y - 5.0), DIVERGED, 2.0);
        }
    }
    let lost = found.observations.iter().filter(|seen| !seen.objective.is_finite()).count();
    if lost > 0 {
        let text = format!("{lost} diverged (crosses)");
        ink.text((frame.right, PADDING + 34.0), &text, TICK_SIZE, Anchor::End, DIVERGED);
    }
}
