//! Which arms cannot be told from the best one.

use std::collections::BTreeMap;

use crate::{
    ArmRuns, StudyRuns,
    statistics::{holm, sign_flip_p, smallest_p},
};

use super::{Row, objectives, sound};

/// Differences with an adjusted p-value below this are called differences.
pub(super) const LEVEL: f64 = 0.05;

/// Fills in p-values and ties against `best`; the sentence returned says what the number of seeds
/// cannot show.
pub(super) fn mark(study: &StudyRuns, rows: &mut [Row], best: usize) -> Option<String> {
    let others: Vec<usize> =
        (0..rows.len()).filter(|&index| index != best && sound(&study.arms[index])).collect();
    let tested: Vec<(usize, Vec<f64>)> = others
        .iter()
        .map(|&index| (index, differences(&study.arms[index], &study.arms[best])))
        .filter(|(_, differences)| differences.len() >= 2)
        .collect();
    let raw: Vec<f64> = tested.iter().map(|(_, differences)| sign_flip_p(differences)).collect();
    let mut powerless = None;
    for ((index, differences), p) in tested.iter().zip(holm(&raw)) {
        // The least that this test could have given, were every seed to say the same.
        let able = smallest_p(differences.len()) * (tested.len() as f64) < LEVEL;
        let equal = differences.iter().all(|&difference| difference == 0.0);
        rows[*index].p_value = Some(p);
        rows[*index].tied_with_best = equal || (able && p >= LEVEL);
        if !able {
            powerless =
                Some(powerless.map_or(differences.len(), |least: usize| least.min(differences.len())));
        }
    }
    if !others.is_empty() && tested.is_empty() {
        return Some("One seed: the order is as measured, with no claim of significance.".to_owned());
    }
    powerless.map(|seeds| {
        format!(
            "{seeds} seeds are too few to tell {} strategies apart: even if every seed agreed, p would be {:.2}. \
             The order is as measured, with no claim of significance; it takes at least {} seeds.",
            tested.len() + 1,
            (smallest_p(seeds) * tested.len() as f64).min(1.0),
            seeds_needed(tested.len())
        )
    })
}

/// Differences of the objective between runs of the same seed.
pub(super) fn differences(arm: &ArmRuns, best: &ArmRuns) -> Vec<f64> {
    let best: BTreeMap<u64, f64> = objectives(best).collect();
    objectives(arm).filter_map(|(seed, value)| best.get(&seed).map(|best| value - best)).collect()
}

/// The least number of seeds with which the least p-value of `comparisons` is below the level.
fn seeds_needed(comparisons: usize) -> usize {
    (1..64).find(|&seeds| smallest_p(seeds) * (comparisons as f64) < LEVEL).unwrap_or(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_needed_grow_with_the_comparisons() {
        // 2/2^6 = 0.031; 5 x 2/2^8 = 0.039.
        assert_eq!([1, 2, 5, 9].map(seeds_needed), [6, 7, 8, 9]);
    }
}
