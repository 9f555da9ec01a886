//! Searches the best learning rate with few noisy trials.
//!
//! Everything is in octaves, x = log2(rate), because a factor is what matters of a rate. From a hint,
//! the search walks downhill in steps of [`BRACKET`] octaves until the best point has worse ones on
//! both sides (a trial that diverges is worse than any that does not), halves the distance, repeats
//! the neighbourhood with other seeds, and fits a valley to the logarithm of the objective there, with
//! an offset for each seed, so that what a seed does at every rate cancels. It stops when the interval
//! of the valley's lowest point is narrow enough, when every rate of that interval is as good as far as
//! seeds can tell, or when the budget is spent. The answer itself is then trained with [`CONFIRMATIONS`]
//! seeds that had no part in choosing it: a rate that diverges on one of them is beyond the edge.
//!
//! The search is a pure function of what was observed: [`Search::next`] may be asked at any time.

mod fit;
mod points;

pub use fit::{CONFIDENCE, Fit};

use points::{Place, Points};

/// Octaves between the first points: rates differ by a factor of 4.
pub const BRACKET: f64 = 2.0;
/// Octaves from the hint beyond which nothing is tried: a factor of 16,384.
pub const REACH: f64 = 14.0;
/// Octaves that the answer keeps below the lowest rate seen to diverge.
pub const MARGIN: f64 = 1.0;
/// Seeds that the neighbourhood of the best rate sees at least.
const SEEDS: usize = 3;
/// Fresh seeds that the answer is trained with.
pub const CONFIRMATIONS: usize = 3;
/// The first of the fresh seeds; those below have a part in choosing.
const FRESH: usize = 100;
/// A confirmation this many octaves away is one of the answer.
const NEAR: f64 = 0.3;
/// Of the residuals' spread in the logarithm of the objective: what is assumed before any was seen, and
/// how many observations that is worth.
const PRIOR_NOISE: f64 = 0.02;
const PRIOR_WEIGHT: f64 = 2.0;

/// One trial that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// log2 of the rate.
    pub x: f64,
    /// Which seed, from 0.
    pub seed: usize,
    /// The objective at the end, lower being better; infinite where the trial diverged.
    pub objective: f64,
}

/// A trial to be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// log2 of the rate.
    pub x: f64,
    /// Which seed, from 0.
    pub seed: usize,
}

/// What is searched, and how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Where to begin, log2 of a rate.
    pub hint: f64,
    /// Wanted width of the interval, in octaves.
    pub octaves: f64,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// These trials, in any order.
    Evaluate(Vec<Point>),
    /// The answer is good enough.
    Done(Estimate),
}

/// What bounds the best rate on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A rate that was tried and was worse.
    Worse,
    /// A rate that was tried and diverged.
    Diverged,
    /// Nothing that was tried.
    Open,
}

/// Why the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The interval is as narrow as was asked for.
    Narrow,
    /// The interval is wider, but what it makes of the objective is less than what a seed makes of it.
    AsGood,
    /// The budget is spent.
    Budget,
    /// The best rate lies at the end of what may be tried.
    OutOfReach,
    /// Every rate that was tried diverged.
    Diverged,
}

/// The best rate as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// log2 of the rate to use.
    pub x: f64,
    /// 90 % interval of the lowest point.
    pub interval: [f64; 2],
    /// Within this the fitted objective is at most one seed's standard deviation above its least.
    pub as_good: [f64; 2],
    /// What bounds it below and above.
    pub sides: [Side; 2],
    /// log2 of the lowest rate that diverged.
    pub edge: Option<f64>,
    /// Standard deviation between seeds at the best rate, of the natural logarithm of the objective
    /// (of the objective itself where some are not positive); NaN for one seed.
    pub seed_deviation: f64,
    /// Why it ended.
    pub why: Why,
}

impl Estimate {
    /// Whether the answer can be trusted: the best rate is bracketed, and the search ended because it
    /// was good enough.
    pub fn is_decided(&self) -> bool {
        matches!(self.why, Why::Narrow | Why::AsGood) && !self.sides.contains(&Side::Open)
    }
}

impl Search {
    /// What to do after `seen`, with `left` trials that may still be run.
    pub fn next(&self, seen: &[Observation], left: usize) -> Step {
        let points = Points::of(seen);
        let wanted = points.bracketing(self.hint);
        if left == 0 || wanted.is_empty() {
            let estimate = self.estimate(&points);
            let more = self.refinement(&points, &estimate, left);
            return match more.or_else(|| Self::confirmation(&points, &estimate)) {
                Some(more) if left > 0 => Step::Evaluate(take(more, left)),
                _ => Step::Done(estimate),
            };
        }
        Step::Evaluate(take(wanted, left))
    }

    /// The best rate as far as `seen` tells.
    fn estimate(&self, points: &Points) -> Estimate {
        let edge = points.edge();
        let Some(best) = points.best() else {
            let x = edge.map_or(self.hint, |edge| edge - MARGIN);
            return Estimate {
                x,
                interval: [f64::NEG_INFINITY, x],
                as_good: [x, x],
                sides: [Side::Open, edge.map_or(Side::Open, |_| Side::Diverged)],
                edge,
                seed_deviation: f64::NAN,
                why: if points.places.is_empty() { Why::Budget } else { Why::Diverged },
            };
        };
        let place = &points.places[best];
        let (below, above) = (best.checked_sub(1).map(|i| &points.places[i]), points.places.get(best + 1));
        let side = |neighbour: Option<&Place>| match neighbour {
            None => Side::Open,
            Some(place) if place.diverged() => Side::Diverged,
            Some(_) => Side::Worse,
        };
        let sides = [side(below), side(above)];
        // Beyond the rates that trained nothing is answered, whatever a valley through them would say.
        let bound = |side: Side, neighbour: Option<&Place>| match (side, neighbour) {
            (Side::Worse, Some(neighbour)) => neighbour.x,
            _ => place.x,
        };
        let bracket = [bound(sides[0], below), bound(sides[1], above)];
        let seed_deviation = points.seed_deviation(best);
        let fit = points.fit(best, bracket);
        let (mut x, mut interval, mut as_good) = (place.x, bracket, [place.x; 2]);
        if let Some(fit) = &fit {
            x = fit.lowest();
            interval = fit.interval();
            as_good = fit.within(if seed_deviation.is_finite() { seed_deviation } else { 0.0 });
        }
        let width = interval[1] - interval[0];
        if let Some(edge) = edge {
            x = x.min(edge - MARGIN);
            as_good = as_good.map(|bound| bound.min(edge - MARGIN));
            // Between the best rate and one that diverges nothing is known.
            if sides[1] == Side::Diverged {
                interval[1] = interval[1].max(edge);
            }
        }
        interval[0] = interval[0].min(x);
        let enough = points.places[best].seeds() >= SEEDS && fit.is_some();
        let harmless = as_good[0] <= interval[0] && interval[1] <= as_good[1];
        let why = if !enough {
            Why::Budget
        } else if width <= self.octaves {
            Why::Narrow
        } else if harmless {
            Why::AsGood
        } else {
            Why::Budget
        };
        let at_end = sides.contains(&Side::Open) && (place.x - self.hint).abs() + BRACKET > REACH;
        let why = if at_end { Why::OutOfReach } else { why };
        Estimate { x, interval, as_good, sides, edge, seed_deviation, why }
    }

    /// The answer with fresh seeds, where it has not been trained with enough of them.
    fn confirmation(points: &Points, estimate: &Estimate) -> Option<Vec<Point>> {
        if !matches!(estimate.why, Why::Narrow | Why::AsGood | Why::Budget) {
            return None;
        }
        let near = |place: &&Place| (place.x - estimate.x).abs() <= NEAR;
        let have: usize = points.confirmations.iter().filter(near).map(Place::seeds).sum();
        let more = CONFIRMATIONS.checked_sub(have).filter(|more| *more > 0)?;
        let first = FRESH + points.confirmations.iter().map(Place::seeds).sum::<usize>();
        Some((first..first + more).map(|seed| Point { x: estimate.x, seed }).collect())
    }

    /// Trials that would make `estimate` better; `None` where it is good enough, or nothing would.
    fn refinement(&self, points: &Points, estimate: &Estimate, left: usize) -> Option<Vec<Point>> {
        if estimate.why != Why::Budget || left <= CONFIRMATIONS {
            return None;
        }
        let best = points.best()?;
        let centre = points.places[best].x;
        // First the octaves beside the best point, then other seeds there, then half octaves.
        let missing = |x: f64, seed: usize| !points.has(x, seed);
        let neighbours = [centre - 1.0, centre + 1.0];
        let near: Vec<Point> =
            neighbours.iter().map(|&x| Point { x, seed: 0 }).filter(|p| missing(p.x, p.seed)).collect();
        if !near.is_empty() {
            return Some(near);
        }
        for seed in 1..SEEDS {
            let more: Vec<Point> = [centre, centre - 1.0, centre + 1.0]
                .iter()
                .filter(|&&x| missing(x, seed) && !points.hopeless(x))
                .map(|&x| Point { x, seed })
                .collect();
            if !more.is_empty() {
                return Some(more);
            }
        }
        // Where the valley is lowest, and an octave to both sides of it, on the lattice of half octaves;
        // the seed that has seen the least of them.
        let lowest = self.hint + ((estimate.x - self.hint) * 2.0).round() / 2.0;
        (0..).find_map(|seed| {
            let more: Vec<Point> = [lowest - 1.0, lowest + 1.0, lowest]
                .iter()
                .filter(|&&x| missing(x, seed) && !points.hopeless(x))
                .map(|&x| Point { x, seed })
                .take(2)
                .collect();
            (!more.is_empty()).then_some(more)
        })
    }
}

fn take(mut points: Vec<Point>, most: usize) -> Vec<Point> {
    points.truncate(most);
    points
}
