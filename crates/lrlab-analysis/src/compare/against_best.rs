//! What the seeds so far say of each arm's difference to the best one, valid while one looks.

use crate::{
    StudyRuns,
    statistics::{Claim, Decision, Rule, Sequence, Test},
};

use super::{
    Row, sound,
    ties::{LEVEL, differences},
};

/// The chance with which a difference must be found to count as detectable.
const POWER: f64 = 0.95;

/// An arm against the best one, seed by seed: objective of the arm minus objective of the best.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct AgainstBest {
    /// Seeds that both completed.
    pub pairs: usize,
    /// Mean difference, in the objective's unit; above 0 the arm is worse.
    pub difference: f64,
    /// The confidence sequence of that mean at `level`. Infinite ends where the seeds are too few to
    /// say anything.
    pub interval: [f64; 2],
    /// The level at which it is read: 0.05 divided among the arms as Holm does, so that the interval
    /// excludes 0 exactly where the p-value is at most 0.05.
    pub level: f64,
    /// The always-valid p-value, adjusted for the number of arms (Holm).
    pub p_value: f64,
    /// The least true difference, in the objective's unit, that as many seeds would show with 95 %
    /// at `level` if the spread is the one measured; `None` where so few show nothing.
    pub detectable: Option<f64>,
    /// What is decided; the best arm is the first of the pair. What it asks for in an undecided one is
    /// the number of seeds still needed.
    pub decision: Decision,
}

/// What is known of the best arm against all others.
pub(super) struct Known {
    pub(super) claim: Claim,
    /// The arms that it was held against, in the order of the claim.
    pub(super) arms: Vec<usize>,
    /// The fewest seeds of any pair.
    pub(super) seeds: usize,
}

/// Holds every sound arm against the best; `None` where there is none.
pub(super) fn mark(study: &StudyRuns, rows: &mut [Row], best: usize, margin: f64) -> Option<Known> {
    let rule = Rule::new(LEVEL, margin).ok()?;
    let others = (0..rows.len()).filter(|&index| index != best && sound(&study.arms[index]));
    // An arm that shares no seed yet stays in: it can be neither beaten nor tied before it does.
    let (arms, sequences): (Vec<usize>, Vec<Sequence>) = others
        .filter_map(|index| {
            let sequence = Sequence::of(&differences(&study.arms[index], &study.arms[best])).ok()?;
            Some((index, sequence))
        })
        .unzip();
    let seeds = sequences.iter().map(Sequence::pairs).min()?;
    let claim = rule.claim(&sequences);
    for (place, (index, sequence)) in arms.iter().zip(&sequences).enumerate() {
        let detectable = Test::Sequence.detectable(sequence.pairs(), claim.levels[place], POWER);
        rows[*index].against_best = (sequence.pairs() > 0).then(|| AgainstBest {
            pairs: sequence.pairs(),
            difference: sequence.mean(),
            interval: claim.intervals[place],
            level: claim.levels[place],
            p_value: claim.p_values[place],
            detectable: detectable.map(|least| least * sequence.standard_deviation()),
            decision: claim.decisions[place],
        });
    }
    Some(Known { claim, arms, seeds })
}
