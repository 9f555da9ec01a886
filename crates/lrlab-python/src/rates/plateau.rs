//! `ReduceLROnPlateau.step`: whether a metric is better, the counters, the reductions.

use lrlab::core::{
    Field,
    scheduler::torch::{
        NumberOrNone, PlateauMode, ReduceLROnPlateau, State, ThresholdMode, TorchScheduler,
    },
};
use pyo3::{
    intern,
    prelude::*,
    types::{PyFloat, PyList},
};

use super::{
    Method,
    attributes::Attributes,
    groups::{Groups, Reads},
    methods_of,
};

/// The judgement of `ReduceLROnPlateau`.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct TorchPlateau {
    methods: Vec<Method>,
}

#[pymethods]
impl TorchPlateau {
    /// For torch's class.
    #[new]
    fn new(torch_class: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { methods: methods_of(torch_class, &["_is_better", "_reduce_lr", "in_cooldown"])? })
    }

    /// What `step(metric)` of `scheduler` does; False where torch has to do it.
    fn step(&self, scheduler: &Bound<'_, PyAny>, metric: f64) -> PyResult<bool> {
        let Some(a) = Attributes::of(scheduler, 1).filter(|a| a.has_own(&self.methods)) else {
            return Ok(false);
        };
        let Some((before, groups)) = read(&a) else { return Ok(false) };
        let mut after = before.clone();
        let mut values = groups.values.clone();
        if after.metric(metric, Some(a.epoch as f64), &mut values).is_err() {
            return Ok(false);
        }
        let changed = |i: usize| values[i].lr() != groups.values[i].lr();
        // Python's max gives the bound itself, which stays what it is.
        let bounds = a.get(intern!(a.py(), "min_lrs")).and_then(|list| list.cast_into_exact::<PyList>().ok());
        let is_bound = |i: usize, bound: &Bound<'_, PyAny>| {
            !bound.is_exact_instance_of::<PyFloat>() && after.min_lrs[i] == values[i].lr()
        };
        let Some(bounds) = bounds else { return Ok(false) };
        if bounds.iter().take(values.len()).enumerate().any(|(i, bound)| changed(i) && is_bound(i, &bound)) {
            return Ok(false);
        }
        write(scheduler, &a, &before, &after)?;
        let py = scheduler.py();
        let (lr, last) = (intern!(py, "lr"), PyList::empty(py));
        for (i, (dict, _)) in groups.pairs().enumerate() {
            if changed(i) {
                dict.set_item(lr, values[i].get(Field::Lr))?;
            }
            last.append(dict.get_item(lr)?)?;
        }
        scheduler.setattr(intern!(py, "_last_lr"), last)?;
        Ok(true)
    }
}

fn read<'py>(a: &Attributes<'_, 'py>) -> Option<(ReduceLROnPlateau, Groups<'py>)> {
    let py = a.py();
    let mode = a.get(intern!(py, "mode"))?;
    let threshold_mode = a.get(intern!(py, "threshold_mode"))?;
    let groups = Groups::read(a, Reads::Nothing)?;
    let min_lrs = a.numbers(intern!(py, "min_lrs"))?;
    // Torch makes the bounds anew, or raises.
    if min_lrs.len() != groups.values.len() {
        return None;
    }
    let plateau = ReduceLROnPlateau {
        state: State::default(),
        factor: a.factor(intern!(py, "factor"))?,
        default_min_lr: NumberOrNone(None),
        min_lrs,
        patience: a.factor(intern!(py, "patience"))?,
        cooldown: a.count(intern!(py, "cooldown"))?,
        eps: a.factor(intern!(py, "eps"))?,
        mode_worse: f64::NAN,
        mode: match mode.extract().ok()? {
            "min" => PlateauMode::Min,
            "max" => PlateauMode::Max,
            _ => return None,
        },
        threshold: a.factor(intern!(py, "threshold"))?,
        threshold_mode: match threshold_mode.extract().ok()? {
            "rel" => ThresholdMode::Rel,
            "abs" => ThresholdMode::Abs,
            _ => return None,
        },
        best: a.float(intern!(py, "best"))?,
        cooldown_counter: a.count(intern!(py, "cooldown_counter"))?,
        num_bad_epochs: a.count(intern!(py, "num_bad_epochs"))?,
    };
    Some((plateau, groups))
}

/// Writes what the step moved.
fn write(
    scheduler: &Bound<'_, PyAny>,
    a: &Attributes<'_, '_>,
    before: &ReduceLROnPlateau,
    after: &ReduceLROnPlateau,
) -> PyResult<()> {
    let py = scheduler.py();
    scheduler.setattr(intern!(py, "last_epoch"), a.epoch)?;
    if after.best.to_bits() != before.best.to_bits() {
        scheduler.setattr(intern!(py, "best"), after.best)?;
    }
    for (name, old, new) in [
        (intern!(py, "num_bad_epochs"), before.num_bad_epochs, after.num_bad_epochs),
        (intern!(py, "cooldown_counter"), before.cooldown_counter, after.cooldown_counter),
    ] {
        if old != new {
            scheduler.setattr(name, new as i64)?;
        }
    }
    Ok(())
}
