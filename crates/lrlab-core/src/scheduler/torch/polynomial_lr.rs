//! `PolynomialLR`: a power of what is left of `total_iters` steps, down to zero.
//!
//! ```text
//! lr(e) = lr(e - 1) * ((1 - e / n) / (1 - (e - 1) / n))^p      1 <= e <= n, recursion
//! lr(e) = lr0 * (1 - min(n, e) / n)^p                          closed form
//! ```
//!
//! e: steps made; n: `total_iters`, steps; p: `power`.
//! PyTorch: `torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=5, power=1.0, last_epoch=-1)`.
//! Nothing is guarded: with `total_iters` of 0 the rate stays and the closed form raises; with a negative
//! power the last step raises. After `total_iters` the rate is 0 for good. Over 20,000 steps the two
//! forms differ by at most 1e-13 of the rate.

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, construct, python, rates_of,
    scaled,
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `PolynomialLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct PolynomialLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// Steps down to zero.
    pub total_iters: f64,
    /// The exponent.
    pub power: f64,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["total_iters", "power", "last_epoch"], 0)?;
    let total_iters = arguments.number("total_iters", 5.0)?;
    let power = arguments.number("power", 1.0)?;
    let scheduler = PolynomialLR { state: State::default(), total_iters, power };
    construct(scheduler, arguments.last_epoch()?, groups).map(boxed)
}

impl TorchScheduler for PolynomialLR {
    fn name(&self) -> &'static str {
        "PolynomialLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let (epoch, steps) = (self.state.last_epoch, self.total_iters);
        if self.state.is_initial || epoch > steps {
            return Ok(rates_of(groups));
        }
        let now = 1.0 - python::divide_whole(epoch, steps)?;
        let before = 1.0 - python::divide_whole(epoch - 1.0, steps)?;
        Ok(scaled(groups, python::power(python::divide(now, before)?, self.power)?))
    }

    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        let done = python::divide_whole(self.total_iters.min(self.state.last_epoch), self.total_iters);
        let factor = done.and_then(|done| python::power(1.0 - done, self.power));
        Some(factor.map(|factor| self.state.base_lrs.iter().map(|base| base * factor).collect()))
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("total_iters", &mut self.total_iters));
        all.push(("power", &mut self.power));
        all
    }

    fn check(&self) -> Result<(), TorchError> {
        let reaches_its_end = self.total_iters >= 1.0 && self.total_iters.fract() == 0.0;
        if reaches_its_end { python::power(0.0, self.power).map(drop) } else { Ok(()) }
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
