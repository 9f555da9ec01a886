//! Recorded trainings as a study: which arms and seeds there are is read off the logs.

use std::path::Path;

use lrlab_core::{
    Arm, Duration, Outcome, Protocol, StudySpec, TaskSpec,
    layout::{self, RUNS_FOLDER},
    study::RecordedSpec,
};

use crate::{
    run::{ArmRuns, ReadError, Run, StudyRuns},
    study::{logs, name_of},
};

/// Reads the recorded trainings in `folder`.
///
/// An arm is what runs under one label; arms stand in the order in which they were begun. A training whose
/// log has no end was cut off, or goes on, and counts as stopped.
pub(crate) fn read(recorded: &RecordedSpec, folder: &Path) -> Result<StudyRuns, ReadError> {
    let mut arms: Vec<(Arm, Vec<Run>)> = Vec::new();
    for log in logs(&folder.join(RUNS_FOLDER))? {
        let stray = |why: String| ReadError::Stray { path: log.clone(), why };
        let mut run = match Run::read(&log) {
            // Begun, but cut off before its first line was whole.
            Err(ReadError::Nothing { .. }) => continue,
            other => other?,
        };
        run.outcome.get_or_insert(Outcome::Stopped);
        if run.started.horizon.total_steps == 0 {
            run.started.horizon.total_steps = run.updates();
        }
        let Some(label) = run.started.label.clone() else {
            return Err(stray("it names no arm; the folder holds recorded trainings".to_owned()));
        };
        let arm = arms.iter_mut().find(|(arm, _)| arm.label == label);
        if let Some((_, runs)) = arm {
            let seed = run.started.trial.seed;
            if runs.iter().any(|other| other.started.trial.seed == seed) {
                return Err(stray(format!("{label} has a run with seed {seed} already")));
            }
            runs.push(run);
        } else if layout::arm_of(name_of(&log)).is_none() {
            return Err(stray(format!("its folder {} names no arm", name_of(&log))));
        } else {
            arms.push((Arm { label, strategy: (*run.started.trial.strategy).clone() }, vec![run]));
        }
    }
    let runs = || arms.iter().flat_map(|(_, runs)| runs);
    let mut seeds: Vec<u64> = runs().map(|run| run.started.trial.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let task = runs().next().map(|run| run.started.trial.task.clone());
    let longest = runs().map(|run| run.started.horizon.total_steps).max().unwrap_or(0);
    let spec = StudySpec {
        title: recorded.title.clone(),
        task: task.unwrap_or_else(|| TaskSpec { name: "training".to_owned(), args: [].into() }),
        arms: arms.iter().map(|(arm, _)| arm.clone()).collect(),
        seeds,
        budget: Duration::Steps(longest),
        batch_size: None,
        protocol: Protocol::default(),
    };
    let arms = arms
        .into_iter()
        .map(|(arm, mut runs)| {
            runs.sort_by_key(|run| run.started.trial.seed);
            ArmRuns { label: arm.label, runs, ..ArmRuns::default() }
        })
        .collect();
    Ok(StudyRuns { spec, arms })
}
