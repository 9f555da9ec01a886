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

use super::{
    Arguments, Attribute, Attributes, Built, Refusal, State, StateDict, StateValue, TorchError,
    TorchScheduler, boxed, construct, python, rates_of, scaled,
};
use crate::{ParamGroup, spec::TorchCall};

/// Steps, sorted, a double one as often as it was given; torch keeps them as a `Counter`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Milestones(pub Vec<f64>);

/// torch's `MultiStepLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStepLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// Steps at which the rate decays.
    pub milestones: Milestones,
    /// Factor of one decay.
    pub gamma: f64,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["milestones", "gamma", "last_epoch"], 1)?;
    let mut milestones = Milestones(arguments.numbers("milestones")?);
    milestones.0.sort_by(f64::total_cmp);
    let gamma = arguments.number("gamma", 0.1)?;
    construct(MultiStepLR { state: State::default(), milestones, gamma }, arguments.last_epoch()?, groups)
        .map(boxed)
}

impl TorchScheduler for MultiStepLR {
    fn name(&self) -> &'static str {
        "MultiStepLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let epoch = self.state.last_epoch;
        let times = self.milestones.0.iter().filter(|milestone| **milestone == epoch).count();
        if times == 0 {
            return Ok(rates_of(groups));
        }
        Ok(scaled(groups, python::power(self.gamma, times as f64)?))
    }

    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        let decays = python::bisect_right(&self.milestones.0, self.state.last_epoch);
        let factor = python::power(self.gamma, decays as f64);
        Some(factor.map(|factor| self.state.base_lrs.iter().map(|base| base * factor).collect()))
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("milestones", &mut self.milestones));
        all.push(("gamma", &mut self.gamma));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}

impl Attribute for Milestones {
    fn save(&self) -> Option<StateValue> {
        let mut counter = StateDict::default();
        for milestone in &self.0 {
            let times = self.0.iter().filter(|other| *other == milestone).count();
            counter.insert(&milestone.to_string(), StateValue::Number(times as f64));
        }
        Some(StateValue::Map(counter))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let wrong = || Refusal::Expected("a map from steps to how often they count");
        let StateValue::Map(counter) = value else { return Err(wrong()) };
        let mut milestones = Vec::new();
        for (step, times) in &counter.0 {
            let step: f64 = step.parse().map_err(|_| wrong())?;
            let times = times.number().filter(|times| *times >= 0.0).ok_or_else(wrong)?;
            milestones.resize(milestones.len() + times as usize, step);
        }
        milestones.sort_by(f64::total_cmp);
        self.0 = milestones;
        Ok(())
    }
}
