//! `LambdaLR`: the rate at the start times a function of the epoch.
//!
//! ```text
//! lr(e) = lr0 * f(e)
//! ```
//!
//! e: steps made; f: any function of it, one for all groups or one for each.
//! PyTorch: `torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda, last_epoch=-1)`. It is no recursion
//! and has no second form: a rate that others set is overwritten at the next step. The functions are not
//! part of the state. In the text of a call a function is `LambdaLR(lambda epoch: 0.95 ** epoch)` or a string,
//! `LambdaLR('0.95 ^ t')`; a string that is none raises at once, where torch raises at the first call.

use super::{
    Arguments, Attributes, Built, Factor, State, TorchError, TorchScheduler, boxed, construct,
    factor::{lr_lambdas, one_for_each},
    same_count,
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `LambdaLR`.
#[derive(Clone, Debug)]
pub struct LambdaLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// `lr_lambdas`: one factor for each group.
    pub lr_lambdas: Vec<Factor>,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["lr_lambda", "last_epoch"], 1)?;
    // torch finds out at the first call.
    let factors = lr_lambdas(&arguments, groups, |kind| format!("'{kind}' object is not callable"))?;
    LambdaLR::new(factors, arguments.last_epoch()?, groups).map(boxed)
}

impl LambdaLR {
    /// Torch's constructor: one factor for each of `groups`; `last_epoch` is -1 unless a training goes on.
    ///
    /// ```
    /// use lrlab_core::{Field, ParamGroup, scheduler::torch::{Factor, LambdaLR, TorchScheduler}};
    ///
    /// let mut groups = [ParamGroup::new("all").with(Field::Lr, 0.1)];
    /// let halving = Factor::function(|epoch| 0.5_f64.powf(epoch));
    /// let mut scheduler = LambdaLR::new(vec![halving], -1.0, &mut groups)?;
    /// scheduler.step(None, &mut groups)?;
    /// assert_eq!(groups[0].lr(), 0.05);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `ValueError` where there are not as many factors as groups, and what a factor raises at epoch 0.
    pub fn new(factors: Vec<Factor>, last_epoch: f64, groups: &mut [ParamGroup]) -> Result<Self, TorchError> {
        one_for_each(factors.len(), groups)?;
        construct(Self { state: State::default(), lr_lambdas: factors }, last_epoch, groups)
    }
}

impl TorchScheduler for LambdaLR {
    fn name(&self) -> &'static str {
        "LambdaLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, _groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let epoch = self.state.last_epoch;
        let pairs = self.lr_lambdas.iter().zip(&self.state.base_lrs);
        let rates = pairs.map(|(factor, base)| Ok(base * factor.value(epoch)?)).collect::<Result<_, _>>()?;
        same_count(self.state.base_lrs.len(), self.lr_lambdas.len())?;
        Ok(rates)
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("lr_lambdas", &mut self.lr_lambdas));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
