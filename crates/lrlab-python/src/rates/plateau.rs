//! `ReduceLROnPlateau.step`: whether a metric is better, the counters, the reductions.

use lrlab::core::scheduler::torch::{
    NumberOrNone, PlateauMode, ReduceLROnPlateau, State, ThresholdMode, TorchScheduler,
};
use pyo3::{
    PyTypeInfo, intern,
    prelude::*,
    types::{PyDict, PyFloat, PyList, PyString},
};

use super::{
    Method,
    attributes::{Attributes, float, number},
    groups::{Groups, Reads, param_groups},
    methods_of,
};

/// The judgement of `ReduceLROnPlateau`.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct TorchPlateau {
    judges: Vec<Method>,
    reduces: Vec<Method>,
}

#[pymethods]
impl TorchPlateau {
    /// For torch's class.
    #[new]
    fn new(torch_class: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            judges: methods_of(torch_class, &["_is_better", "in_cooldown"])?,
            reduces: methods_of(torch_class, &["_reduce_lr"])?,
        })
    }

    /// What `step(metric)` of `scheduler` does; False where torch has to do it.
    fn step(&self, scheduler: &Bound<'_, PyAny>, metric: &Bound<'_, PyAny>) -> PyResult<bool> {
        // As `float(metric)` does: it may be a tensor.
        let metric = float(metric)
            .map_or_else(|| PyFloat::type_object(metric.py()).call1((metric,))?.extract(), Ok)?;
        let Some(a) = Attributes::of(scheduler, 1).filter(|a| a.has_own(&self.judges)) else {
            return Ok(false);
        };
        let Some(before) = counters(&a) else { return Ok(false) };
        let mut after = before.clone();
        if after.judge(metric) {
            return if a.has_own(&self.reduces) { reduce(&a, &before, metric) } else { Ok(false) };
        }
        let Some(rates) = present_rates(&a) else { return Ok(false) };
        write(&a, &before, &after, &rates)?;
        Ok(true)
    }
}

/// What a metric is judged by; nothing that a reduction needs.
fn counters(a: &Attributes<'_, '_>) -> Option<ReduceLROnPlateau> {
    let py = a.py();
    let word = |name| a.get(name)?.cast_into_exact::<PyString>().ok();
    let mode = match word(intern!(py, "mode"))?.to_str().ok()? {
        "min" => PlateauMode::Min,
        "max" => PlateauMode::Max,
        _ => return None,
    };
    let threshold_mode = match word(intern!(py, "threshold_mode"))?.to_str().ok()? {
        "rel" => ThresholdMode::Rel,
        "abs" => ThresholdMode::Abs,
        _ => return None,
    };
    Some(ReduceLROnPlateau {
        state: State::default(),
        factor: f64::NAN,
        default_min_lr: NumberOrNone(None),
        min_lrs: Vec::new(),
        patience: a.factor(intern!(py, "patience"))?,
        cooldown: a.count(intern!(py, "cooldown"))?,
        eps: f64::NAN,
        mode_worse: f64::NAN,
        mode,
        threshold: a.factor(intern!(py, "threshold"))?,
        threshold_mode,
        best: a.float(intern!(py, "best"))?,
        cooldown_counter: a.count(intern!(py, "cooldown_counter"))?,
        num_bad_epochs: a.count(intern!(py, "num_bad_epochs"))?,
    })
}

/// The list for `_last_lr` of rates that stay as they are; torch copies tensors.
fn present_rates<'py>(a: &Attributes<'_, 'py>) -> Option<Bound<'py, PyList>> {
    let rates = PyList::empty(a.py());
    for group in param_groups(a)?.iter() {
        let rate = group.cast_exact::<PyDict>().ok()?.get_item(intern!(a.py(), "lr")).ok()??;
        number(&rate)?;
        rates.append(rate).ok()?;
    }
    Some(rates)
}

/// The step that reduces the rates, with `before` as it was at its begin.
fn reduce(a: &Attributes<'_, '_>, before: &ReduceLROnPlateau, metric: f64) -> PyResult<bool> {
    let py = a.py();
    let Some((mut after, mut groups, bounds)) = reducible(a, before.clone()) else { return Ok(false) };
    let old: Vec<f64> = groups.values.iter().map(lrlab::core::ParamGroup::lr).collect();
    if after.metric(metric, Some(a.epoch as f64), &mut groups.values).is_err() {
        return Ok(false);
    }
    let lr = intern!(py, "lr");
    let mut changed = Vec::new();
    for (i, (dict, group)) in groups.pairs().enumerate() {
        if group.lr() == old[i] {
            continue;
        }
        // Python's max gives the bound itself, which may be an int.
        if group.lr() == after.min_lrs[i] && !bounds.get_item(i)?.is_exact_instance_of::<PyFloat>() {
            return Ok(false);
        }
        changed.push((dict, group.lr()));
    }
    for (dict, rate) in changed {
        dict.set_item(lr, rate)?;
    }
    let rates = groups.pairs().map(|(dict, _)| dict.get_item(lr)).collect::<PyResult<Vec<_>>>()?;
    write(a, before, &after, &PyList::new(py, rates)?)?;
    Ok(true)
}

/// The same with what a reduction needs: the groups, and the bounds as they stand in the object.
fn reducible<'py>(
    a: &Attributes<'_, 'py>,
    counters: ReduceLROnPlateau,
) -> Option<(ReduceLROnPlateau, Groups<'py>, Bound<'py, PyList>)> {
    let py = a.py();
    let bounds = a.get(intern!(py, "min_lrs"))?.cast_into_exact::<PyList>().ok()?;
    let groups = Groups::read(a, Reads::Nothing)?;
    // Where their numbers differ torch makes the bounds anew, or raises.
    if bounds.len() != groups.values.len() {
        return None;
    }
    let plateau = ReduceLROnPlateau {
        factor: a.factor(intern!(py, "factor"))?,
        min_lrs: a.numbers(intern!(py, "min_lrs"))?,
        eps: a.factor(intern!(py, "eps"))?,
        ..counters
    };
    Some((plateau, groups, bounds))
}

/// Writes what the step moved.
fn write(
    a: &Attributes<'_, '_>,
    before: &ReduceLROnPlateau,
    after: &ReduceLROnPlateau,
    rates: &Bound<'_, PyList>,
) -> PyResult<()> {
    let py = a.py();
    a.set(intern!(py, "last_epoch"), a.epoch)?;
    if after.best.to_bits() != before.best.to_bits() {
        a.set(intern!(py, "best"), after.best)?;
    }
    if after.num_bad_epochs != before.num_bad_epochs {
        a.set(intern!(py, "num_bad_epochs"), after.num_bad_epochs as i64)?;
    }
    if after.cooldown_counter != before.cooldown_counter {
        a.set(intern!(py, "cooldown_counter"), after.cooldown_counter as i64)?;
    }
    a.set(intern!(py, "_last_lr"), rates)
}
