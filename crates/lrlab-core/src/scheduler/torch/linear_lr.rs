//! `LinearLR`: a straight line from one factor of the rate to another over `total_iters` steps.
//!
//! ```text
//! lr(0) = lr0 * start
//! lr(e) = lr(e - 1) * (1 + (end - start) / (n * start + (e - 1) * (end - start)))   e <= n, recursion
//! lr(e) = lr0 * (start + (end - start) * min(n, e) / n)                             closed form
//! ```
//!
//! e: steps made; n: `total_iters`, steps; start: above 0, to 1; end: 0 to 1.
//! PyTorch: `torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1/3, end_factor=1.0,
//! total_iters=5, last_epoch=-1)`. NaN passes its guards; with `total_iters` of 0 the rate stays at the
//! start factor and the closed form raises. Over 20,000 steps the two forms differ by at most 2e-13 of
//! the rate; down to an end factor of 0, a rest of that share of lr0 may stay in place of 0.

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, construct, python, rates_of,
    scaled,
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `LinearLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// The first rate's share of the rate at the start.
    pub start_factor: f64,
    /// The last rate's share.
    pub end_factor: f64,
    /// Steps from the one to the other.
    pub total_iters: f64,
}

#[expect(clippy::manual_range_contains, reason = "NaN passes, as in torch")]
pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["start_factor", "end_factor", "total_iters", "last_epoch"], 0)?;
    let start_factor = arguments.compared("start_factor", 1.0 / 3.0, ">", "float")?;
    if start_factor > 1.0 || start_factor <= 0.0 {
        return Err(TorchError::Value(
            "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.".to_owned(),
        ));
    }
    let end_factor = arguments.compared("end_factor", 1.0, ">", "float")?;
    if end_factor > 1.0 || end_factor < 0.0 {
        return Err(TorchError::Value(
            "Ending multiplicative factor expected to be between 0 and 1.".to_owned(),
        ));
    }
    let total_iters = arguments.number("total_iters", 5.0)?;
    let scheduler = LinearLR { state: State::default(), start_factor, end_factor, total_iters };
    construct(scheduler, arguments.last_epoch()?, groups).map(boxed)
}

impl TorchScheduler for LinearLR {
    fn name(&self) -> &'static str {
        "LinearLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let epoch = self.state.last_epoch;
        if epoch == 0.0 {
            return Ok(scaled(groups, self.start_factor));
        }
        if self.state.is_initial || epoch > self.total_iters {
            return Ok(rates_of(groups));
        }
        let rise = self.end_factor - self.start_factor;
        let before = self.total_iters * self.start_factor + (epoch - 1.0) * rise;
        Ok(scaled(groups, 1.0 + python::divide(rise, before)?))
    }

    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        let rise = self.end_factor - self.start_factor;
        let steps = self.total_iters.min(self.state.last_epoch);
        Some(
            python::divide(rise * steps, self.total_iters).map(|risen| {
                self.state.base_lrs.iter().map(|base| base * (self.start_factor + risen)).collect()
            }),
        )
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("start_factor", &mut self.start_factor));
        all.push(("end_factor", &mut self.end_factor));
        all.push(("total_iters", &mut self.total_iters));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
