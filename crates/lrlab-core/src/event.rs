//! The event log: what a trial writes, line by line, and all that analysis may rely on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Horizon, TrialSpec, finite, spec::AverageKind};

/// One line of a run's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// First line: what is run.
    Started(Box<Started>),
    /// One optimizer update.
    Step(Step),
    /// An update that was not made.
    Skipped(Skipped),
    /// A measurement that left training undisturbed.
    Probed(Probed),
    /// The task was validated after `t` updates.
    Validated(Validated),
    /// Last line.
    Finished {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What is run, on what, and what is known of it beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The full spec.
    pub trial: TrialSpec,
    /// The arm's name, where no study names it: for a training that other code ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Version of lrlab that ran it.
    pub lrlab: String,
    /// Steps in all, and in an epoch; 0 where the training that was recorded did not say.
    pub horizon: Horizon,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Names of the parameter groups, in the order of [`Step::lr`].
    pub groups: Vec<String>,
    /// Whether every step sees the same data, so that no noise moves it.
    pub full_batch: bool,
    /// The metric that says how good the outcome is, lower being better: a name of
    /// [`Validated::metrics`].
    pub objective: String,
    /// The objective before the first update, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untrained: Option<Metric>,
    /// What was inferred of the task's data and done to it, in sentences; of users' own data alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// The whole loss, for tasks of two parameters whose loss is a quadratic bowl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bowl: Option<Bowl>,
}

/// A quadratic loss in two parameters: `floor + (x - minimum)' hessian (x - minimum) / 2`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bowl {
    /// What the two axes are called.
    pub axes: [String; 2],
    /// Where the loss is least.
    pub minimum: [f64; 2],
    /// Second derivatives.
    pub hessian: [[f64; 2]; 2],
    /// The loss at the minimum.
    pub floor: f64,
}

/// One optimizer update: everything is measured before the update is applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Updates already made.
    pub t: u64,
    /// Training loss on this step's batch, before the update; the mean of several batches' losses where
    /// their gradients are accumulated.
    #[serde(with = "finite")]
    pub loss: f64,
    /// The rate that this update uses, for each group.
    pub lr: Vec<f64>,
    /// Global Euclidean norm of this step's gradient, before clipping; of a recorded training, as the
    /// optimizer was given it. Absent where it was not measured.
    #[serde(default, with = "finite::option", skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Cosine of the angle between this gradient and the one before: below 0 the step leapt across
    /// the valley (or noise turned it). Absent on the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<f64>,
    /// Whether clipping changed the gradient.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clipped: bool,
    /// The parameters themselves, for tasks of at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<f32>,
    /// The momentum (or beta1) that this update uses, for each group, where it was recorded and every
    /// group has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub momentum: Vec<f64>,
    /// Euclidean norm of the update over that of the parameters before it, where it was recorded.
    #[serde(default, with = "finite::option", skip_serializing_if = "Option::is_none")]
    pub update_ratio: Option<f64>,
    /// What really multiplied the direction of this update, for each group, where that is not the
    /// learning rate of all of them: [`Optimizer::effective_lr`](crate::Optimizer::effective_lr).
    #[serde(default, with = "finite::list", skip_serializing_if = "Vec::is_empty")]
    pub effective_lr: Vec<f64>,
}

/// Updates that are skipped one after another before a training has diverged: weights from which so many
/// batches have no finite loss and gradient will not get better by waiting.
pub const SKIPPED_IN_A_ROW: u32 = 100;

/// An update that was left out, because the loss or the gradient of its batches was not finite. No clock
/// moved: the next step, or another that is skipped, has the same `t` and the batches that follow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    /// Updates already made.
    pub t: u64,
    /// Training loss on its batches; finite where only the gradient was not.
    #[serde(with = "finite")]
    pub loss: f64,
}

/// A measurement after `t` updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// Updates already made.
    pub t: u64,
    /// What was measured.
    pub probe: Probe,
}

/// The measurements there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// The largest eigenvalue of the (preconditioned) Hessian on the probe batch.
    Sharpness {
        /// Largest eigenvalue of `P^-1 H`; P = 1 for SGD.
        #[serde(with = "finite")]
        value: f64,
        /// An eigenvalue lies within this distance of `value`.
        #[serde(with = "finite")]
        residual: f64,
        /// The sharpness above which the optimizer's steps grow, at the rate of step `t`.
        #[serde(with = "finite")]
        limit: f64,
        /// Hessian-vector products spent.
        products: u32,
    },
    /// The gradient of the probe batch and the loss there; against [`Step::grad_norm`] it tells
    /// how much of a step is noise.
    Gradient {
        /// Loss on the probe batch.
        #[serde(with = "finite")]
        loss: f64,
        /// Euclidean norm of the probe batch's gradient.
        #[serde(with = "finite")]
        norm: f64,
        /// Rows in the probe batch; 0 stands for the exact expectation.
        rows: usize,
    },
    /// Clones of the trial at step `from`, continued to step `t` on the same batches with other
    /// rates; losses on the probe batch at `t`.
    Branch {
        /// Where the clones left the run.
        from: u64,
        /// Loss on the probe batch at `from`.
        #[serde(with = "finite")]
        start: f64,
        /// Loss of the run itself at `t`.
        #[serde(with = "finite")]
        same: f64,
        /// Loss of the clone at half the run's rates.
        #[serde(with = "finite")]
        half: f64,
        /// Loss of the clone at the larger of twice the run's rate and its highest rate so far.
        #[serde(with = "finite")]
        raised: f64,
    },
    /// How far the parameters are from where they started.
    Progress {
        /// Euclidean distance between the parameters now and at the start.
        #[serde(with = "finite")]
        distance: f64,
        /// Sum of the distances between the probes so far: the path, as coarsely as it was probed.
        #[serde(with = "finite")]
        path: f64,
    },
}

/// The word before the metrics of weights that are trained, where the training is judged by an average of
/// them: `raw validation loss`.
pub const RAW: &str = "raw";

/// Whether a metric is of other weights than those that the training is judged by, by its name.
///
/// ```
/// use lrlab_core::event::is_of_other_weights;
/// assert!(is_of_other_weights("ema validation loss") && is_of_other_weights("raw loss"));
/// assert!(!is_of_other_weights("validation loss"));
/// ```
pub fn is_of_other_weights(name: &str) -> bool {
    let word = name.split_once(' ').map(|(word, _)| word);
    word.is_some_and(|word| word == RAW || AverageKind::WORDS.contains(&word))
}

/// Metrics of the task after `t` updates, of the weights that the training is judged by.
///
/// Those of other weights stand beside them under names of two parts: `ema validation loss` is that of an
/// average, [`RAW`] goes before those of the weights that are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validated {
    /// Updates already made.
    pub t: u64,
    /// Values by name: `validation loss`, `validation accuracy` (in 0..=1), `excess loss`...
    pub metrics: BTreeMap<String, Metric>,
}

/// A metric's value; may be NaN or infinite where training blew up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metric(#[serde(with = "finite")] pub f64);

/// How a trial ended. Divergence is a result, not an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The budget was used up.
    Completed,
    /// The loss left all bounds at step `t`, or so many updates in a row were skipped there that none would
    /// follow.
    Diverged {
        /// The step whose loss did.
        t: u64,
        /// That loss; finite where only the gradient was not.
        #[serde(with = "finite")]
        loss: f64,
    },
    /// The trial could not be run to its end.
    Failed {
        /// The message.
        why: String,
    },
    /// It was told to stop before its end, and will start again when the study goes on.
    Stopped,
    /// It was ended early after `t` updates, by its own rule or because it could not win.
    Halted {
        /// Updates made.
        t: u64,
        /// The rule and what it saw.
        why: String,
    },
}
