//! What was decided while a study ran, worked out again from its logs.

use std::collections::HashMap;

use lrlab_core::{Arm, Event, Horizon, Outcome, Tuning, layout};

use super::{CompareAnswer, ComparePlanner, TunedArm};
use crate::{
    ArmRuns, ResultFold, Run, StudyRuns, TrialResult,
    compare::{
        RateResult,
        fairness::{ArmEffort, Finding, Subject, fairness},
    },
    planner::{Request, replay},
};

impl StudyRuns {
    /// Runs that an arm was to have: one for each seed, or, where seeds are added only until the answer is
    /// known or runs were recorded as they came, those that were begun.
    pub fn asked(&self, arm: &ArmRuns) -> usize {
        if !self.spec.protocol.stop_early && !self.spec.is_recorded() {
            return self.spec.seeds.len();
        }
        arm.runs.len() + arm.unbuilt.iter().filter(|unbuilt| !layout::is_tuning(&unbuilt.name)).count()
    }

    /// What the study's planner decided, worked out again from the runs; `None` while runs are missing.
    pub fn answer(&self) -> Option<CompareAnswer> {
        let tuning = || self.arms.iter().flat_map(|arm| &arm.tuning);
        let mut known: HashMap<String, TrialResult> =
            tuning().map(|result| (result.name.clone(), result.clone())).collect();
        for (index, arm) in self.arms.iter().enumerate() {
            for run in &arm.runs {
                let name = layout::run_folder(index, &arm.label, run.started.trial.seed);
                let result = TrialResult::of(&name, run);
                known.insert(name, result);
            }
        }
        let unbuilt = |request: &Request| {
            let all = self.arms.iter().flat_map(|arm| &arm.unbuilt);
            let unbuilt = all.into_iter().find(|unbuilt| unbuilt.name == request.name)?;
            let mut fold = ResultFold::new(&request.name, &request.trial);
            fold.push(&Event::Finished { outcome: Outcome::Failed { why: unbuilt.why.clone() } });
            Some(fold.finish())
        };
        let mut planner = ComparePlanner::of_arms(self.spec.clone(), self.horizons()?);
        replay(&mut planner, |request| {
            known
                .get(&request.name)
                .filter(|r| r.trial == request.trial)
                .cloned()
                .or_else(|| unbuilt(request))
        })
    }

    /// Whatever speaks against believing the comparison, by code.
    pub fn findings(&self, answer: &CompareAnswer) -> Vec<Finding> {
        fairness(&Subject { efforts: &self.efforts(answer), arms: &self.arms })
    }

    /// How each arm came by its rate, for [`fairness`].
    ///
    /// What was spent counts as it was allowed: a search that knows enough before its effort is used up,
    /// or a trial that diverges, leaves an arm no worse off.
    pub fn efforts(&self, answer: &CompareAnswer) -> Vec<ArmEffort> {
        let horizons = self.horizons().unwrap_or_default();
        let arms = answer.arms.iter().zip(&self.arms).enumerate();
        let effort = |(index, (arm, runs)): (usize, (&TunedArm, &ArmRuns))| {
            let total = horizons.get(index).map_or(0, |horizon| horizon.total_steps);
            let (trials, gradients) = match self.spec.protocol.tuning {
                Tuning::AsWritten => (0, 0),
                _ if arm.strategy.has_own_rate() => (0, 0),
                Tuning::Search { effort } => (effort as usize, (effort * total as f64) as u64),
                Tuning::Grid { .. } => (arm.trials, arm.trials as u64 * total),
            };
            let rate = arm.strategy.lr();
            let is_it = |tried: &RateResult| (tried.rate / rate - 1.0).abs() < 1e-3;
            let mut rates = arm.rates.clone();
            // A rate as written, or one that a search read off between two others: the comparison tried it.
            let chosen = rates.iter().position(is_it).unwrap_or_else(|| {
                let completed = runs.runs.iter().filter(|run| run.is_completed());
                let diverged = runs.runs.iter().filter(|run| run.is_diverged()).count();
                rates.push(RateResult {
                    rate,
                    objectives: completed.filter_map(Run::objective).collect(),
                    diverged,
                });
                rates.len() - 1
            });
            ArmEffort { label: arm.label.clone(), rates, chosen, trials, gradients }
        };
        arms.map(effort).collect()
    }

    /// How long the trainings of each arm are; `None` before there is a run. An arm that has none is taken
    /// to see the batches of the others.
    fn horizons(&self) -> Option<Vec<Horizon>> {
        let of = |run: &Run| {
            let steps_per_epoch = run.started.horizon.steps_per_epoch;
            Horizon::new(self.spec.budget.steps(Horizon::new(0, steps_per_epoch)), steps_per_epoch)
        };
        let accumulated = |run: &Run| run.started.trial.strategy.accumulate;
        let finest = self.arms.iter().flat_map(|arm| &arm.runs).min_by_key(|run| accumulated(run))?;
        let Horizon { total_steps, steps_per_epoch } = of(finest);
        let batches = Horizon::new(total_steps, steps_per_epoch * u64::from(accumulated(finest)));
        let horizon = |(spec, runs): (&Arm, &ArmRuns)| match runs.runs.first() {
            Some(run) => of(run),
            None => self.spec.horizon_of(&spec.strategy, batches),
        };
        Some(self.spec.arms.iter().zip(&self.arms).map(horizon).collect())
    }
}
