//! The rates of torch's schedulers, computed by the core from the Python objects that hold the state.
//!
//! [`TorchRates`] is asked by a class of `lrlab.torch.lr_scheduler`. It answers where Python's arithmetic is that
//! of f64 and the core raises nothing; else it has changed nothing, and torch's own method computes or raises.

mod attributes;
mod classes;
mod functions;
mod groups;
mod plateau;
mod warm_restarts;

use pyo3::{
    exceptions::PyValueError,
    intern,
    prelude::*,
    types::{PyList, PyString},
};

use attributes::Attributes;
use classes::{CLASSES, Class};
use groups::Groups;
use lrlab::core::scheduler::torch::TorchScheduler;

pub(crate) use functions::TorchFunctions;
pub(crate) use plateau::TorchPlateau;

/// A method by its name, as torch or lrlab wrote it.
type Method = (Py<PyString>, Py<PyAny>);

/// The rates of one of torch's classes.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct TorchRates {
    class: &'static Class,
    /// `get_lr` of lrlab's class.
    get_lr: [Method; 1],
    /// The methods that torch's `get_lr` calls.
    methods: Vec<Method>,
}

/// The methods called `names` of `class`.
fn methods_of(class: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<Vec<Method>> {
    let method = |name: &&str| {
        let name = PyString::intern(class.py(), name);
        Ok((name.clone().unbind(), class.getattr(name)?.unbind()))
    };
    names.iter().map(method).collect()
}

#[pymethods]
impl TorchRates {
    /// For `torch_class`, one of torch's, and what overrides its `get_lr`.
    #[new]
    fn new(torch_class: &Bound<'_, PyAny>, get_lr: Py<PyAny>) -> PyResult<Self> {
        let py = torch_class.py();
        let name: String = torch_class.getattr(intern!(py, "__name__"))?.extract()?;
        let Some(class) = CLASSES.iter().find(|class| class.name == name) else {
            let names: Vec<_> = CLASSES.iter().map(|class| class.name).collect();
            return Err(PyValueError::new_err(format!("expected one of {}, got {name}", names.join(", "))));
        };
        let methods = methods_of(torch_class, class.methods)?;
        let get_lr = [(intern!(py, "get_lr").clone().unbind(), get_lr)];
        Ok(Self { class, get_lr, methods })
    }

    /// What `get_lr` of `scheduler` gives, momenta set on the way; None where torch has to be asked.
    fn get_lr<'py>(&self, scheduler: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
        let Some(computed) =
            Attributes::of(scheduler, 0).filter(|a| a.has_own(&self.methods)).and_then(|a| self.compute(&a))
        else {
            return Ok(None);
        };
        let Some(()) = computed.write_momenta().transpose()? else { return Ok(None) };
        PyList::new(scheduler.py(), computed.rates).map(Some)
    }

    /// What `_get_closed_form_lr` of `scheduler` gives; None where torch has to be asked.
    fn closed_form<'py>(&self, scheduler: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
        let rates = Attributes::of(scheduler, 0)
            .and_then(|a| classes::make_for_closed_form(self.class, &a))
            .and_then(|made| made.closed_form()?.ok());
        rates.map(|rates| PyList::new(scheduler.py(), rates)).transpose()
    }

    /// What `_update_lr` of `scheduler` does without an epoch; False where torch has to do it.
    fn update(&self, scheduler: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Some(a) = Attributes::of(scheduler, 1) else { return Ok(false) };
        if !(a.has_own(&self.get_lr) && a.has_own(&self.methods)) {
            return Ok(false);
        }
        let Some(computed) = self.compute(&a) else { return Ok(false) };
        let py = scheduler.py();
        let Some(()) = computed.write_momenta().transpose()? else { return Ok(false) };
        a.set(intern!(py, "_get_lr_called_within_step"), false)?;
        a.set(intern!(py, "last_epoch"), a.epoch)?;
        computed.write_rates(&a)?;
        Ok(true)
    }

    /// What `CosineAnnealingWarmRestarts.step` does; False where torch has to do it.
    #[pyo3(signature = (scheduler, epoch))]
    fn restart(&self, scheduler: &Bound<'_, PyAny>, epoch: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let Some(a) = Attributes::of(scheduler, 0).filter(|a| a.has_own(&self.get_lr)) else {
            return Ok(false);
        };
        let Some(restarted) = warm_restarts::step(&a, epoch) else { return Ok(false) };
        restarted.write(&a)?;
        Ok(true)
    }
}

/// Rates that wait to be written.
struct Computed<'py> {
    scheduler: Box<dyn TorchScheduler>,
    groups: Groups<'py>,
    rates: Vec<f64>,
}

impl<'py> Computed<'py> {
    fn write_momenta(&self) -> Option<PyResult<()>> {
        classes::momentum_of(&*self.scheduler).map_or(Some(Ok(())), |field| self.groups.write_momenta(field))
    }

    fn write_rates(&self, a: &Attributes<'_, 'py>) -> PyResult<()> {
        a.set(intern!(a.py(), "_last_lr"), self.groups.write_rates(a.py(), &self.rates)?)
    }
}

impl TorchRates {
    fn compute<'py>(&self, a: &Attributes<'_, 'py>) -> Option<Computed<'py>> {
        let mut scheduler = (self.class.make)(a)?;
        let mut groups = Groups::read(a, self.class.reads)?;
        let rates = scheduler.get_lr(&mut groups.values).ok()?;
        (rates.len() == groups.values.len()).then_some(Computed { scheduler, groups, rates })
    }
}
