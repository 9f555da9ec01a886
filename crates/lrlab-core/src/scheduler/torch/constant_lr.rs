//! `ConstantLR`: the rate times a factor, until `total_iters` steps have been made.
//!
//! ```text
//! lr(0) = lr0 * factor
//! lr(total_iters) = lr(total_iters - 1) * (1 / factor), else lr(e) = lr(e - 1)      recursion
//! lr(e) = lr0 * factor where e < total_iters, else lr0                             closed form
//! ```
//!
//! e: steps made; factor: 0 to 1; `total_iters`: steps.
//! PyTorch: `torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1/3, total_iters=5, last_epoch=-1)`.
//! With `total_iters` of 0 the factor is never undone; a factor of 0 raises at `total_iters`. From there
//! on the two forms may differ in the last bit, at most 2e-16 of the rate.

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, construct, python, rates_of,
    scaled,
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `ConstantLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// What the rate is multiplied with, 0 to 1.
    pub factor: f64,
    /// Steps until that is undone.
    pub total_iters: f64,
}

#[expect(clippy::manual_range_contains, reason = "NaN passes, as in torch")]
pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["factor", "total_iters", "last_epoch"], 0)?;
    let factor = arguments.compared("factor", 1.0 / 3.0, ">", "float")?;
    let total_iters = arguments.number("total_iters", 5.0)?;
    if factor > 1.0 || factor < 0.0 {
        return Err(TorchError::Value(
            "Constant multiplicative factor expected to be between 0 and 1.".to_owned(),
        ));
    }
    construct(ConstantLR { state: State::default(), factor, total_iters }, arguments.last_epoch()?, groups)
        .map(boxed)
}

impl TorchScheduler for ConstantLR {
    fn name(&self) -> &'static str {
        "ConstantLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        if self.state.last_epoch == 0.0 {
            return Ok(scaled(groups, self.factor));
        }
        if self.state.last_epoch != self.total_iters {
            return Ok(rates_of(groups));
        }
        Ok(scaled(groups, python::divide(1.0, self.factor)?))
    }

    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        let over = f64::from(u8::from(self.state.last_epoch >= self.total_iters));
        let factor = self.factor + over * (1.0 - self.factor);
        Some(Ok(self.state.base_lrs.iter().map(|base| base * factor).collect()))
    }

    fn check(&self) -> Result<(), TorchError> {
        if self.total_iters > 0.0 { python::divide(1.0, self.factor).map(drop) } else { Ok(()) }
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("factor", &mut self.factor));
        all.push(("total_iters", &mut self.total_iters));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
