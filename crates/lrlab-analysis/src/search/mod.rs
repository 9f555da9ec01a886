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

pub use fit::{CONFIDENCE, Fit};

use crate::statistics::{mean, standard_deviation};

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
        let bracket = [
            below.map_or(place.x - BRACKET, |place| place.x),
            above.map_or(place.x + BRACKET, |place| place.x),
        ];
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

/// All observations at one rate.
#[derive(Clone, Debug)]
struct Place {
    x: f64,
    /// (seed, objective)
    values: Vec<(usize, f64)>,
}

impl Place {
    fn diverged(&self) -> bool {
        self.values.iter().any(|(_, value)| !value.is_finite())
    }

    fn seeds(&self) -> usize {
        self.values.len()
    }

    fn mean(&self) -> f64 {
        mean(&self.values.iter().map(|(_, value)| *value).collect::<Vec<f64>>())
    }
}

/// What was observed, by rate, ascending; objectives on the scale on which they are fitted.
#[derive(Clone, Debug)]
struct Points {
    /// What the answer is chosen from.
    places: Vec<Place>,
    /// What earlier answers were confirmed with: only whether they diverged counts.
    confirmations: Vec<Place>,
}

/// Rates that are closer than this are the same.
const SAME: f64 = 1e-6;

impl Points {
    fn of(seen: &[Observation]) -> Self {
        let positive = seen.iter().all(|o| o.objective > 0.0);
        let scale = |value: f64| if positive { value.ln() } else { value };
        let mut points = Self { places: Vec::new(), confirmations: Vec::new() };
        for observation in seen {
            let value = (observation.seed, scale(observation.objective));
            let places =
                if observation.seed < FRESH { &mut points.places } else { &mut points.confirmations };
            match places.iter_mut().find(|place| (place.x - observation.x).abs() < SAME) {
                Some(place) => place.values.push(value),
                None => places.push(Place { x: observation.x, values: vec![value] }),
            }
        }
        points.places.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    }

    fn has(&self, x: f64, seed: usize) -> bool {
        let at = |place: &&Place| (place.x - x).abs() < SAME;
        self.places.iter().find(at).is_some_and(|place| place.values.iter().any(|(s, _)| *s == seed))
    }

    /// Whether `x` is at or above a rate that diverged.
    fn hopeless(&self, x: f64) -> bool {
        self.edge().is_some_and(|edge| x > edge - SAME)
    }

    fn edge(&self) -> Option<f64> {
        let all = self.places.iter().chain(&self.confirmations);
        all.filter(|place| place.diverged()).map(|place| place.x).min_by(f64::total_cmp)
    }

    /// Index of the best place: the least mean, held against each other place on the seeds of both.
    fn best(&self) -> Option<usize> {
        let finite: Vec<usize> = (0..self.places.len()).filter(|&i| !self.places[i].diverged()).collect();
        let better = |a: usize, b: usize| self.difference(a, b) < 0.0;
        finite.iter().copied().reduce(|best, next| if better(next, best) { next } else { best })
    }

    /// Mean difference of the objective between two places, over the seeds that both have seen; of the
    /// means where there is none.
    fn difference(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (&self.places[a], &self.places[b]);
        let pairs: Vec<f64> = a
            .values
            .iter()
            .filter_map(|(seed, value)| {
                b.values.iter().find(|(other, _)| other == seed).map(|(_, other)| value - other)
            })
            .collect();
        if pairs.is_empty() { a.mean() - b.mean() } else { mean(&pairs) }
    }

    /// Trials that are needed before the best point has worse ones on both sides.
    fn bracketing(&self, hint: f64) -> Vec<Point> {
        let at = |x: f64| Point { x, seed: 0 };
        if self.places.is_empty() {
            return vec![at(hint), at(hint - BRACKET), at(hint + BRACKET)];
        }
        let (first, last) = (self.places[0].x, self.places[self.places.len() - 1].x);
        let reachable = |x: f64| (x - hint).abs() <= REACH;
        let mut wanted = Vec::new();
        let best = self.best();
        if best.is_none_or(|best| best == 0) && reachable(first - BRACKET) {
            wanted.push(at(first - BRACKET));
        }
        if best.is_some_and(|best| best == self.places.len() - 1) && reachable(last + BRACKET) {
            wanted.push(at(last + BRACKET));
        }
        wanted
    }

    /// Standard deviation between the seeds at a place; NaN for one seed.
    fn seed_deviation(&self, place: usize) -> f64 {
        let values: Vec<f64> = self.places[place].values.iter().map(|(_, value)| *value).collect();
        standard_deviation(&values)
    }

    /// A valley through the neighbourhood of the best place.
    fn fit(&self, best: usize, bracket: [f64; 2]) -> Option<Fit> {
        let centre = self.places[best].x;
        let level = self.places[best].mean();
        let near = |place: &&Place| (place.x - centre).abs() <= BRACKET + SAME && !place.diverged();
        // What an octave makes of the objective here: points far above it are beyond a cliff, and say
        // little of where the valley's floor is.
        let rises: Vec<f64> = self
            .places
            .iter()
            .filter(|place| (place.x - centre).abs() <= 1.0 + SAME && !place.diverged() && place.x != centre)
            .map(|place| (place.mean() - level).abs())
            .collect();
        let scale = rises.iter().copied().fold(f64::INFINITY, f64::min).max(PRIOR_NOISE) * 3.0;
        let points: Vec<fit::Weighted> = self
            .places
            .iter()
            .filter(near)
            .flat_map(|place| place.values.iter().map(move |(seed, value)| (place.x, *seed, *value)))
            .map(|(x, seed, y)| {
                let height = (y - level).max(0.0) / scale;
                let distance = (x - centre) / 1.5;
                let weight = (-0.5 * distance * distance).exp() / (1.0 + height * height);
                fit::Weighted { x, seed, y, weight }
            })
            .collect();
        Fit::new(&points, bracket)
    }
}
