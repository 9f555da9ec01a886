//! What was decided while a study ran, worked out again from its logs.

use std::collections::HashMap;

use lrlab_core::{Event, Horizon, Outcome, layout};

use super::{CompareAnswer, ComparePlanner};
use crate::{
    ArmRuns, ResultFold, StudyRuns, TrialResult,
    planner::{Request, replay},
};

impl StudyRuns {
    /// Runs that an arm was to have: one for each seed, or, where seeds are added only until the answer is
    /// known, those that were begun.
    pub fn asked(&self, arm: &ArmRuns) -> usize {
        if !self.spec.protocol.stop_early {
            return self.spec.seeds.len();
        }
        arm.runs.len() + arm.unbuilt.iter().filter(|unbuilt| !layout::is_tuning(&unbuilt.name)).count()
    }

    /// What the study's planner decided, worked out again from the runs; `None` while runs are missing.
    pub fn answer(&self) -> Option<CompareAnswer> {
        let runs = || self.arms.iter().flat_map(|arm| &arm.runs);
        let tuning = || self.arms.iter().flat_map(|arm| &arm.tuning);
        let steps_per_epoch = runs().next()?.started.horizon.steps_per_epoch;
        let total = self.spec.budget.steps(Horizon::new(0, steps_per_epoch));
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
        let mut planner = ComparePlanner::new(self.spec.clone(), Horizon::new(total, steps_per_epoch));
        replay(&mut planner, |request| {
            known
                .get(&request.name)
                .filter(|r| r.trial == request.trial)
                .cloned()
                .or_else(|| unbuilt(request))
        })
    }
}
