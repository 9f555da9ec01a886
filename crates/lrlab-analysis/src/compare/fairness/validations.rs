//! Where in its training a run was best.

use crate::{ArmRuns, Run};

/// The validation with the lowest objective, as a share of the budget (0 to 1), of each run that
/// completed and was validated at least `least` times.
pub(super) fn best_steps(arm: &ArmRuns, least: usize) -> Vec<f64> {
    let validated = |run: &&Run| run.is_completed() && run.validated.len() >= least;
    arm.runs.iter().filter(validated).filter_map(best_step).collect()
}

/// The first of equally good ones.
fn best_step(run: &Run) -> Option<f64> {
    let objectives = run.validated.iter().filter_map(|validated| {
        let objective = validated.metrics.get(&run.started.objective)?.0;
        objective.is_finite().then_some((validated.t, objective))
    });
    let (t, _) = objectives.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let total = run.started.horizon.total_steps;
    (total > 0).then(|| t as f64 / total as f64)
}
