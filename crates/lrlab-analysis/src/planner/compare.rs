//! Every arm of a study with every seed.

use lrlab_core::{StudySpec, layout::run_folder};

use super::{Next, Planner, Request};
use crate::TrialResult;

/// Asks for every trial of a study at once.
#[derive(Clone, Debug)]
pub struct ComparePlanner {
    spec: StudySpec,
}

impl ComparePlanner {
    /// Will run all of `spec`.
    pub fn new(spec: StudySpec) -> Self {
        Self { spec }
    }
}

impl Planner for ComparePlanner {
    type Answer = ();

    fn next(&mut self, seen: &[TrialResult]) -> Next<()> {
        if !seen.is_empty() {
            return Next::Stop(());
        }
        let requests = self
            .spec
            .trials()
            .map(|(arm, trial)| Request::run(run_folder(arm, &self.spec.arms[arm].label, trial.seed), trial));
        Next::Run(requests.collect())
    }
}
