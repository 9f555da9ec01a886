//! Measurements that leave training as it is: the same bits with and without them.

mod lanczos;
mod sharpness;

use std::ops::RangeInclusive;

use lrlab_core::{
    Event,
    event::{Probe, Probed},
};

use serde::{Deserialize, Serialize};

pub use lanczos::{Extreme, largest_eigenvalue};
pub use sharpness::{hessian_vector_product, sharpness};

use crate::{Batch, Observer, Task, TrainError, Trial, checkpoint::Number, trial::RateChange};

/// Share of training's own gradient work that curvature may cost.
const SHARPNESS_SHARE: f64 = 0.05;
/// Products spent where nothing is known yet of the steepest direction, and where it is.
const FIRST_PRODUCTS: u32 = 5;
const NEXT_PRODUCTS: u32 = 3;
/// A branch is one in so many steps of the training long, within these bounds, and at most a third:
/// long enough to answer, short enough for two of them to cost a few hundredths of the training.
const BRANCH_ONE_IN: u64 = 75;
const BRANCH_STEPS: RangeInclusive<u64> = 5..=50;
/// A full batch costs the same to measure as to train on; small problems are measured this often.
const PROBES_AT_MOST: u64 = 12;

/// When to measure, and what was measured before.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    /// Steps between two looks at the curvature; 0 for never.
    every: u64,
    /// Where the branches leave the run, and how long they are.
    branch_at: u64,
    branch_steps: u64,
    /// Losses at the branches' ends, until the run gets there itself.
    branches: Option<Branches>,
    /// The steepest direction found last, where the next search begins.
    direction: Vec<f32>,
    start: Vec<f32>,
    last: Vec<f32>,
    path: f64,
}

#[derive(Clone, Debug)]
struct Branches {
    start: f64,
    half: f64,
    raised: f64,
}

/// What was measured before, but for its vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProbesState {
    /// Losses at the branches' ends: at their start, at half the rates, at raised ones.
    branches: Option<[Number; 3]>,
    path: Number,
}

impl Probes {
    /// Names of the vectors that are remembered.
    pub(crate) const VECTORS: [&'static str; 3] = ["direction", "start", "last"];

    pub(crate) fn new(trial: &mut Trial) -> Self {
        let total = trial.horizon().total_steps;
        let branch_steps = (total / BRANCH_ONE_IN).clamp(*BRANCH_STEPS.start(), *BRANCH_STEPS.end());
        let branch_steps = branch_steps.min(total.div_ceil(3));
        let mut probes = Self {
            every: 0,
            branch_at: total - branch_steps,
            branch_steps,
            branches: None,
            direction: Vec::new(),
            start: Vec::new(),
            last: Vec::new(),
            path: 0.0,
        };
        if trial.spec().measure {
            probes.every = spacing(trial);
        }
        probes
    }

    /// Measures what is due before the next update, or after the last one.
    pub(crate) fn before_step(
        &mut self,
        trial: &mut Trial,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        if self.every == 0 {
            return Ok(());
        }
        let (t, total) = (trial.t(), trial.horizon().total_steps);
        let mut tell = |probe: Probe| observer.on_event(&Event::Probed(Probed { t, probe }));
        if t == self.branch_at {
            self.branches = Some(Branches {
                start: trial.branch(RateChange::None, 0)?,
                half: trial.branch(RateChange::Half, self.branch_steps)?,
                raised: trial.branch(RateChange::Raised, self.branch_steps)?,
            });
        }
        let last = t == total;
        // The last regular look may not come too close to the one at the end.
        if last || (t.is_multiple_of(self.every) && t + self.every / 2 < total) {
            for probe in self.look(trial)? {
                tell(probe)?;
            }
        }
        if last && let Some(branches) = self.branches.take() {
            let same = trial.probe_loss()?;
            let Branches { start, half, raised } = branches;
            tell(Probe::Branch { from: self.branch_at, start, same, half, raised })?;
        }
        Ok(())
    }

    /// Loss, gradient and curvature on the probe batch, and the way so far.
    fn look(&mut self, trial: &mut Trial) -> Result<Vec<Probe>, TrainError> {
        let stability = trial.stability();
        let task = trial.task();
        let rows = task.probe_rows();
        let loss = task.gradients(Batch::Probe)?;
        let mut gradient = Vec::new();
        task.visit_gradients(&mut |g| gradient.extend_from_slice(g));
        let norm = lrlab_core::vector::dot(&gradient, &gradient).sqrt();
        let mut found = vec![Probe::Gradient { loss, norm, rows }];
        if !(loss.is_finite() && norm.is_finite()) {
            return Ok(found);
        }
        if let Some((limit, inverse)) = stability {
            found.push(self.curvature(task, gradient, limit, &inverse)?);
        }
        found.push(self.progress(task));
        Ok(found)
    }

    /// What has to be kept beside the [`vectors`](Self::vectors).
    pub(crate) fn state(&self) -> ProbesState {
        let numbers = |b: &Branches| [b.start, b.half, b.raised].map(Number::from);
        ProbesState { branches: self.branches.as_ref().map(numbers), path: self.path.into() }
    }

    /// The vectors that are remembered, by name, each as long as all parameters together or empty.
    pub(crate) fn vectors(&self) -> [(&'static str, &[f32]); 3] {
        let [direction, start, last] = Self::VECTORS;
        [(direction, &self.direction), (start, &self.start), (last, &self.last)]
    }

    /// Goes on from what [`state`](Self::state) gave, with the [`vectors`](Self::vectors) in their order.
    pub(crate) fn restore(&mut self, state: &ProbesState, vectors: [Vec<f32>; 3]) {
        self.branches = state.branches.map(|numbers| {
            let [start, half, raised] = numbers.map(f64::from);
            Branches { start, half, raised }
        });
        self.path = state.path.into();
        [self.direction, self.start, self.last] = vectors;
    }

    fn curvature(
        &mut self,
        task: &mut dyn Task,
        gradient: Vec<f32>,
        limit: f64,
        inverse: &[f32],
    ) -> Result<Probe, TrainError> {
        let products = if self.direction.is_empty() { FIRST_PRODUCTS } else { NEXT_PRODUCTS };
        let begin = if self.direction.is_empty() { gradient } else { std::mem::take(&mut self.direction) };
        let Extreme { value, residual, vector, products } = sharpness(task, &begin, inverse, products)?;
        self.direction = vector;
        Ok(Probe::Sharpness { value, residual, limit, products })
    }

    fn progress(&mut self, task: &mut dyn Task) -> Probe {
        let mut here = Vec::new();
        task.visit(&mut |param| here.extend_from_slice(param.value));
        if self.start.is_empty() {
            self.start.clone_from(&here);
            self.last.clone_from(&here);
        }
        self.path += distance(&self.last, &here);
        let from_start = distance(&self.start, &here);
        self.last = here;
        Probe::Progress { distance: from_start, path: self.path }
    }
}

/// Steps between two looks at the curvature, so that they stay within their share of the work.
fn spacing(trial: &mut Trial) -> u64 {
    let total = trial.horizon().total_steps;
    let rows_of_update = trial.rows_of_update() as f64;
    let rows = trial.task().probe_rows();
    let looks = if trial.is_full_batch() || rows == 0 {
        PROBES_AT_MOST
    } else {
        // A product takes two gradients; a gradient's cost grows slower than its rows.
        let gradient = (rows as f64 / rows_of_update).max(1.0).powf(0.75);
        let look = 2.0 * f64::from(NEXT_PRODUCTS) * gradient + gradient;
        let affordable = SHARPNESS_SHARE * total as f64 / look;
        (affordable as u64).clamp(1, PROBES_AT_MOST)
    };
    total.div_ceil(looks).max(1)
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}
