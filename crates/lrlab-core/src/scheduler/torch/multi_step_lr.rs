//! `MultiStepLR`: times gamma at each milestone.
//!
//! ```text
//! lr(e) = lr(e - 1) * gamma^n, n = how often e is a milestone      recursion, from e = 0 on
//! lr(e) = lr0 * gamma^m, m = milestones up to e                    closed form
//! ```
//!
//! e: steps made; milestones: steps, in any order, a double one counting twice.
//! PyTorch: `torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=0.1, last_epoch=-1)`.
//! A milestone of 0 decays in the constructor. Nothing is guarded. Over 20,000 steps the two forms
//! differ by at most 2e-16 of the rate.

use super::{Arguments, State, TorchError, TorchScheduler, construct, python, rates_of, scaled};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `MultiStepLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStepLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// Steps at which the rate decays, sorted; torch keeps them as a `Counter`.
    pub milestones: Vec<f64>,
    /// Factor of one decay.
    pub gamma: f64,
}

pub(super) fn build(
    call: &TorchCall,
    groups: &mut [ParamGroup],
) -> Result<Box<dyn TorchScheduler>, TorchError> {
    let arguments = Arguments::bind(call, &["milestones", "gamma"], 1)?;
    let mut milestones = arguments.numbers("milestones")?;
    milestones.sort_by(f64::total_cmp);
    let gamma = arguments.number("gamma", 0.1)?;
    construct(MultiStepLR { state: State::default(), milestones, gamma }, &arguments, groups)
}

impl TorchScheduler for MultiStepLR {
    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &[ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let epoch = self.state.last_epoch;
        let times = self.milestones.iter().filter(|milestone| **milestone == epoch).count();
        if times == 0 {
            return Ok(rates_of(groups));
        }
        Ok(scaled(groups, python::power(self.gamma, times as f64)?))
    }

    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        let decays = python::bisect_right(&self.milestones, self.state.last_epoch);
        let factor = python::power(self.gamma, decays as f64);
        Some(factor.map(|factor| self.state.base_lrs.iter().map(|base| base * factor).collect()))
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
