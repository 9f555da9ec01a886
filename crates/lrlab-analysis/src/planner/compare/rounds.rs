//! Seeds in rounds, until the answer is known.
//!
//! After each round the arm of the least mean is held against every other by confidence sequences,
//! with Holm's levels, so that looking often costs no certainty. It ends when that arm beats every
//! other, when all that it does not beat are as good, or with the last seed. An arm that is beaten gets
//! no more seeds.

use std::{collections::HashMap, sync::Arc};

use lrlab_core::{Strategy, StudySpec, layout::run_folder};

use super::{Ended, TunedArm};
use crate::{
    TrialResult,
    planner::Request,
    statistics::{CONFIDENCE, Claim, Decision, Rule, Sequence, Side, interval_reach, mean},
};

/// A round has at least so many trials, so that cores have something to do.
const SIDE_BY_SIDE: usize = 4;

/// The comparison of arms whose rates are known.
pub(super) struct Rounds<'a> {
    spec: &'a StudySpec,
    arms: &'a [TunedArm],
    /// Each arm's, shared by its trials.
    strategies: Vec<Arc<Strategy>>,
    seen: HashMap<&'a str, &'a TrialResult>,
}

/// How it ended.
pub(super) struct Walked {
    pub(super) ended: Ended,
    pub(super) best: Option<usize>,
    /// Seeds that each arm had.
    pub(super) seeds: Vec<usize>,
}

/// What is known after a round.
struct Judged {
    best: Option<usize>,
    /// `None` while more seeds may tell more.
    ended: Option<Ended>,
    /// The arms that may still be the best.
    open: Vec<usize>,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(spec: &'a StudySpec, arms: &'a [TunedArm], seen: &'a [TrialResult]) -> Self {
        let strategies = arms.iter().map(|arm| Arc::new(arm.strategy.clone())).collect();
        let seen = seen.iter().map(|result| (result.name.as_str(), result)).collect();
        Self { spec, arms, strategies, seen }
    }

    /// How it ended, or what is to be trained before it can end.
    pub(super) fn walk(&self) -> Result<Walked, Vec<Request>> {
        let most = self.spec.seeds.len();
        let mut seeds = vec![0; self.arms.len()];
        let mut open: Vec<usize> = (0..self.arms.len()).collect();
        let mut next = if self.spec.protocol.stop_early { first_round(open.len()).min(most) } else { most };
        loop {
            let mut missing = Vec::new();
            for &arm in &open {
                let from = std::mem::replace(&mut seeds[arm], next);
                let wanted = (from.min(next)..next).map(|seed| self.request(arm, seed));
                missing.extend(wanted.filter(|request| !self.seen.contains_key(request.name.as_str())));
            }
            if !missing.is_empty() {
                return Err(missing);
            }
            let Judged { best, ended, open: still } = self.judge(&seeds);
            if let Some(ended) = ended.or((next == most).then_some(Ended::AllSeeds)) {
                return Ok(Walked { ended, best, seeds });
            }
            open = still;
            next = (next + SIDE_BY_SIDE.div_ceil(open.len().max(1))).min(most);
        }
    }

    fn request(&self, arm: usize, seed: usize) -> Request {
        let seed = self.spec.seeds[seed];
        let name = run_folder(arm, &self.spec.arms[arm].label, seed);
        Request::run(name, self.spec.trial(Arc::clone(&self.strategies[arm]), seed))
    }

    /// The objectives of an arm on its first seeds; `None` where a run did not come to a good end.
    fn objectives(&self, arm: usize, seeds: usize) -> Option<Vec<f64>> {
        let of_seed = |seed: usize| {
            let name = run_folder(arm, &self.spec.arms[arm].label, self.spec.seeds[seed]);
            self.seen.get(name.as_str())?.objective().filter(|value| value.is_finite())
        };
        (0..seeds).map(of_seed).collect()
    }

    fn judge(&self, seeds: &[usize]) -> Judged {
        let sound: Vec<(usize, Vec<f64>)> =
            (0..self.arms.len()).filter_map(|arm| Some((arm, self.objectives(arm, seeds[arm])?))).collect();
        // Those with most seeds meet on the same ones; it is not all of them where the arms that went on have
        // diverged or failed since.
        let most = sound.iter().map(|(arm, _)| seeds[*arm]).max();
        let best = sound
            .iter()
            .filter(|(arm, _)| Some(seeds[*arm]) == most)
            .min_by(|(_, a), (_, b)| mean(a).total_cmp(&mean(b)));
        let Some((best, objectives)) = best else {
            return Judged { best: None, ended: Some(Ended::NoneFinished), open: Vec::new() };
        };
        let others: Vec<&(usize, Vec<f64>)> = sound.iter().filter(|(arm, _)| arm != best).collect();
        let open = |open: Vec<usize>| Judged { best: Some(*best), ended: None, open };
        if self.arms.len() == 1 {
            return open(vec![*best]);
        }
        if others.is_empty() {
            return Judged { best: Some(*best), ended: Some(Ended::OnlyOne), open: Vec::new() };
        }
        let Some(claim) = claim(self.spec.protocol.equivalence, objectives, &others) else {
            return open((0..self.arms.len()).collect());
        };
        let done = |ended| Judged { best: Some(*best), ended: Some(ended), open: Vec::new() };
        match claim.overall() {
            Decision::Winner(_) => done(Ended::Decided),
            Decision::Tie => done(Ended::Tied),
            Decision::Undecided { .. } => {
                let beaten = |index: &usize| claim.decisions[*index] == Decision::Winner(Side::First);
                let rest = (0..others.len()).filter(|index| !beaten(index)).map(|index| others[index].0);
                let mut still: Vec<usize> = std::iter::once(*best).chain(rest).collect();
                still.sort_unstable();
                open(still)
            }
        }
    }
}

/// The arm with `objectives` held against the others, on the seeds that both have; differences of up to the
/// share `equivalence` of its mean do not matter.
fn claim(equivalence: f64, objectives: &[f64], others: &[&(usize, Vec<f64>)]) -> Option<Claim> {
    let rule = Rule::new(1.0 - CONFIDENCE, equivalence * mean(objectives).abs()).ok()?;
    let differences =
        |other: &[f64]| -> Vec<f64> { other.iter().zip(objectives).map(|(o, b)| o - b).collect() };
    let sequences = others.iter().map(|(_, other)| Sequence::of(&differences(other)));
    Some(rule.claim(&sequences.collect::<Result<Vec<Sequence>, _>>().ok()?))
}

/// The fewest seeds that can tell anything between so many arms.
fn first_round(arms: usize) -> usize {
    let level = (1.0 - CONFIDENCE) / arms.saturating_sub(1).max(1) as f64;
    (2..64).find(|&seeds| interval_reach(seeds, level).is_finite()).unwrap_or(64)
}
