//! What the rules read off the log of one run.

use lrlab_core::{OptimizerSpec, event::Probe, registry::Argument};

use crate::{Run, StepRef};

/// Steps before a gradient probe whose gradients are compared with it.
const NOISE_WINDOW: u64 = 50;

/// Losses are kept in f32 by most tasks: differences below this share of the starting loss are
/// rounding.
const ROUNDING: f64 = 1e-6;

/// The numbers of one run that ended without blowing up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Size of the loss before the first update: the scale of all progress.
    pub(super) start: f64,
    /// How much larger the loss was at the end than at the start.
    pub(super) growth: f64,
    /// How much of what the training loss had fallen it had risen again at the end: the mean of the
    /// run's last tenth less that of its best one.
    pub(super) lost: f64,
    /// Largest ratio of a measured sharpness to the limit at that step's rate.
    pub(super) worst_sharpness: Option<f64>,
    /// Ratio of the last measured sharpness to its limit.
    pub(super) last_sharpness: Option<f64>,
    /// Distance between the last parameters and the first, over the way between the probes: 1 for a
    /// straight way, near 0 for one that came back.
    pub(super) net_progress: Option<f64>,
    /// Share of steps in the last half that point against the step before.
    pub(super) flips: Option<f64>,
    /// Estimated loss that the gradient's noise keeps up at the last measured rate.
    pub(super) floor: Option<f64>,
    /// The clones that were continued at other rates.
    pub(super) branch: Option<BranchReading>,
}

/// How a run and its clones went on from one step, at other rates but on the same batches.
#[derive(Clone, Copy, Debug)]
pub(super) struct BranchReading {
    /// Loss where the clones left the run.
    pub(super) from: f64,
    /// Loss of the run itself, some steps on.
    pub(super) same: f64,
    /// Loss of the clone at half its rates.
    pub(super) half: f64,
    /// Loss of the clone at raised rates; infinite if it blew up.
    pub(super) raised: f64,
    /// How many times the branch fits into a tenth of the training, at least 1.
    pub(super) repeats: f64,
    /// The raised clone's summed rates over the run's.
    pub(super) raise: f64,
    /// Half the rate at which theory lets steps grow, over the run's mean rate on the branch.
    pub(super) headroom: Option<f64>,
    /// Whether all that the clones did was rounding.
    pub(super) still: bool,
}

impl Reading {
    /// `None` for a run that blew up, did not use up its budget or has no loss to start from.
    pub(super) fn of(run: &Run) -> Option<Self> {
        if !run.is_completed() {
            return None;
        }
        let start = run.start_loss()?;
        let scale = start.abs();
        if !(scale.is_finite() && scale > 0.0) {
            return None;
        }
        let sharpness = sharpness(run);
        let updates = run.updates();
        Some(Self {
            start: scale,
            growth: end_loss(run)? - start,
            lost: lost(run),
            worst_sharpness: sharpness.iter().map(|s| s.ratio).reduce(f64::max),
            last_sharpness: sharpness.last().map(|s| s.ratio),
            net_progress: net_progress(run),
            flips: run.flip_share(updates / 2..updates),
            floor: noise_floor(run),
            branch: branch(run, scale, sharpness.last()),
        })
    }
}

impl BranchReading {
    /// What half the rate gained over the run's own, in loss.
    pub(super) fn gain_at_half(&self) -> f64 {
        self.same - self.half
    }

    /// What the raised rate would gain over the run's own in a tenth of the training.
    ///
    /// A clone that lost more than the whole starting loss counts as having lost just that, so
    /// that one that blew up does not drown the others' mean.
    pub(super) fn gain_at_raised(&self, start: f64) -> f64 {
        let gain = (self.same - self.raised) * self.repeats;
        if gain > -start { gain.min(self.left()) } else { -start }
    }

    /// The most that any rate could still gain. A loss that may fall below 0 has no such bound,
    /// and while it is above 0 this errs on the side of claiming too little.
    fn left(&self) -> f64 {
        if self.same >= 0.0 { self.same } else { f64::INFINITY }
    }

    /// What half the limit of stability would gain over the run's own rate in a tenth of the
    /// training, where the branches answer so smoothly to their rates that they can be drawn
    /// further; 0 where they do not.
    ///
    /// With s the summed rates over the run's own, the progress on the branch is taken as
    /// `a s - b s^2 / 2`, through `same` (s = 1) and `raised`; `half` must lie on it within a tenth.
    /// This is Taylor's second order along the way that the run is going, so it cannot promise more
    /// than that way holds: a^2 / 2b.
    pub(super) fn gain_drawn_further(&self, start: f64) -> f64 {
        let rounding = ROUNDING * start;
        let s = self.raise;
        let [half, same, raised] = [self.half, self.same, self.raised].map(|loss| self.from - loss);
        let Some(headroom) = self.headroom else { return 0.0 };
        if !(headroom > s && s > 1.0 && raised > 10.0 * rounding && raised > same) {
            return 0.0;
        }
        let b = 2.0 * (s * same - raised) / (s * s - s);
        let a = same + b / 2.0;
        if (half - (a / 2.0 - b / 8.0)).abs() > 0.1 * half.abs() + rounding {
            return 0.0;
        }
        // Rounding alone can bend the curve by this much, far more than a tiny rate's own bend.
        let b = (b - 2.0 * rounding * (s + 1.0) / (s * s - s)).max(0.0);
        let best = headroom.min(a / b);
        let gain = a * best - b * best * best / 2.0 - same;
        let whole_way = if b > 0.0 { a * a / (2.0 * b) - same } else { f64::INFINITY };
        (gain * self.repeats).min(whole_way).min(self.left()).clamp(0.0, start)
    }
}

struct Sharpness {
    ratio: f64,
    /// The rate at which the steps of the optimizer would be at their limit.
    limit_rate: Option<f64>,
}

fn sharpness(run: &Run) -> Vec<Sharpness> {
    let read = |probed: &lrlab_core::event::Probed| match probed.probe {
        Probe::Sharpness { value, limit, .. } if value.is_finite() && limit > 0.0 => Some(Sharpness {
            ratio: value / limit,
            limit_rate: (value > 0.0).then(|| rate_at(run, probed.t).map(|lr| lr * limit / value)).flatten(),
        }),
        _ => None,
    };
    run.probes.iter().filter_map(read).collect()
}

/// The first group's rate at step `t`, or the last one before.
fn rate_at(run: &Run, t: u64) -> Option<f64> {
    run.rate(0).take_while(|&(step, _)| step <= t).last().map(|(_, lr)| lr)
}

fn net_progress(run: &Run) -> Option<f64> {
    run.probes.iter().rev().find_map(|probed| match probed.probe {
        Probe::Progress { distance, path } => (path > 0.0).then_some(distance / path),
        _ => None,
    })
}

/// Tenths, because single losses of mini-batches are too noisy to compare.
fn lost(run: &Run) -> f64 {
    let losses = run.steps.losses();
    let tenths: Vec<f64> =
        losses.rchunks(losses.len().div_ceil(10).max(1)).map(crate::statistics::mean).collect();
    let best = tenths.iter().copied().fold(f64::INFINITY, f64::min);
    tenths.first().map_or(0.0, |last| last - best)
}

/// The latest loss known of the run: on the probe batch if it was measured at the end, else (for
/// full-batch runs the same thing, but for the last update) the last step's.
pub(super) fn end_loss(run: &Run) -> Option<f64> {
    let probed = run.probes.iter().filter_map(|probed| match probed.probe {
        Probe::Gradient { loss, .. } => Some((probed.t, loss)),
        Probe::Branch { same, .. } => Some((probed.t, same)),
        _ => None,
    });
    let last = run.steps.last().filter(|_| run.started.full_batch).map(|step| (step.t, step.loss));
    last.into_iter().chain(probed).max_by_key(|&(t, _)| t).map(|(_, loss)| loss)
}

fn branch(run: &Run, scale: f64, sharpness: Option<&Sharpness>) -> Option<BranchReading> {
    let (t, from, start, same, half, raised) =
        run.probes.iter().rev().find_map(|probed| match probed.probe {
            Probe::Branch { from, start, same, half, raised } => {
                Some((probed.t, from, start, same, half, raised))
            }
            _ => None,
        })?;
    if ![start, same, half].iter().all(|loss| loss.is_finite()) || t <= from {
        return None;
    }
    let rates: Vec<f64> =
        run.rate(0).filter(|(step, _)| (from..t).contains(step)).map(|(_, lr)| lr).collect();
    let highest = run.rate(0).filter(|&(step, _)| step <= from).map(|(_, lr)| lr).fold(0.0, f64::max);
    let summed: f64 = rates.iter().sum();
    let raised_sum: f64 = rates.iter().map(|lr| (2.0 * lr).max(highest)).sum();
    let mean_rate = summed / rates.len() as f64;
    let raised = if raised.is_nan() { f64::INFINITY } else { raised };
    Some(BranchReading {
        from: start,
        same,
        half,
        raised,
        repeats: (0.1 * run.updates() as f64 / (t - from) as f64).max(1.0),
        raise: if summed > 0.0 { raised_sum / summed } else { 2.0 },
        headroom: sharpness
            .and_then(|sharpness| sharpness.limit_rate)
            .filter(|_| mean_rate > 0.0)
            .map(|limit| 0.5 * limit / mean_rate),
        still: [same, half, raised].iter().all(|loss| (start - loss).abs() <= 10.0 * ROUNDING * scale),
    })
}

/// The loss that the gradient's noise keeps up: `lr / 4` times the trace of the gradient's
/// covariance, which is what SGD settles to on a quadratic when `lr` is far below its limit.
///
/// The trace is the mean of the steps' squared gradient norms less that of the probe batch, over
/// the last steps before the last probe of the gradient. Heavy ball counts as a rate of
/// `lr (1 - dampening) / (1 - momentum)`. `None` for full batches and for other optimizers, whose
/// floor has no such form.
fn noise_floor(run: &Run) -> Option<f64> {
    let [group] = run.started.trial.strategy.groups.as_slice() else { return None };
    if run.started.full_batch {
        return None;
    }
    let amplification = amplification(&group.optimizer)?;
    let (t, norm) = run.probes.iter().rev().find_map(|probed| match probed.probe {
        Probe::Gradient { norm, .. } => Some((probed.t, norm)),
        _ => None,
    })?;
    let near = |step: &StepRef<'_>| step.t < t && step.t + NOISE_WINDOW >= t;
    let norms = run.steps.iter().filter(near).map(|step| step.grad_norm);
    let squares: Vec<f64> = norms.map(|norm| norm.map(|norm| norm.powi(2))).collect::<Option<_>>()?;
    let trace = crate::statistics::mean(&squares) - norm * norm;
    let floor = 0.25 * rate_at(run, t)? * amplification * trace.max(0.0);
    floor.is_finite().then_some(floor)
}

/// What a lasting gradient is multiplied by on its way through SGD's momentum.
fn amplification(optimizer: &OptimizerSpec) -> Option<f64> {
    let number = |name| match optimizer.args.get(name) {
        Some(Argument::Number(value)) => *value,
        _ => 0.0,
    };
    (optimizer.name == "sgd").then(|| (1.0 - number("dampening")) / (1.0 - number("momentum")))
}
