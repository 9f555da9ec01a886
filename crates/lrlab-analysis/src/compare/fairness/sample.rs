//! Hand-made efforts and runs for the tests of this room.

use std::{collections::BTreeMap, sync::Arc};

use lrlab_core::{
    Event, Horizon, Outcome, TaskSpec, TrialSpec,
    event::{Metric, Started, Step, Validated},
    horizon::Duration,
};

use super::{ArmEffort, Subject, fairness};
use crate::{ArmRuns, Run, compare::RateResult};

/// An arm tuned over these rates with one run each; an objective of NaN is a run that diverged.
pub(super) fn effort(label: &str, rates: &[(f64, f64)], chosen: usize) -> ArmEffort {
    let result = |&(rate, objective): &(f64, f64)| RateResult {
        rate,
        objectives: Some(objective).filter(|objective| objective.is_finite()).into_iter().collect(),
        diverged: usize::from(!objective.is_finite()),
    };
    ArmEffort {
        label: label.to_owned(),
        rates: rates.iter().map(result).collect(),
        chosen,
        trials: rates.len(),
        gradients: 100,
    }
}

/// The codes of all findings.
pub(super) fn codes(efforts: &[ArmEffort], arms: &[ArmRuns]) -> Vec<&'static str> {
    fairness(&Subject { efforts, arms }).into_iter().map(|finding| finding.code).collect()
}

pub(super) fn arm(label: &str, runs: Vec<Run>) -> ArmRuns {
    ArmRuns { label: label.to_owned(), runs, ..ArmRuns::default() }
}

/// A run of so many steps, the first of them clipped, validated at even distances from 0 to the end.
pub(super) fn run(seed: u64, steps: u64, objectives: &[f64], clipped: u64) -> Run {
    let started = Started {
        trial: TrialSpec {
            task: TaskSpec { name: "line".to_owned(), args: BTreeMap::new() },
            strategy: Arc::new("sgd lr=0.1".parse().unwrap()),
            seed,
            budget: Duration::Steps(steps),
            batch_size: None,
            measure: false,
            stop: None,
        },
        label: None,
        lrlab: "test".to_owned(),
        horizon: Horizon::new(steps, 10),
        parameters: 1,
        groups: vec!["all".to_owned()],
        full_batch: false,
        untrained: None,
        objective: "loss".to_owned(),
        data: Vec::new(),
        bowl: None,
    };
    let step = |t| Step {
        t,
        loss: 1.0,
        lr: vec![0.1],
        grad_norm: Some(1.0),
        clipped: t < clipped,
        ..Step::default()
    };
    let validated = |(place, &objective): (usize, &f64)| Validated {
        t: place as u64 * steps / (objectives.len() as u64 - 1),
        metrics: BTreeMap::from([("loss".to_owned(), Metric(objective))]),
    };
    let mut events = vec![Event::Started(Box::new(started))];
    events.extend((0..steps).map(|t| Event::Step(step(t))));
    events.extend(objectives.iter().enumerate().map(|point| Event::Validated(validated(point))));
    events.push(Event::Finished { outcome: Outcome::Completed });
    Run::fold(events).unwrap()
}
