//! Trials and studies as data: what is trained, how, for how long, and with which seeds.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    Duration, Horizon, Strategy,
    registry::RawArgument,
    spec::{Origin, fnv1a},
};

mod draft;
mod find;
mod protocol;

pub use draft::{Count, DraftArm, StudyDraft, TuneDraft};
pub use find::{FindSpec, SweepSpec};
pub use protocol::{Protocol, Tuning};

/// A task by name with its arguments: `digits model=softmax`.
///
/// Which names and arguments there are is the task registry's business, in the training crate.
/// In TOML and JSON it is a table with `name`, or the text form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskSpec {
    /// A name of the task registry.
    pub name: String,
    /// What was given, not yet held against the registry; defaults stay there.
    #[serde(flatten)]
    pub args: BTreeMap<String, RawArgument>,
}

/// One training: task x strategy x seed x budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialSpec {
    /// What is trained.
    pub task: TaskSpec,
    /// The recipe, shared by all trials of it: a study may have them by the thousand.
    #[serde(serialize_with = "write_shared", deserialize_with = "read_shared")]
    pub strategy: Arc<Strategy>,
    /// Seeds the initial weights, the order of the data and all noise.
    pub seed: u64,
    /// How long to train, in steps or epochs.
    pub budget: Duration,
    /// Rows of a batch; `None` takes the task's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// Whether the measurements behind the verdicts (sharpness, branches) are made.
    pub measure: bool,
    /// Ends the trial early, as [`Outcome::Halted`](crate::Outcome::Halted).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopRule>,
}

/// When a trial has shown what it was run for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopRule {
    /// The training loss, smoothed as in [`StopRule::SMOOTHING`], is above so many times its least
    /// smoothed value, or is no finite number.
    RisesAbove(f64),
}

impl StopRule {
    /// Weight of the past in the exponential mean of the losses, which is corrected for its start.
    pub const SMOOTHING: f64 = 0.9;
}

impl TrialSpec {
    /// A hash of everything that decides the trial's log: the same on every machine.
    pub fn spec_hash(&self) -> u64 {
        let Self { task, strategy, seed, budget, batch_size, measure, stop } = self;
        let batch_size = batch_size.map_or_else(String::new, |rows| rows.to_string());
        let stop = stop.map_or_else(String::new, |StopRule::RisesAbove(times)| times.to_string());
        fnv1a(&format!("{task}\n{strategy}\n{seed}\n{budget}\n{batch_size}\n{measure}\n{stop}"))
    }
}

fn write_shared<S: Serializer>(strategy: &Strategy, serializer: S) -> Result<S::Ok, S::Error> {
    strategy.serialize(serializer)
}

fn read_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Strategy>, D::Error> {
    Strategy::deserialize(deserializer).map(Arc::new)
}

/// One strategy of a study, under the name that its tables show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The name in tables and pictures; unique within a study.
    pub label: String,
    /// The recipe.
    pub strategy: Strategy,
}

/// A set of trials that answers one question: every arm with every seed on one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudySpec {
    /// The question, as the report's heading.
    pub title: String,
    /// What is trained.
    pub task: TaskSpec,
    /// The strategies compared.
    pub arms: Vec<Arm>,
    /// Arms meet the same seeds: same weights, same batches.
    pub seeds: Vec<u64>,
    /// How long each trial trains.
    pub budget: Duration,
    /// Rows of a batch; `None` takes the task's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// How rates are chosen, and when it ends; as written and all seeds where a study does not say.
    #[serde(default)]
    pub protocol: Protocol,
}

impl StudySpec {
    /// Every trial of the study at the rates as they are written, arm by arm, with the index of its arm.
    pub fn trials(&self) -> impl Iterator<Item = (usize, TrialSpec)> + '_ {
        self.arms.iter().enumerate().flat_map(move |(index, arm)| {
            let strategy = Arc::new(arm.strategy.clone());
            self.seeds.iter().map(move |&seed| (index, self.trial(Arc::clone(&strategy), seed)))
        })
    }

    /// The trial that compares `strategy` on a seed.
    pub fn trial(&self, strategy: impl Into<Arc<Strategy>>, seed: u64) -> TrialSpec {
        TrialSpec {
            task: self.task.clone(),
            strategy: strategy.into(),
            seed,
            budget: self.budget,
            batch_size: self.batch_size,
            measure: true,
            stop: None,
        }
    }

    /// How long the trainings of an arm are, in a study whose trainings are of `horizon` where an update has
    /// one batch. A budget in epochs is the same data for all; one in steps is as many updates.
    pub fn horizon_of(&self, strategy: &Strategy, horizon: Horizon) -> Horizon {
        match strategy.accumulate {
            1 => horizon,
            batches => {
                let steps_per_epoch = horizon.steps_per_epoch.div_ceil(u64::from(batches));
                Horizon::new(self.budget.steps(Horizon::new(0, steps_per_epoch)), steps_per_epoch)
            }
        }
    }

    /// The first of the seeds that rates are chosen with: 1000, or the first above the study's own, so
    /// that no arm is judged by the luck that its rate was chosen by.
    pub fn tuning_seed(&self) -> u64 {
        let above = self.seeds.iter().max().map_or(0, |last| last.saturating_add(1));
        above.max(1000)
    }

    /// The learning rate that every arm has, where rates are as written and all the same.
    pub fn shared_rate(&self) -> Option<f64> {
        let rate = self.arms.first()?.strategy.lr();
        let at_it = |arm: &Arm| arm.strategy.lr() == rate && !arm.strategy.has_own_rate();
        let same = self.arms.len() > 1 && self.arms.iter().all(at_it);
        (same && self.protocol.tuning == Tuning::AsWritten).then_some(rate)
    }
}

/// What a study asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which strategy is best.
    Compare(StudySpec),
    /// Which learning rate is best for one strategy.
    Find(FindSpec),
    /// How trainings went that other code ran.
    Recorded(RecordedSpec),
}

/// Trainings that other code ran, recorded in one folder. Which arms and seeds there are, the logs tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSpec {
    /// The report's heading.
    pub title: String,
}

impl StudySpec {
    /// Whether the trainings were run by other code, so that lrlab can neither repeat nor continue them.
    pub fn is_recorded(&self) -> bool {
        self.arms.iter().any(|arm| matches!(arm.strategy.origin, Origin::Recorded(_)))
    }
}
