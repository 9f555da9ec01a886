//! The question of `find`: which learning rate is best for one strategy.

use serde::{Deserialize, Serialize};

use super::TaskSpec;
use crate::{Duration, Strategy};

/// Which learning rate is best for `strategy` on `task`, in a training of `budget`.
///
/// The rate is that of the first parameter group; the others keep their ratio to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindSpec {
    /// What is trained.
    pub task: TaskSpec,
    /// The recipe with the schedule that will really be used. Its rates matter by their ratios alone.
    pub strategy: Strategy,
    /// How long a training is.
    pub budget: Duration,
    /// Rows of a batch; `None` takes the task's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// The first seed; others follow it.
    pub seed: u64,
    /// The range test in front.
    pub sweep: SweepSpec,
    /// Whether the range test is all.
    #[serde(default)]
    pub sweep_only: bool,
    /// Gradient evaluations that may be spent in all, in whole trainings: 20 for instance.
    pub effort: f64,
    /// The interval of the best rate is narrow enough at this many octaves.
    pub octaves: f64,
    /// Whether each parameter group's rate is then found by itself.
    #[serde(default)]
    pub per_group: bool,
}

/// A range test: one training in which the rate rises from tiny to huge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepSpec {
    /// The rate of the first step.
    pub from: f64,
    /// The rate after the last step.
    pub to: f64,
    /// Steps of a sweep, at most.
    pub steps: u64,
    /// How many sweeps, each with its own seed.
    pub seeds: u64,
    /// Whether each step adds the same, instead of multiplying by the same.
    #[serde(default)]
    pub linear: bool,
}

impl FindSpec {
    /// Trainings that may be spent when nothing else is asked for.
    pub const EFFORT: f64 = 20.0;
    /// The width in octaves at which an interval is narrow enough when nothing else is asked for.
    pub const OCTAVES: f64 = 1.0;

    /// The question with everything else as usual.
    pub fn new(task: TaskSpec, strategy: Strategy, budget: Duration) -> Self {
        Self {
            task,
            strategy,
            budget,
            batch_size: None,
            seed: 0,
            sweep: SweepSpec::default(),
            sweep_only: false,
            effort: Self::EFFORT,
            octaves: Self::OCTAVES,
            per_group: false,
        }
    }
}

impl FindSpec {
    /// What makes it no question, a sentence each.
    pub fn faults(&self) -> Vec<String> {
        let SweepSpec { from, to, steps, .. } = self.sweep;
        let mut faults = Vec::new();
        if !(from.is_finite() && from > 0.0 && to.is_finite() && to > from) {
            faults.push(format!("a sweep goes from a rate above 0 to a higher one, not from {from} to {to}"));
        }
        if !(20..=100_000).contains(&steps) {
            faults.push(format!("a sweep has 20 to 100000 steps, not {steps}"));
        }
        if self.sweep_only && self.sweep.seeds == 0 {
            faults.push("a range test without a sweep is nothing; give 1 seed or more".to_owned());
        }
        if self.sweep.seeds > 1000 {
            faults.push(format!("at most 1000 sweeps are made, not {}", self.sweep.seeds));
        }
        if !(self.effort.is_finite() && self.effort >= 4.0) {
            faults.push(format!("a search takes the effort of 4 trainings or more, not {}", self.effort));
        }
        if !(self.octaves.is_finite() && self.octaves > 0.0) {
            faults.push(format!("an interval is wider than 0 octaves, not {}", self.octaves));
        }
        faults
    }
}

impl Default for SweepSpec {
    /// Two exponential sweeps of 100 steps from 1e-6 to 100.
    fn default() -> Self {
        Self { from: 1e-6, to: 100.0, steps: 100, seeds: 2, linear: false }
    }
}
