//! The dense grid of rates and seeds against which advice is held, and what is best on it.
//!
//! The oracle is chosen on half of the seeds and scored on the other half, then the halves change
//! places and the two scores are averaged: an oracle that was scored where it was chosen would look
//! better than it is. A rate that diverges on any seed is no candidate.

use lrlab::analysis::{
    TrialResult,
    statistics::{mean, standard_deviation},
};

use crate::{Result, case::Case, ledger::Ledger};

/// Seeds of the grid: 0, 1, ...
pub(crate) const SEEDS: usize = 10;
/// The seed of the coarse pass, which only finds where the grid lies.
const COARSE_SEED: u64 = 500;
/// Rates of the grid are 2^(k/2): half octaves.
const PER_OCTAVE: f64 = 2.0;
/// The grid reaches so many half octaves to both sides of where the coarse pass is lowest.
const REACH: i32 = 10;
/// The best rate has at least so many rates of the grid on both sides of it.
const ROOM: usize = 4;
/// It grows by so many until that is so.
const GROWTH: i32 = 4;
/// A rate that changes nothing.
const NEXT_TO_NOTHING: f64 = 1e-12;
/// Half octaves beyond which no grid goes.
const LIMIT: i32 = 60;

/// What was trained at one rate.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) rate: f64,
    /// The objective of each seed; infinite where it diverged.
    pub(crate) objectives: Vec<f64>,
}

/// The grid of one case.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) places: Vec<Place>,
    /// Gradient evaluations of the grid, without the coarse pass.
    pub(crate) gradients: u64,
    /// For each half of the seeds, the best rate on it.
    pub(crate) oracles: [usize; 2],
    /// The objective of each seed without training.
    untrained: Vec<f64>,
}

/// How good a rate is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// Mean objective above the oracle's, in standard deviations between seeds at the oracle.
    pub(crate) deviations: f64,
    /// The same as a share of the oracle's mean objective.
    pub(crate) relative: f64,
    /// log2 of the rate over the oracle's.
    pub(crate) octaves: f64,
    /// Seeds on which it diverged, or ended worse than it began.
    pub(crate) diverged: usize,
}

impl Place {
    pub(crate) fn at(rate: f64, results: &[TrialResult]) -> Self {
        let objective = |result: &TrialResult| result.objective().unwrap_or(f64::INFINITY);
        Self { rate, objectives: results.iter().map(objective).collect() }
    }

    /// Trains at `rate` with every seed of the grid.
    pub(crate) fn of(case: &Case, ledger: &Ledger, rate: f64) -> Result<Self> {
        Ok(Self::at(rate, &ledger.run(case.requests(&[rate], &seeds()))?))
    }

    pub(crate) fn half(&self, half: usize) -> &[f64] {
        let middle = self.objectives.len() / 2;
        if half == 0 { &self.objectives[..middle] } else { &self.objectives[middle..] }
    }

    fn diverged(&self) -> usize {
        self.objectives.iter().filter(|value| !value.is_finite()).count()
    }
}

impl Reference {
    /// Finds where the rates of `case` lie and trains the grid.
    pub(crate) fn of(case: &Case, ledger: &Ledger) -> Result<Self> {
        let centre = coarse(case, ledger)?;
        let (mut low, mut high) = (centre - REACH, centre + REACH);
        loop {
            let rates: Vec<f64> = (low..=high).map(|k| (f64::from(k) / PER_OCTAVE).exp2()).collect();
            let results = ledger.run(case.requests(&rates, &seeds()))?;
            let places: Vec<Place> =
                rates.iter().zip(results.chunks(SEEDS)).map(|(&rate, of)| Place::at(rate, of)).collect();
            let best = lowest(&places, &|place| mean(&place.objectives));
            // Where everything diverges, lower rates are wanted.
            let [below, above] = best.map_or([0, ROOM], |best| [best, places.len() - 1 - best]);
            let grow = [below < ROOM && low > -LIMIT, above < ROOM && high < LIMIT];
            if grow != [false; 2] {
                low -= if grow[0] { GROWTH } else { 0 };
                high += if grow[1] { GROWTH } else { 0 };
                continue;
            }
            let gradients = results.iter().map(|result| result.gradients).sum();
            let untrained = Place::of(case, ledger, NEXT_TO_NOTHING)?.objectives;
            return Self::from_places(places, gradients, untrained)
                .ok_or_else(|| format!("{} has no rate that never diverges", case.name()));
        }
    }

    /// `None` where every rate diverges on some seed.
    pub(crate) fn from_places(places: Vec<Place>, gradients: u64, untrained: Vec<f64>) -> Option<Self> {
        let oracle = |half: usize| lowest(&places, &|place| mean(place.half(half)));
        let oracles = [oracle(0)?, oracle(1)?];
        Some(Self { places, gradients, oracles, untrained })
    }

    /// The oracle's rate: the geometric mean of the two halves' best.
    pub(crate) fn rate(&self) -> f64 {
        let [first, second] = self.oracles.map(|oracle| self.places[oracle].rate);
        (first * second).sqrt()
    }

    /// Octaves between the best rates of the two halves: how exactly the best rate is known at all.
    pub(crate) fn disagreement(&self) -> f64 {
        let [first, second] = self.oracles.map(|oracle| self.places[oracle].rate);
        (first / second).log2().abs()
    }

    /// Mean objective of the oracle chosen on one half, on the other; and its deviation between seeds.
    pub(crate) fn oracle_on_the_other(&self, half: usize) -> (f64, f64) {
        let oracle = &self.places[self.oracles[half]];
        (mean(oracle.half(1 - half)), spread(&oracle.objectives))
    }

    pub(crate) fn score(&self, place: &Place) -> Score {
        let halves = [0, 1].map(|half| {
            let (best, deviation) = self.oracle_on_the_other(half);
            let regret = mean(place.half(1 - half)) - best;
            [regret / deviation, regret / best.abs().max(f64::MIN_POSITIVE)]
        });
        let average = |index: usize| 0.5 * (halves[0][index] + halves[1][index]);
        Score {
            deviations: average(0),
            relative: average(1),
            octaves: (place.rate / self.rate()).log2(),
            diverged: (place.objectives.iter().zip(&self.untrained))
                .filter(|(value, untrained)| !value.is_finite() || value > untrained)
                .count(),
        }
    }
}

/// Standard deviation between seeds; a millionth of the mean at least, so that it can be divided by.
fn spread(objectives: &[f64]) -> f64 {
    standard_deviation(objectives).max(1e-6 * mean(objectives).abs()).max(f64::MIN_POSITIVE)
}

pub(crate) fn seeds() -> Vec<u64> {
    (0..SEEDS as u64).collect()
}

/// The place of the least value among those that never diverge.
fn lowest(places: &[Place], value: &dyn Fn(&Place) -> f64) -> Option<usize> {
    let stable = (0..places.len()).filter(|&index| places[index].diverged() == 0);
    stable.min_by(|&a, &b| value(&places[a]).total_cmp(&value(&places[b])))
}

/// The half octave at which a pass over the usual rates, a factor of 4 apart, is lowest.
fn coarse(case: &Case, ledger: &Ledger) -> Result<i32> {
    let [low, high] = case.usual_rates().map(|rate| (rate.log2() * PER_OCTAVE).round() as i32);
    let steps: Vec<i32> = (low..=high).step_by(4).collect();
    let rates: Vec<f64> = steps.iter().map(|&k| (f64::from(k) / PER_OCTAVE).exp2()).collect();
    let results = ledger.run(case.requests(&rates, &[COARSE_SEED]))?;
    let objective = |index: &usize| results[*index].objective().unwrap_or(f64::INFINITY);
    let best = (0..steps.len()).min_by(|a, b| objective(a).total_cmp(&objective(b)));
    Ok(best.map_or(low, |best| steps[best]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(rate: f64, objectives: [f64; 4]) -> Place {
        Place { rate, objectives: objectives.to_vec() }
    }

    #[test]
    fn an_oracle_is_chosen_on_one_half_and_scored_on_the_other() {
        let places = vec![
            place(0.5, [1.0, 1.0, 3.0, 3.0]),
            place(1.0, [2.0, 2.0, 2.0, 2.0]),
            place(2.0, [5.0, 5.0, 1.0, 1.0]),
            place(4.0, [0.0, 0.0, f64::INFINITY, 0.0]),
        ];
        let reference = Reference::from_places(places, 16, vec![9.0; 4]).unwrap();
        assert_eq!(reference.oracles, [0, 2], "a rate that diverges is no candidate");
        assert_eq!((reference.rate(), reference.disagreement()), (1.0, 2.0));
        assert_eq!(reference.oracle_on_the_other(0).0, 3.0);
        let score = reference.score(&place(4.0, [4.0, 4.0, 3.0, 3.0]));
        // 0 on the second half; 1 less than the other oracle on the first, whose deviation is the root of 16/3.
        assert!((score.deviations + 0.5 / (16.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{score:?}");
        assert!((score.relative + 0.1).abs() < 1e-12, "{score:?}");
        assert_eq!((score.octaves, score.diverged), (2.0, 0));
    }

    #[test]
    fn ending_worse_than_it_began_counts_as_diverging() {
        let reference = Reference::from_places(vec![place(1.0, [1.0; 4])], 4, vec![2.0; 4]).unwrap();
        let score = reference.score(&place(8.0, [1.0, 2.5, f64::INFINITY, 2.0]));
        assert_eq!((score.diverged, score.deviations), (2, f64::INFINITY));
    }
}
