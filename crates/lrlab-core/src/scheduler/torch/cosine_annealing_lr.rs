//! `CosineAnnealingLR`: half a cosine from the rate down to `eta_min` over `T_max` steps, and up again.
//!
//! ```text
//! lr(e) = (1 + cos(pi e / T)) / (1 + cos(pi (e - 1) / T)) * (lr(e - 1) - eta_min) + eta_min
//! lr(e) = lr(e - 1) + (lr0 - eta_min) (1 - cos(pi / T)) / 2      after a trough: e - 1 = T, 3T, 5T...
//! lr(e) = eta_min + (lr0 - eta_min) (1 + cos(pi e / T)) / 2      closed form
//! ```
//!
//! e: steps made; T: `T_max`, steps; `eta_min`: a rate of its own, not a share.
//! PyTorch: `torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max, eta_min=0.0,
//! last_epoch=-1)`; paper: Loshchilov and Hutter 2016, "SGDR", equation 5 (arXiv 1608.03983), without
//! restarts. Nothing is guarded: a `T_max` of 0 raises at the first step, and the rate rises again after
//! `T_max`, with period 2T. Over 20,000 steps the two forms differ by at most 2e-12 of the rate above
//! `eta_min` up to T, and past it by 8e-12 (T up to 5,000). Over 200,000 steps with T = 100,000 and
//! `eta_min` a hundredth of the rate it is 2e-9 past T, since the rate comes back from the few digits of
//! 1 - cos(pi / T); it grows with `eta_min`.

use std::f64::consts::PI;

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, construct, python, rates_of,
    same_count,
};
use crate::{ParamGroup, spec::TorchCall};

/// torch's `CosineAnnealingLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct CosineAnnealingLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// `T_max`: steps from the rate to `eta_min`.
    pub t_max: f64,
    /// The lowest rate.
    pub eta_min: f64,
}

/// Above this `T_max`, `1 + cos` is 0 in f64 on the last steps too, and torch divides by it.
const LONGEST: f64 = 1e8;

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["T_max", "eta_min", "last_epoch"], 1)?;
    let t_max = arguments.number("T_max", 0.0)?;
    let eta_min = arguments.number("eta_min", 0.0)?;
    construct(CosineAnnealingLR { state: State::default(), t_max, eta_min }, arguments.last_epoch()?, groups)
        .map(boxed)
}

impl CosineAnnealingLR {
    fn at(&self, epoch: f64) -> Result<Vec<f64>, TorchError> {
        let cosine = python::divide(PI * epoch, self.t_max)?.cos();
        let rate = |base: &f64| self.eta_min + (base - self.eta_min) * (1.0 + cosine) / 2.0;
        Ok(self.state.base_lrs.iter().map(rate).collect())
    }
}

impl TorchScheduler for CosineAnnealingLR {
    fn name(&self) -> &'static str {
        "CosineAnnealingLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let (epoch, t_max, eta_min) = (self.state.last_epoch, self.t_max, self.eta_min);
        if self.state.is_initial {
            return Ok(rates_of(groups));
        }
        let counted = || same_count(groups.len(), self.state.base_lrs.len());
        if self.state.step_count == 1 && epoch > 0.0 {
            counted()?;
            return self.at(epoch);
        }
        if python::is_multiple(epoch - 1.0 - t_max, 2.0 * t_max)? {
            counted()?;
            let rise = |base: f64| (base - eta_min) * (1.0 - (PI / t_max).cos()) / 2.0;
            let bases = self.state.base_lrs.iter();
            return Ok(groups.iter().zip(bases).map(|(group, base)| group.lr() + rise(*base)).collect());
        }
        let now = 1.0 + (PI * epoch / t_max).cos();
        let before = 1.0 + (PI * (epoch - 1.0) / t_max).cos();
        let share = python::divide(now, before)?;
        Ok(groups.iter().map(|group| share * (group.lr() - eta_min) + eta_min).collect())
    }

    fn closed_form(&self) -> Option<Result<Vec<f64>, TorchError>> {
        Some(self.at(self.state.last_epoch))
    }

    fn check(&self) -> Result<(), TorchError> {
        if self.t_max == 0.0 || self.t_max.fract() != 0.0 || self.t_max.abs() > LONGEST {
            return Err(TorchError::ZeroDivision(format!(
                "CosineAnnealingLR: T_max must be a whole number from 1 to {LONGEST:e}, or PyTorch may divide by \
                 zero; got {}",
                self.t_max
            )));
        }
        Ok(())
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("T_max", &mut self.t_max));
        all.push(("eta_min", &mut self.eta_min));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
