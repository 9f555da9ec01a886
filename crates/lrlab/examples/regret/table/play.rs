//! The methods that can be played on a table: each looks at trainings that are already made.

use lrlab::analysis::{
    search::{Observation, Search, Step},
    statistics::{Draws, mean},
};

use super::{RATES, Row, SEEDS};

/// Trainings that a method may look at, of the grid's 24.
pub(super) const BUDGET: usize = 6;
pub(super) const SEARCH: &str = "search of find";
pub(super) const THREE_POINTS: &str = "three points";
pub(super) const RANDOM: &str = "random search";
pub(super) const GRID: &str = "plain grid";
pub(super) const DEFAULT: &str = "default rate";
pub(super) const METHODS: [&str; 5] = [SEARCH, THREE_POINTS, RANDOM, GRID, DEFAULT];

/// Adam's own rate, by its place among the rates.
const DEFAULT_RATE: usize = 1;
/// The rates of three points: 1e-3, 1e-2, 1e-1.
const THREE: [usize; 3] = [1, 3, 5];
/// The search may look again at what it has seen, which costs nothing, but not for ever.
const MOST_LOOKS: usize = 40;

/// What a method takes.
pub(super) struct Choice {
    pub(super) rate: usize,
    /// The objective that it saw or fitted there; infinite for one that saw nothing.
    pub(super) objective: f64,
    pub(super) looks: usize,
}

/// What `method` takes after looking at a half of the seeds.
pub(super) fn choose(method: &str, row: &Row, half: usize) -> Choice {
    let see = |rate: usize, seed: usize| row[rate][half * SEEDS / 2 + seed % (SEEDS / 2)];
    match method {
        SEARCH => search(&see),
        THREE_POINTS => three_points(&see),
        RANDOM => {
            let mut draws = Draws::new(row.iter().flatten().fold(0, |hash, value| hash ^ value.to_bits()));
            let drawn: Vec<usize> = (0..BUDGET).map(|_| draws.index(RATES.len())).collect();
            best(drawn.into_iter(), BUDGET, &|rate| see(rate, 0))
        }
        GRID => best(0..RATES.len(), RATES.len(), &|rate| see(rate, 0)),
        _ => Choice { rate: DEFAULT_RATE, objective: f64::INFINITY, looks: 0 },
    }
}

fn best(rates: impl Iterator<Item = usize>, looks: usize, see: &dyn Fn(usize) -> f64) -> Choice {
    let seen = rates.map(|rate| (rate, see(rate))).min_by(|a, b| a.1.total_cmp(&b.1));
    let (rate, objective) = seen.unwrap_or((DEFAULT_RATE, f64::INFINITY));
    Choice { rate, objective, looks }
}

/// The rate of the table that is nearest to 2^x.
fn nearest(x: f64) -> usize {
    let off = |rate: usize| (RATES[rate].log2() - x).abs();
    (0..RATES.len()).min_by(|&a, &b| off(a).total_cmp(&off(b))).unwrap_or(0)
}

/// The search of `find` from the middle of the table on; each point is the nearest rate of the table.
fn search(see: &dyn Fn(usize, usize) -> f64) -> Choice {
    let middle = 0.5 * (RATES[0].log2() + RATES[RATES.len() - 1].log2());
    let search = Search { hint: middle, octaves: lrlab::FindSpec::OCTAVES };
    let mut looked: Vec<(usize, usize)> = Vec::new();
    let mut seen: Vec<Observation> = Vec::new();
    loop {
        let left = if seen.len() < MOST_LOOKS { BUDGET.saturating_sub(looked.len()) } else { 0 };
        match search.next(&seen, left) {
            Step::Evaluate(points) => {
                for point in points {
                    let look = (nearest(point.x), point.seed % (SEEDS / 2));
                    if !looked.contains(&look) {
                        looked.push(look);
                    }
                    let objective = see(look.0, look.1);
                    seen.push(Observation { x: point.x, seed: point.seed, objective });
                }
            }
            Step::Done(estimate) => {
                let rate = nearest(estimate.x);
                let at = looked.iter().filter(|(at, _)| *at == rate).map(|&(at, seed)| see(at, seed));
                let at: Vec<f64> = at.collect();
                // A rate between two that were seen: what is promised is the best that was.
                let least = seen.iter().map(|seen| seen.objective).fold(f64::INFINITY, f64::min);
                let objective = if at.is_empty() { least } else { mean(&at) };
                return Choice { rate, objective, looks: looked.len() };
            }
        }
    }
}

/// Two seeds at each of three rates, a factor of 10 apart, and the lowest point of a parabola.
fn three_points(see: &dyn Fn(usize, usize) -> f64) -> Choice {
    let seen = |rate: usize| mean(&[see(rate, 0), see(rate, 1)]);
    let [a, b, c] = THREE.map(|rate| seen(rate).ln());
    let curvature = a - 2.0 * b + c;
    let looks = THREE.len() * SEEDS / 2;
    if !(curvature.is_finite() && curvature > 0.0) {
        return best(THREE.into_iter(), looks, &seen);
    }
    let steps = (0.5 * (a - c) / curvature).clamp(-1.0, 1.0);
    let fitted = b + 0.5 * (c - a) * steps + 0.5 * curvature * steps * steps;
    let distance = (RATES[THREE[2]] / RATES[THREE[1]]).log2();
    Choice { rate: nearest(RATES[THREE[1]].log2() + steps * distance), objective: fitted.exp(), looks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    fn valley(lowest: f64) -> Row {
        std::array::from_fn(|rate| -> Cell {
            let off = RATES[rate].log2() - lowest;
            [(0.1 * off * off).exp(); SEEDS]
        })
    }

    #[test]
    fn in_a_parabola_three_points_find_the_lowest_rate() {
        for (rate, value) in RATES.iter().enumerate().skip(1) {
            assert_eq!(choose(THREE_POINTS, &valley(value.log2()), 0).rate, rate);
        }
    }

    #[test]
    fn nobody_looks_more_often_than_allowed() {
        for method in METHODS {
            for lowest in [-12.0, -8.0, -5.0, -2.0] {
                assert!(choose(method, &valley(lowest), 1).looks <= BUDGET, "{method}");
            }
        }
    }
}
