//! `CosineAnnealingWarmRestarts`: half a cosine down to `eta_min`, then from the top again, each time over
//! `T_mult` times as many steps.
//!
//! ```text
//! lr = eta_min + (lr0 - eta_min) (1 + cos(pi T_cur / T_i)) / 2
//! T_cur = T_cur + 1; where T_cur >= T_i: T_cur = T_cur % T_i, T_i = T_i * T_mult      step()
//! n = int(log(e / T_0 * (T_mult - 1) + 1, T_mult))                                    step(e), e >= T_0
//! T_cur = e - T_0 (T_mult^n - 1) / (T_mult - 1), T_i = T_0 * T_mult^n
//! ```
//!
//! e: epochs done, whole or not; `T_cur`: epochs since the restart; `T_i`: epochs between two; `T_0`: the
//! first of these; `eta_min`: a rate of its own.
//! PyTorch: `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0, T_mult=1, eta_min=0.0,
//! last_epoch=-1)`; paper: Loshchilov and Hutter 2016, "SGDR", equation 5 (arXiv 1608.03983).
//! Quirks, all replayed: the logarithm may round below a whole number, so that `step(e)` at a restart gives
//! `eta_min` instead of the top (`T_0=10, T_mult=3` at 1210); with `T_mult` of 1 `step(e)` never changes
//! `T_i`; one `step()` restarts once, however far beyond `T_i` it is; calls are not counted. Resuming with
//! `last_epoch` loses `T_i`; resuming by state does not. The rate comes from `T_cur`, never from the rate
//! before, so the one form is both.

use std::f64::consts::PI;

use super::{
    Arguments, Attributes, Built, State, TorchError, TorchScheduler, boxed, construct, python, python_text,
    rates_of, set_rates,
};
use crate::{
    ParamGroup,
    spec::{TorchCall, TorchValue},
};

/// torch's `CosineAnnealingWarmRestarts`.
#[derive(Clone, Debug, PartialEq)]
pub struct CosineAnnealingWarmRestarts {
    /// The attributes that all schedulers have.
    pub state: State,
    /// `T_0`: steps until the first restart.
    pub t_0: f64,
    /// `T_i`: steps between the last restart and the next.
    pub t_i: f64,
    /// `T_mult`: by how much `T_i` grows at a restart.
    pub t_mult: f64,
    /// The lowest rate.
    pub eta_min: f64,
    /// `T_cur`: steps since the last restart.
    pub t_cur: f64,
}

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, &["T_0", "T_mult", "eta_min", "last_epoch"], 1)?;
    let t_0 = whole(arguments.value("T_0"), "<=", |t_0| t_0 <= 0.0, "Expected positive integer T_0")?;
    let t_mult = match arguments.value("T_mult") {
        None => 1.0,
        given => whole(given, "<", |t_mult| t_mult < 1.0, "Expected integer T_mult >= 1")?,
    };
    let eta_min = match arguments.value("eta_min") {
        Some(
            value @ (TorchValue::None | TorchValue::Text(_) | TorchValue::List(_) | TorchValue::Call(_)),
        ) => {
            return Err(TorchError::Value(format!(
                "Expected float or int eta_min, but got {} of type <class '{}'>",
                python_text::text(value),
                python_text::type_name(value)
            )));
        }
        _ => arguments.number("eta_min", 0.0)?,
    };
    let last_epoch = arguments.last_epoch()?;
    let state = State::default();
    let scheduler = CosineAnnealingWarmRestarts { state, t_0, t_i: t_0, t_mult, eta_min, t_cur: last_epoch };
    construct(scheduler, last_epoch, groups).map(boxed)
}

/// `value` as an int that is not `refused`; `operator` is what torch compares it with a whole number by.
fn whole(
    value: Option<&TorchValue>,
    operator: &str,
    refused: impl Fn(f64) -> bool,
    expected: &str,
) -> Result<f64, TorchError> {
    let value = value.unwrap_or(&TorchValue::None);
    let number = python_text::compared(value, operator, "int")?;
    if refused(number) || !python_text::is_int(value) {
        return Err(TorchError::Value(format!("{expected}, but got {}", python_text::text(value))));
    }
    Ok(number)
}

impl CosineAnnealingWarmRestarts {
    fn enter(&mut self, epoch: f64) {
        if epoch < self.t_0 {
            (self.t_i, self.t_cur) = (self.t_0, epoch);
        } else if self.t_mult == 1.0 {
            self.t_cur = epoch % self.t_0;
        } else {
            let cycles = (epoch / self.t_0 * (self.t_mult - 1.0) + 1.0).ln() / self.t_mult.ln();
            let growth = self.t_mult.powf(cycles.trunc());
            self.t_cur = epoch - self.t_0 * (growth - 1.0) / (self.t_mult - 1.0);
            self.t_i = self.t_0 * growth;
        }
    }
}

impl TorchScheduler for CosineAnnealingWarmRestarts {
    fn name(&self) -> &'static str {
        "CosineAnnealingWarmRestarts"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, _groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let cosine = python::divide(PI * self.t_cur, self.t_i)?.cos();
        let rate = |base: &f64| self.eta_min + (base - self.eta_min) * (1.0 + cosine) / 2.0;
        Ok(self.state.base_lrs.iter().map(rate).collect())
    }

    fn step(&mut self, epoch: Option<f64>, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        let epoch = epoch.or_else(|| (self.state.last_epoch < 0.0).then_some(0.0));
        let epoch = match epoch {
            None => {
                self.t_cur += 1.0;
                if self.t_cur >= self.t_i {
                    self.t_cur %= self.t_i;
                    self.t_i *= self.t_mult;
                }
                self.state.last_epoch + 1.0
            }
            Some(epoch) if epoch < 0.0 => {
                let got = python_text::whole_or_float(epoch);
                return Err(TorchError::Value(format!("Expected non-negative epoch, but got {got}")));
            }
            Some(epoch) => {
                self.enter(epoch);
                epoch
            }
        };
        self.state.last_epoch = epoch.floor();
        let rates = self.get_lr(groups)?;
        set_rates(groups, &rates)?;
        self.state.last_lr = rates_of(groups);
        Ok(())
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("T_0", &mut self.t_0));
        all.push(("T_i", &mut self.t_i));
        all.push(("T_mult", &mut self.t_mult));
        all.push(("eta_min", &mut self.eta_min));
        all.push(("T_cur", &mut self.t_cur));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
