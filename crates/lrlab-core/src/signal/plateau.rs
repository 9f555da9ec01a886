//! Lowers the rates when a metric has stopped improving.
//!
//! ```text
//! a reading is good if  value < best - threshold * |best|     (> best + ... with mode=max)
//! good:  best = value; since = max(since, t)
//! bad:   if t - since > patience:  factor = max(factor * f, floor); since = t + cooldown
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | t | updates made before the reading | steps |
//! | since | the last good reading, the end of the last cooldown or the gate, whichever is latest | steps |
//! | patience, cooldown | parameters | steps |
//! | f | the parameter `factor` | 1 |
//! | factor | what the plan's rates are multiplied by | 1 |
//!
//! Source and PyTorch: `ReduceLROnPlateau`, whose rates come out where each epoch has one reading of
//! a metric above 0. Differences:
//! - patience and cooldown are lengths of training, not counts of readings: reading twice as often
//!   lowers at the same time, where PyTorch would lower twice as soon;
//! - a relative threshold works below 0 too: PyTorch's bar `best * (1 - threshold)` lies above a
//!   negative best, so that it takes worse readings for better ones;
//! - a gate: readings before it (by default the end of the warmup) are ignored, so that the best
//!   starts afresh there and patience counts from there;
//! - the factor is over a plan that goes on moving, `floor` is a share of it instead of a rate, and
//!   small changes are made too (PyTorch's `eps`);
//! - a reading of minus infinity is no best that nothing can beat: infinities are handled as NaN is;
//! - a factor of 0 or less is refused.

use super::{
    Setting, Signal, SignalEntry, SignalError, SignalState,
    arguments::{
        AFTER, COOLDOWN, METRIC, MODE, NAN, PATIENCE, Settings, THRESHOLD, THRESHOLD_ABS, factor, floor,
    },
    registry::Built,
    watch::Watch,
};
use crate::registry::{Arguments, Source};

/// Plateau in the registry.
pub(super) static ENTRY: SignalEntry = SignalEntry {
    name: "plateau",
    pytorch: Some("ReduceLROnPlateau"),
    summary: "lowers the rates when a metric has stopped improving for longer than `patience`",
    formula: "factor = max(factor * f, floor) at a reading more than `patience` after the best one",
    example: "plateau patience 5 epochs x0.1 threshold 1% cooldown 2 epochs floor 1%",
    source: Source {
        citation: "torch.optim.lr_scheduler.ReduceLROnPlateau",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html",
    },
    params: &[
        PATIENCE,
        factor("0.1", "What the rates are multiplied by at a plateau."),
        THRESHOLD,
        COOLDOWN,
        floor("0"),
        METRIC,
        AFTER,
        THRESHOLD_ABS,
        MODE,
        NAN,
    ],
    build,
};

fn build(args: &Arguments, setting: Setting) -> Built {
    let mut settings = Settings::new(&ENTRY, args, setting);
    let (after, patience) = settings.gate_and_patience();
    let plateau = Plateau {
        watch: Watch::new(&mut settings, after),
        patience,
        cooldown: settings.steps("cooldown").unwrap_or(0),
        shrink: settings.shrinking("factor"),
        floor: settings.share("floor"),
        factor: 1.0,
        since: after,
    };
    settings.done(Box::new(plateau))
}

#[derive(Clone, Debug)]
struct Plateau {
    watch: Watch,
    patience: u64,
    cooldown: u64,
    shrink: f64,
    floor: f64,
    factor: f64,
    since: u64,
}

impl Signal for Plateau {
    fn listens_to(&self, name: &str) -> bool {
        self.watch.listens_to(name)
    }

    fn on_metric(&mut self, t: u64, name: &str, value: f64) -> Result<(), SignalError> {
        let Some(reading) = self.watch.admit(t, name, value)? else { return Ok(()) };
        if self.watch.improves(reading) {
            self.since = self.since.max(t);
        } else if t.saturating_sub(self.since) > self.patience {
            self.factor = (self.factor * self.shrink).max(self.floor);
            self.since = t.saturating_add(self.cooldown);
        }
        Ok(())
    }

    fn factor(&self) -> f64 {
        self.factor
    }

    fn state(&self) -> SignalState {
        SignalState { bad_since: self.since, ..self.watch.state(ENTRY.name, self.factor) }
    }

    fn restore(&mut self, state: &SignalState) -> Result<(), SignalError> {
        self.watch.restore(ENTRY.name, state, (self.floor, 1.0))?;
        (self.factor, self.since) = (state.factor, state.bad_since);
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn Signal> {
        Box::new(self.clone())
    }
}
