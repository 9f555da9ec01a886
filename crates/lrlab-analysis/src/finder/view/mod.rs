//! Range tests to look at: curves over the logarithm of the rate, suggestions, the edge, the hint.

use super::{FINDERS, Hint, Sweep, edge, edge::edge_step, hint, smooth_both_ways, smoothing::beta_for};
use crate::statistics::median;

mod picture;
mod terminal;

pub use picture::{png, svg};
pub use terminal::terminal;

/// Room above the highest smoothed loss and below the lowest, as shares of what lies between.
const ROOM: [f64; 2] = [0.3, 0.1];

/// What is drawn of range tests.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    title: Option<String>,
    sweeps: Vec<Sweep>,
    marks: Vec<Mark>,
    interval: Option<[f64; 2]>,
}

/// A rate with a name.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    label: String,
    rate: f64,
    kind: Kind,
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Suggestion,
    Hint,
    Edge,
    Stability,
}

/// A sweep as it is drawn.
struct Curve<'a> {
    rates: &'a [f64],
    losses: &'a [f64],
    /// As far as the edge.
    smoothed: Vec<f64>,
}

impl View {
    /// The view of `sweeps`, of which there is at least one for anything to be seen.
    ///
    /// It marks what each finder suggests (the median over the sweeps that it has a rate for), the least
    /// edge, the stability limit, and the [`Hint`] with its interval.
    pub fn of(title: Option<String>, sweeps: &[Sweep]) -> Self {
        let mut marks: Vec<Mark> = Vec::new();
        for finder in FINDERS {
            let logs: Vec<f64> =
                sweeps.iter().filter_map(|sweep| (finder.suggest)(sweep).ok()).map(f64::ln).collect();
            if logs.is_empty() {
                continue;
            }
            let rate = median(&logs).exp();
            match marks.iter_mut().find(|mark| (mark.rate / rate - 1.0).abs() < 1e-9) {
                Some(mark) => mark.label = format!("{}, {}", mark.label, finder.name),
                None => marks.push(Mark { label: finder.name.to_owned(), rate, kind: Kind::Suggestion }),
            }
        }
        let hint = hint(sweeps).ok();
        let least = |rates: &mut dyn Iterator<Item = f64>| rates.min_by(f64::total_cmp);
        let special = [
            ("hint", hint.as_ref().map(|hint| hint.rate), Kind::Hint),
            ("stability limit", least(&mut sweeps.iter().filter_map(Sweep::stable_rate)), Kind::Stability),
            ("edge", least(&mut sweeps.iter().filter_map(edge)), Kind::Edge),
        ];
        for (label, rate, kind) in special {
            marks.extend(rate.map(|rate| Mark { label: label.to_owned(), rate, kind }));
        }
        let interval = hint.map(|Hint { interval, .. }| interval);
        Self { title, sweeps: sweeps.to_vec(), marks, interval }
    }

    /// With this hint instead of that for a constant rate.
    #[must_use]
    pub fn with_hint(mut self, hint: &Hint) -> Self {
        for mark in self.marks.iter_mut().filter(|mark| mark.kind == Kind::Hint) {
            mark.rate = hint.rate;
        }
        self.interval = Some(hint.interval);
        self
    }

    fn curves(&self) -> Vec<Curve<'_>> {
        let smoothed = |sweep: &Sweep| {
            let end = edge_step(sweep).unwrap_or(sweep.losses().len());
            smooth_both_ways(&sweep.losses()[..end], beta_for(sweep.planned_steps()))
        };
        self.sweeps
            .iter()
            .map(|sweep| Curve { rates: sweep.rates(), losses: sweep.losses(), smoothed: smoothed(sweep) })
            .collect()
    }

    /// Where a rate stands among those swept, from 0 at the first to 1 at the last.
    fn share(&self, rate: f64) -> f64 {
        let [low, high] = self.rates();
        (rate / low).ln() / (high / low).ln()
    }

    /// The first and the last rate of all sweeps, with room where they are the same.
    fn rates(&self) -> [f64; 2] {
        let all = || self.sweeps.iter().flat_map(|sweep| sweep.rates().iter().copied());
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
        if low < high { [low, high] } else { [low.min(1e300) / 2.0, low.clamp(1e-300, 1e300) * 2.0] }
    }
}

/// The losses that are drawn: all before the edge below the highest smoothed one, and some room.
fn losses(curves: &[Curve<'_>]) -> [f64; 2] {
    let smoothed = || curves.iter().flat_map(|curve| curve.smoothed.iter().copied());
    let measured = curves.iter().flat_map(|curve| &curve.losses[..curve.smoothed.len()]).copied();
    let (low, high) = (measured.fold(f64::INFINITY, f64::min), smoothed().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return [0.0, 1.0];
    }
    let between = if high > low { high - low } else { high.abs().max(f64::MIN_POSITIVE) };
    let bottom = low - ROOM[1] * between;
    // A loss that is never negative has no use for an axis that is.
    [if low >= 0.0 { bottom.max(0.0) } else { bottom }, high + ROOM[0] * between]
}

/// What the axis leaves out, in words; `None` where it leaves out nothing.
fn left_out(curves: &[Curve<'_>], [low, high]: [f64; 2]) -> Option<String> {
    let all: Vec<f64> = curves.iter().flat_map(|curve| curve.losses.iter().copied()).collect();
    let greatest = all.iter().copied().filter(|loss| loss.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let outside = all.iter().filter(|loss| loss.is_finite() && !(low..=high).contains(*loss)).count();
    let none = all.iter().filter(|loss| !loss.is_finite()).count();
    let mut parts = Vec::new();
    if outside > 0 {
        let up_to = if greatest > high { format!(", up to {greatest:.1e}") } else { String::new() };
        parts.push(format!("{outside} of {} losses lie outside{up_to}", all.len()));
    }
    if none > 0 {
        parts.push(format!("{none} are not finite"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}
