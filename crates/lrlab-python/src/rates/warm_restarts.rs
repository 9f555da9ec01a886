//! `CosineAnnealingWarmRestarts.step`, which moves more than `last_epoch`.

use lrlab::core::scheduler::torch::TorchScheduler;
use pyo3::{
    intern,
    prelude::*,
    types::{PyFloat, PyInt},
};

use super::{
    attributes::{self, Attributes},
    classes,
    groups::{Groups, Reads},
};

/// Up to this, `T_i` is the same whole number in f64.
const LARGEST_PERIOD: f64 = 1e15;

/// What a step leaves, not written yet.
pub(super) struct Restarted<'py> {
    t_cur: Bound<'py, PyAny>,
    t_i: i64,
    last_epoch: i64,
    groups: Groups<'py>,
    rates: Vec<f64>,
}

/// A step by one, or to `epoch`; `None` where torch has to make it.
pub(super) fn step<'py>(
    a: &Attributes<'_, 'py>,
    epoch: Option<&Bound<'py, PyAny>>,
) -> Option<Restarted<'py>> {
    let py = a.py();
    let given = match epoch {
        None => None,
        Some(epoch) => Some(attributes::number(epoch).filter(|e| e.abs() < LARGEST_PERIOD)?),
    };
    let mut scheduler = classes::warm_restarts(a)?;
    let is_float = |value: &Bound<'_, PyAny>| value.is_exact_instance_of::<PyFloat>();
    // An int stays one, but where powers of T_mult are divided.
    let t_cur_is_float = match epoch {
        None => a.epoch >= 0 && is_float(&a.get(intern!(py, "T_cur"))?),
        Some(epoch) => is_float(epoch) || (given >= Some(scheduler.t_0) && scheduler.t_mult != 1.0),
    };
    let mut groups = Groups::read(a, Reads::Nothing)?;
    scheduler.step(given, &mut groups.values).ok()?;
    if scheduler.t_i > LARGEST_PERIOD {
        return None;
    }
    let t_cur = if t_cur_is_float {
        PyFloat::new(py, scheduler.t_cur).into_any()
    } else {
        PyInt::new(py, scheduler.t_cur as i64).into_any()
    };
    let (t_i, last_epoch) = (scheduler.t_i as i64, scheduler.state.last_epoch as i64);
    Some(Restarted { t_cur, t_i, last_epoch, groups, rates: scheduler.state.last_lr })
}

impl<'py> Restarted<'py> {
    /// Writes everything into the object and its groups.
    pub(super) fn write(&self, a: &Attributes<'_, 'py>) -> PyResult<()> {
        let py = a.py();
        a.set(intern!(py, "T_cur"), &self.t_cur)?;
        a.set(intern!(py, "T_i"), self.t_i)?;
        a.set(intern!(py, "last_epoch"), self.last_epoch)?;
        a.set(intern!(py, "_get_lr_called_within_step"), false)?;
        a.set(intern!(py, "_last_lr"), self.groups.write_rates(py, &self.rates)?)
    }
}
