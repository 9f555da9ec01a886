//! Averages of the weights, kept beside them.
//!
//! ```text
//! a = w                  the first time
//! a = a + (w - a) s      afterwards; ema: s = 1 - decay, after every update
//!                        swa: s = 1 / (n + 1) with n weights in a, at its times
//! ```
//!
//! `w` are the weights that are trained ([`Point::Train`](lrlab_core::optimizer::Point)), after the update.
//!
//! Papers: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging"; Izmailov et
//! al. 2018, "Averaging weights leads to wider optima and better generalization", algorithm 1.
//!
//! PyTorch: `torch.optim.swa_utils.AveragedModel`, with `get_ema_multi_avg_fn` or with its default. Its
//! `lerp` takes `w - (w - a) (1 - s)` from s = 0.5 on, and so does this; the last bits may differ where
//! PyTorch's kernel fuses the product with the sum.

use lrlab_core::{
    Horizon,
    spec::{Average, AverageKind},
};

use crate::{Task, TrainError, weights};

/// All averages of a trial, in the order of its strategy.
#[derive(Clone, Debug)]
pub(super) struct Averages(Vec<Kept>);

/// One average.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) average: Average,
    /// Updates before the weights are averaged first, and between two times; both at least 1.
    times: (u64, u64),
    /// How many weights are in it.
    pub(super) count: u64,
    /// All parameters, one after another; empty as long as none are in it.
    pub(super) weights: Vec<f32>,
}

impl Averages {
    /// None are taken yet.
    ///
    /// # Errors
    /// An average that a training of `horizon` would never take.
    pub(super) fn new(averages: &[Average], horizon: Horizon) -> Result<Self, TrainError> {
        let kept = |&average: &Average| {
            let times = match average.kind {
                AverageKind::Ema { .. } => (1, 1),
                AverageKind::Swa { from, every } => (from.steps(horizon).max(1), every.steps(horizon).max(1)),
            };
            if times.0 <= horizon.total_steps {
                return Ok(Kept { average, times, count: 0, weights: Vec::new() });
            }
            let average = average.to_string();
            Err(TrainError::Average { average, first: times.0, total: horizon.total_steps })
        };
        averages.iter().map(kept).collect::<Result<_, _>>().map(Self)
    }

    /// Takes in the weights after `t` updates, where they are due.
    pub(super) fn take(&mut self, t: u64, task: &mut dyn Task) {
        for kept in &mut self.0 {
            let (from, every) = kept.times;
            if t >= from && (t - from).is_multiple_of(every) {
                kept.take(task);
            }
        }
    }

    /// Those that hold any weights.
    pub(super) fn begun(&self) -> impl Iterator<Item = &Kept> {
        self.0.iter().filter(|kept| kept.count > 0)
    }

    /// How many weights are in each.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|kept| kept.count)
    }

    /// What each comes to; nothing where no weights are in it.
    pub(super) fn weights(&self) -> impl Iterator<Item = &[f32]> {
        self.0.iter().map(|kept| kept.weights.as_slice())
    }

    /// The same averages of so many weights each, which come to what `weights` gives for each index.
    ///
    /// # Errors
    /// Counts of other averages, or weights that are missing.
    pub(super) fn restored(
        &self,
        counts: &[u64],
        mut weights: impl FnMut(usize) -> Vec<f32>,
    ) -> Result<Self, String> {
        if counts.len() != self.0.len() {
            return Err(format!("it holds {} averages, this trial takes {}", counts.len(), self.0.len()));
        }
        let kept = |(index, (kept, &count)): (usize, (&Kept, &u64))| {
            let weights = weights(index);
            if weights.is_empty() != (count == 0) {
                return Err(format!("average {index} is of {count} weights, but they are not there"));
            }
            Ok(Kept { count, weights, ..kept.clone() })
        };
        self.0.iter().zip(counts).enumerate().map(kept).collect::<Result<_, _>>().map(Self)
    }

    /// The one that the training is judged by, once it has begun.
    pub(super) fn judge(&self) -> Option<&Kept> {
        self.begun().find(|kept| kept.average.judged)
    }
}

impl Kept {
    fn take(&mut self, task: &mut dyn Task) {
        self.count += 1;
        if self.count == 1 {
            weights::save(task, &mut self.weights);
            return;
        }
        let share = match self.average.kind {
            AverageKind::Ema { decay } => 1.0 - decay,
            AverageKind::Swa { .. } => 1.0 / self.count as f64,
        };
        let mut rest = &mut self.weights[..];
        task.visit(&mut |param| {
            let (own, others) = std::mem::take(&mut rest).split_at_mut(param.value.len());
            lerp(own, param.value, share);
            rest = others;
        });
    }
}

/// Moves `a` towards `w` by `share` of the way, as `torch.lerp` does.
fn lerp(a: &mut [f32], w: &[f32], share: f64) {
    let (near, far) = (share as f32, 1.0 - share as f32);
    if near < 0.5 {
        a.iter_mut().zip(w).for_each(|(a, w)| *a += near * (w - *a));
    } else {
        a.iter_mut().zip(w).for_each(|(a, w)| *a = w - (w - *a) * far);
    }
}
