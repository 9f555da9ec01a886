//! The joint question: which schedule, at which rate.
//!
//! Whoever asks a method about each schedule gets three rates, each with an objective that the method
//! saw; the pair of the least objective is recommended. It is held against the best pair of the
//! three grids, chosen on half of the seeds and scored on the other half.

use lrlab::analysis::statistics::mean;

use crate::{
    Measured,
    reference::{Place, Reference},
};

/// What became of a recommended pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Regret in standard deviations between seeds at the best pair.
    pub(crate) deviations: f64,
    /// As a share of the best pair's objective.
    pub(crate) relative: f64,
    /// Whether its schedule is the best pair's, on either half of the seeds.
    pub(crate) is_best_schedule: bool,
}

/// The pair that the method with this index recommends for one problem, whose cases these are. `None`
/// where it has no objective to choose by.
pub(crate) fn recommended(cases: &[&Measured], index: usize) -> Option<Pair> {
    let objective = |one: &&Measured| one.verdicts[index].advice.objective;
    if cases.is_empty() || cases.iter().any(|one| objective(one).is_nan()) {
        return None;
    }
    let chosen = (0..cases.len()).min_by(|&a, &b| objective(&cases[a]).total_cmp(&objective(&cases[b])))?;
    let place = cases[chosen].verdicts[index].place.as_ref()?;
    Some(score(&cases.iter().map(|one| &one.reference).collect::<Vec<_>>(), chosen, place))
}

/// Scores the rate `place` of the grid with index `chosen` against the best of all `grids`.
pub(crate) fn score(grids: &[&Reference], chosen: usize, place: &Place) -> Pair {
    let on = |grid: usize, half: usize| mean(grids[grid].places[grids[grid].oracles[half]].half(half));
    let best = [0, 1]
        .map(|half| (0..grids.len()).min_by(|&a, &b| on(a, half).total_cmp(&on(b, half))).unwrap_or(chosen));
    let regret = |half: usize| {
        let (oracle, deviation) = grids[best[half]].oracle_on_the_other(half);
        let regret = mean(place.half(1 - half)) - oracle;
        [regret / deviation, regret / oracle.abs().max(f64::MIN_POSITIVE)]
    };
    let [first, second] = [regret(0), regret(1)];
    Pair {
        deviations: f64::midpoint(first[0], second[0]),
        relative: f64::midpoint(first[1], second[1]),
        is_best_schedule: best.contains(&chosen),
    }
}

/// The cases of each problem, in the order of the suite.
pub(crate) fn by_problem<'a>(measured: &[&'a Measured]) -> Vec<Vec<&'a Measured>> {
    let mut problems: Vec<Vec<&Measured>> = Vec::new();
    for &one in measured {
        match problems.iter_mut().find(|cases| cases[0].case.problem.name == one.case.problem.name) {
            Some(cases) => cases.push(one),
            None => problems.push(vec![one]),
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_held_against_the_best_of_all_grids() {
        let grid = |values: [f64; 2]| {
            let place =
                |value: f64| Place { rate: 1.0, objectives: vec![value, value + 0.1, value, value + 0.1] };
            Reference::from_places(values.map(place).into(), 8, vec![9.0; 4]).unwrap()
        };
        let [poor, good] = [grid([4.0, 3.0]), grid([2.0, 1.0])];
        let grids = [&poor, &good];
        let worse = score(&grids, 0, &poor.places[1]);
        assert!((worse.relative - 2.0 / 1.05).abs() < 1e-12 && !worse.is_best_schedule, "{worse:?}");
        let best = score(&grids, 1, &good.places[1]);
        assert!(best.deviations.abs() < 1e-12 && best.is_best_schedule, "{best:?}");
    }
}
