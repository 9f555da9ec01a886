//! `MultiplicativeLR`: the rate times a function of the epoch, at every step.
//!
//! ```text
//! lr(0) = lr0
//! lr(e) = lr(e - 1) * f(e)
//! ```
//!
//! e: steps made; f: any function of it, one for all groups or one for each.
//! PyTorch: `torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lr_lambda, last_epoch=-1)`. It has no
//! closed form, so as a later part of `SequentialLR` it goes on from the present rate, times f(0), where
//! most others go back to the rate at the start. The functions are not part of the state. In the text of a call
//! a function is a string, as for `LambdaLR`.

use super::{
    Arguments, Attributes, Built, Factor, State, TorchError, TorchScheduler, boxed, construct,
    factor::{lr_lambdas, one_for_each},
    rates_of, same_count,
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `MultiplicativeLR`.
#[derive(Clone, Debug)]
pub struct MultiplicativeLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// `lr_lambdas`: one factor for each group.
    pub lr_lambdas: Vec<Factor>,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["lr_lambda", "last_epoch"], 1)?;
    let refuse = |kind: &str| format!("lr_lambda should be a function, but got {kind}");
    let factors = lr_lambdas(&arguments, groups, refuse)?;
    MultiplicativeLR::new(factors, arguments.last_epoch()?, groups).map(boxed)
}

impl MultiplicativeLR {
    /// Torch's constructor: one factor for each of `groups`; `last_epoch` is -1 unless a training goes on.
    ///
    /// # Errors
    /// `ValueError` where there are not as many factors as groups.
    pub fn new(factors: Vec<Factor>, last_epoch: f64, groups: &mut [ParamGroup]) -> Result<Self, TorchError> {
        one_for_each(factors.len(), groups)?;
        construct(Self { state: State::default(), lr_lambdas: factors }, last_epoch, groups)
    }
}

impl TorchScheduler for MultiplicativeLR {
    fn name(&self) -> &'static str {
        "MultiplicativeLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        if self.state.is_initial {
            return Ok(rates_of(groups));
        }
        let epoch = self.state.last_epoch;
        let pairs = self.lr_lambdas.iter().zip(&*groups);
        let rates =
            pairs.map(|(factor, group)| Ok(group.lr() * factor.value(epoch)?)).collect::<Result<_, _>>()?;
        same_count(groups.len(), self.lr_lambdas.len())?;
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
