//! `LambdaLR` and `MultiplicativeLR`: functions are called in Python, and their products are Python's own,
//! since a function may give any number.

use pyo3::{
    exceptions::PyValueError,
    intern,
    prelude::*,
    types::{PyDict, PyFloat, PyInt, PyList},
};

use super::{Method, attributes::Attributes, groups::param_groups};

/// The rates of a class that takes functions of the epoch.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct TorchFunctions {
    /// Whether the functions multiply the present rates, not those at the start.
    is_multiplicative: bool,
    get_lr: [Method; 1],
    /// torch's own `_update_param_group_val`, for rates that are tensors.
    set_value: Py<PyAny>,
    /// torch's own `_param_groups_val_list`.
    values_of: Py<PyAny>,
}

/// The functions, and what each multiplies; the numbers of all agree.
struct Factors<'py> {
    functions: Bound<'py, PyList>,
    bases: Bound<'py, PyList>,
    groups: Bound<'py, PyList>,
}

#[pymethods]
impl TorchFunctions {
    /// For `torch_module`'s class of the name, and what overrides its `get_lr`.
    #[new]
    fn new(torch_module: &Bound<'_, PyAny>, is_multiplicative: bool, get_lr: Py<PyAny>) -> PyResult<Self> {
        Ok(Self {
            is_multiplicative,
            get_lr: [(intern!(torch_module.py(), "get_lr").clone().unbind(), get_lr)],
            set_value: torch_module.getattr("_update_param_group_val")?.unbind(),
            values_of: torch_module.getattr("_param_groups_val_list")?.unbind(),
        })
    }

    /// What `get_lr` of `scheduler` gives; None where torch has to be asked.
    fn get_lr<'py>(&self, scheduler: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
        let Some(a) = Attributes::of(scheduler, 0) else { return Ok(None) };
        self.factors(&a).map(|factors| self.products(&factors, a.epoch)).transpose()
    }

    /// What `_update_lr` of `scheduler` does without an epoch; False where torch has to do it.
    fn update(&self, scheduler: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Some(a) = Attributes::of(scheduler, 1).filter(|a| a.has_own(&self.get_lr)) else {
            return Ok(false);
        };
        let Some(factors) = self.factors(&a) else { return Ok(false) };
        let py = scheduler.py();
        // A function may look at the scheduler that calls it.
        let within = intern!(py, "_get_lr_called_within_step");
        a.set(within, true)?;
        a.set(intern!(py, "last_epoch"), a.epoch)?;
        let products = self.products(&factors, a.epoch);
        a.set(within, false)?;
        let last = self.write(scheduler, &factors.groups, &products?)?;
        a.set(intern!(py, "_last_lr"), last)?;
        Ok(true)
    }
}

impl TorchFunctions {
    fn factors<'py>(&self, a: &Attributes<'_, 'py>) -> Option<Factors<'py>> {
        let py = a.py();
        if self.is_multiplicative && a.flag(intern!(py, "_is_initial"))? {
            return None;
        }
        let functions = a.get(intern!(py, "lr_lambdas"))?.cast_into_exact::<PyList>().ok()?;
        let groups = param_groups(a)?;
        let bases = if self.is_multiplicative {
            groups.clone()
        } else {
            a.get(intern!(py, "base_lrs"))?.cast_into_exact::<PyList>().ok()?
        };
        let count = groups.len();
        (functions.len() == count && bases.len() == count).then_some(Factors { functions, bases, groups })
    }

    fn products<'py>(&self, factors: &Factors<'py>, epoch: i64) -> PyResult<Bound<'py, PyList>> {
        let py = factors.functions.py();
        let (epoch, lr) = (PyInt::new(py, epoch), intern!(py, "lr"));
        let products = PyList::empty(py);
        for (function, base) in factors.functions.iter().zip(factors.bases.iter()) {
            let base = if self.is_multiplicative { base.get_item(lr)? } else { base };
            products.append(base.mul(function.call1((&epoch,))?)?)?;
        }
        Ok(products)
    }

    /// Sets the groups' rates; gives the list for `_last_lr`.
    fn write<'py>(
        &self,
        scheduler: &Bound<'py, PyAny>,
        groups: &Bound<'py, PyList>,
        rates: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = scheduler.py();
        let lr = intern!(py, "lr");
        let is_float = |value: &Bound<'py, PyAny>| value.is_exact_instance_of::<PyFloat>();
        let mut all_floats = true;
        for (group, rate) in groups.iter().zip(rates.iter()) {
            match group.cast_exact::<PyDict>() {
                Ok(dict) if is_float(&rate) && dict.get_item(lr)?.is_some_and(|old| is_float(&old)) => {
                    dict.set_item(lr, rate)?;
                }
                _ => {
                    all_floats = false;
                    self.set_value.call1(py, (group, lr, rate))?;
                }
            }
        }
        // A function may have added a group.
        if groups.len() != rates.len() {
            return Err(PyValueError::new_err("zip() argument 2 is shorter than argument 1"));
        }
        if all_floats {
            return Ok(rates.clone().into_any());
        }
        let optimizer = scheduler.getattr(intern!(py, "optimizer"))?;
        self.values_of.bind(py).call1((optimizer, lr))
    }
}
