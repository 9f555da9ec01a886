//! What was observed, rate by rate.

use super::{BRACKET, FRESH, Fit, Observation, PRIOR_NOISE, Point, REACH, fit};
use crate::statistics::{mean, standard_deviation};

/// All observations at one rate.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) x: f64,
    /// (seed, objective)
    pub(super) values: Vec<(usize, f64)>,
}

impl Place {
    pub(super) fn diverged(&self) -> bool {
        self.values.iter().any(|(_, value)| !value.is_finite())
    }

    pub(super) fn seeds(&self) -> usize {
        self.values.len()
    }

    pub(super) fn mean(&self) -> f64 {
        mean(&self.values.iter().map(|(_, value)| *value).collect::<Vec<f64>>())
    }
}

/// What was observed, by rate, ascending; objectives on the scale on which they are fitted.
#[derive(Clone, Debug)]
pub(super) struct Points {
    /// What the answer is chosen from.
    pub(super) places: Vec<Place>,
    /// What earlier answers were confirmed with: only whether they diverged counts.
    pub(super) confirmations: Vec<Place>,
}

/// Rates that are closer than this are the same.
pub(super) const SAME: f64 = 1e-6;

impl Points {
    pub(super) fn of(seen: &[Observation]) -> Self {
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

    pub(super) fn has(&self, x: f64, seed: usize) -> bool {
        let at = |place: &&Place| (place.x - x).abs() < SAME;
        self.places.iter().find(at).is_some_and(|place| place.values.iter().any(|(s, _)| *s == seed))
    }

    /// Whether `x` is at or above a rate that diverged.
    pub(super) fn hopeless(&self, x: f64) -> bool {
        self.edge().is_some_and(|edge| x > edge - SAME)
    }

    pub(super) fn edge(&self) -> Option<f64> {
        let all = self.places.iter().chain(&self.confirmations);
        all.filter(|place| place.diverged()).map(|place| place.x).min_by(f64::total_cmp)
    }

    /// Index of the best place: the least mean, held against each other place on the seeds of both.
    pub(super) fn best(&self) -> Option<usize> {
        let finite: Vec<usize> = (0..self.places.len()).filter(|&i| !self.places[i].diverged()).collect();
        let better = |a: usize, b: usize| self.difference(a, b) < 0.0;
        finite.iter().copied().reduce(|best, next| if better(next, best) { next } else { best })
    }

    /// Mean difference of the objective between two places, over the seeds that both have seen; of the
    /// means where there is none.
    pub(super) fn difference(&self, a: usize, b: usize) -> f64 {
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
    pub(super) fn bracketing(&self, hint: f64) -> Vec<Point> {
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
    pub(super) fn seed_deviation(&self, place: usize) -> f64 {
        let values: Vec<f64> = self.places[place].values.iter().map(|(_, value)| *value).collect();
        standard_deviation(&values)
    }

    /// A valley through the neighbourhood of the best place.
    pub(super) fn fit(&self, best: usize, bracket: [f64; 2]) -> Option<Fit> {
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
