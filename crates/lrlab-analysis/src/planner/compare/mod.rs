//! Which strategy is best: every arm at a rate of its own, then seeds until the answer is known.
//!
//! Tuning and comparison never share a seed, so that no arm is judged by the luck that its rate was
//! chosen by. All arms are tuned side by side; the comparison begins when the last is done.

mod answer;
mod from_logs;
mod grid;
mod rounds;
mod tuned;

use lrlab_core::{FindSpec, Horizon, StudySpec, Tuning, layout::tuning_prefix};

use self::{grid::Grid, rounds::Rounds};
use super::{FindPlanner, Next, Planner, Request};
use crate::TrialResult;

pub use answer::{CompareAnswer, Ended};
pub use tuned::TunedArm;

/// Trials of arms that give up rates early, at most so many in memory at once: each holds its log open.
const LIVE: usize = 256;

/// Compares the arms of a study as its protocol says.
#[derive(Clone, Debug)]
pub struct ComparePlanner {
    spec: StudySpec,
    /// How long the trainings of each arm are.
    horizons: Vec<Horizon>,
    /// What was found for each arm. Results are only ever added, so what is known stays.
    tuned: Vec<Option<TunedArm>>,
}

impl ComparePlanner {
    /// Will answer `spec`, whose trainings are of `horizon` where an update has one batch.
    pub fn new(spec: StudySpec, horizon: Horizon) -> Self {
        let horizons = spec.arms.iter().map(|arm| spec.horizon_of(&arm.strategy, horizon)).collect();
        Self::of_arms(spec, horizons)
    }

    /// The same, with how long the trainings of each arm are.
    fn of_arms(spec: StudySpec, horizons: Vec<Horizon>) -> Self {
        let tuned = vec![None; spec.arms.len()];
        Self { spec, horizons, tuned }
    }

    /// The rate of an arm, or what is to be trained before it can be told.
    fn tune(&self, arm: usize, seen: &[TrialResult]) -> Result<TunedArm, Vec<Request>> {
        let prefix = tuning_prefix(arm, &self.spec.arms[arm].label);
        let (arm, index) = (&self.spec.arms[arm], arm);
        let own = seen.iter().filter(|result| result.name.starts_with(&prefix));
        match &self.spec.protocol.tuning {
            _ if arm.strategy.has_own_rate() => Ok(TunedArm::as_written(arm)),
            Tuning::AsWritten => Ok(TunedArm::as_written(arm)),
            Tuning::Search { effort } => {
                let find = FindSpec {
                    batch_size: self.spec.batch_size,
                    seed: self.spec.tuning_seed(),
                    effort: *effort,
                    ..FindSpec::new(self.spec.task.clone(), arm.strategy.clone(), self.spec.budget)
                };
                let own: Vec<TrialResult> = own.cloned().collect();
                match FindPlanner::new(find, self.horizons[index]).next(&own) {
                    Next::Stop(answer) => Ok(TunedArm::searched(arm, answer, own.len())),
                    Next::Run(mut requests) => {
                        for request in &mut requests {
                            request.name.insert_str(0, &prefix);
                        }
                        Err(requests)
                    }
                }
            }
            Tuning::Grid { rates, seeds, halving } => {
                let rates = rates.get(index).map_or(&[][..], Vec::as_slice);
                let grid = Grid { spec: &self.spec, prefix: &prefix, arm, rates, seeds: *seeds };
                let rungs = if *halving { grid::rungs(self.horizons[index]) } else { Vec::new() };
                grid.tune(&rungs, own)
            }
        }
    }

    /// Live trials that an arm may need while it is tuned.
    fn live(&self, arm: usize) -> usize {
        match &self.spec.protocol.tuning {
            Tuning::Grid { rates, seeds, halving: true } if !self.spec.arms[arm].strategy.has_own_rate() => {
                rates.get(arm).map_or(0, Vec::len) * usize::try_from(*seeds).unwrap_or(usize::MAX)
            }
            _ => 0,
        }
    }
}

impl Planner for ComparePlanner {
    type Answer = CompareAnswer;

    fn next(&mut self, seen: &[TrialResult]) -> Next<CompareAnswer> {
        let (mut wanted, mut live) = (Vec::new(), 0);
        for arm in 0..self.spec.arms.len() {
            if self.tuned[arm].is_some() {
                continue;
            }
            match self.tune(arm, seen) {
                Ok(tuned) => self.tuned[arm] = Some(tuned),
                Err(requests) => wanted.extend(requests),
            }
            live += self.live(arm);
            if live >= LIVE {
                break;
            }
        }
        if !wanted.is_empty() {
            return Next::Run(wanted);
        }
        let Some(arms) = self.tuned.iter().cloned().collect::<Option<Vec<TunedArm>>>() else {
            return self.next(seen);
        };
        match Rounds::new(&self.spec, &arms, seen).walk() {
            Ok(walked) => {
                let arms =
                    arms.iter().zip(walked.seeds).map(|(arm, seeds)| TunedArm { seeds, ..arm.clone() });
                let (best, ended, asked) = (walked.best, walked.ended, self.spec.seeds.len());
                Next::Stop(CompareAnswer { arms: arms.collect(), best, ended, asked })
            }
            Err(requests) => Next::Run(requests),
        }
    }
}
