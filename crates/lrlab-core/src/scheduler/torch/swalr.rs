//! `SWALR`: from the present rate to `swa_lr` over `anneal_epochs` steps, and there it stays.
//!
//! ```text
//! a(s) = (1 - cos(pi s / n)) / 2 (cos), s / n (linear); s / n within 0 to 1
//! lr = swa_lr * a(s) + (lr - a(s - 1) * swa_lr) / (1 - a(s - 1)) * (1 - a(s))
//! ```
//!
//! s: calls of `step` without the constructor's; n: `anneal_epochs`, steps; lr on the right: the rate now.
//! PyTorch: `torch.optim.swa_utils.SWALR(optimizer, swa_lr, anneal_epochs=10, anneal_strategy='cos',
//! last_epoch=-1)`; paper: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better
//! Generalization" (arXiv 1803.05407).
//! `swa_lr` may be a list, one value for each group, and is kept in the groups. It has no closed form: s is
//! the number of calls, not `last_epoch`. So resuming with `last_epoch` begins to anneal again, and as a
//! later part of `SequentialLR` it goes on from the present rate. With `anneal_epochs` of 0 the
//! constructor sets `swa_lr`.

use std::f64::consts::PI;

use super::{
    Anneal, Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, construct, python,
    python_text,
};
use crate::{
    ParamGroup,
    spec::{TorchCall, TorchValue},
};

/// torch's `SWALR`.
#[derive(Clone, Debug, PartialEq)]
pub struct SWALR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// Steps until `swa_lr`.
    pub anneal_epochs: f64,
    /// `_anneal_strategy`.
    pub anneal: Anneal,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let names = &["swa_lr", "anneal_epochs", "anneal_strategy", "last_epoch"];
    let arguments = Arguments::bind(call, names, 1)?;
    let swa_lrs = arguments.per_group("swa_lr", 0.0, groups.len())?;
    for (group, swa_lr) in groups.iter_mut().zip(swa_lrs) {
        group.torch.swa_lr = Some(swa_lr);
    }
    let anneal = Anneal::read(&arguments)?;
    let anneal_epochs = match arguments.value("anneal_epochs") {
        None => 10.0,
        Some(TorchValue::Int(epochs)) if *epochs >= 0 => *epochs as f64,
        Some(TorchValue::Bool(flag)) => f64::from(u8::from(*flag)),
        Some(other) => {
            let got = python_text::text(other);
            return Err(TorchError::Value(format!(
                "anneal_epochs must be equal or greater than 0, got {got}"
            )));
        }
    };
    let scheduler = SWALR { state: State::default(), anneal_epochs, anneal };
    construct(scheduler, arguments.last_epoch()?, groups).map(boxed)
}

impl SWALR {
    /// How much of the way is done after `step` steps.
    fn done(&self, step: f64) -> f64 {
        let share = (step / self.anneal_epochs.max(1.0)).clamp(0.0, 1.0);
        match self.anneal {
            Anneal::Cos => (1.0 - (PI * share).cos()) / 2.0,
            Anneal::Linear => share,
        }
    }
}

impl TorchScheduler for SWALR {
    fn name(&self) -> &'static str {
        "SWALR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let calls = self.state.step_count as f64 - 1.0;
        let step = if self.anneal_epochs == 0.0 { calls.max(1.0) } else { calls };
        let (before, now) = (self.done(step - 1.0), self.done(step));
        let rate = |group: &ParamGroup| {
            let swa_lr = group.torch.swa_lr.ok_or_else(|| TorchError::Key("swa_lr".to_owned()))?;
            let start = if before == 1.0 {
                swa_lr
            } else {
                python::divide(group.lr() - before * swa_lr, 1.0 - before)?
            };
            Ok(swa_lr * now + start * (1.0 - now))
        };
        groups.iter().map(rate).collect()
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("_anneal_strategy", &mut self.anneal));
        all.push(("anneal_epochs", &mut self.anneal_epochs));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
