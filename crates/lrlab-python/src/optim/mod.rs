//! `lrlab.torch.optim`: optimizers of the registry over PyTorch's tensors, in place.
//!
//! What is kept lives in Python, as PyTorch users expect: tensors in `optimizer.state`, numbers of a group in
//! `optimizer.param_groups`. An update borrows that memory, and holds nothing afterwards.

pub(crate) mod arguments;
mod tensor;
mod update;

use lrlab::core::optimizer::{
    Point,
    registry::{self, OptimizerEntry},
};
use pyo3::{
    exceptions::{PyKeyError, PyNotImplementedError, PyValueError},
    prelude::*,
    types::{PyDict, PyList},
};

use self::{
    tensor::Torch,
    update::{Act, GROUP_COUNT, Gathered, Given, Place},
};

/// An optimizer of the registry over torch's tensors.
#[pyclass(frozen, module = "lrlab._core")]
pub(crate) struct TensorOptimizer {
    entry: &'static OptimizerEntry,
    torch: Torch,
}

impl TensorOptimizer {
    fn act<'py>(
        &self,
        py: Python<'py>,
        act: Act,
        groups: &[Bound<'py, PyDict>],
        states: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        // All of them before the first is changed: an update is made whole or not at all.
        let mut gathered = Vec::with_capacity(groups.len());
        for (index, group) in groups.iter().enumerate() {
            let given = Given::of(act, group, states)?;
            if let Some(whole) = Gathered::new(&self.torch, self.entry, index, group, &given)? {
                gathered.push((whole, group, given));
            }
        }
        let mut at_work: Vec<&mut Gathered> = gathered.iter_mut().map(|(whole, ..)| whole).collect();
        // Every optimizer of the registry knows both floats.
        if !py.detach(|| at_work.iter_mut().all(|group| group.run(act))) {
            let told = format!("{} updates torch.float32 alone", self.entry.pytorch);
            return Err(PyNotImplementedError::new_err(told));
        }
        let mut changed = Vec::new();
        for (whole, group, given) in gathered {
            if act == Act::Step {
                whole.finish(group, &given)?;
            }
            changed.extend(given.into_iter().map(|given| given.tensor));
        }
        Ok(changed)
    }
}

#[pymethods]
impl TensorOptimizer {
    /// The optimizer whose class for PyTorch users is `name`.
    #[new]
    fn new(py: Python<'_>, name: &str) -> PyResult<Self> {
        let entry = registry::OPTIMIZERS.iter().find(|entry| entry.pytorch == name);
        let entry = entry.ok_or_else(|| PyKeyError::new_err(format!("lrlab has no optimizer {name}")))?;
        Ok(Self { entry, torch: Torch::import(py)? })
    }

    /// Checks the values and parameters of the group at `index`, and puts what is kept for it into it.
    fn begin(&self, group: &Bound<'_, PyDict>, index: usize) -> PyResult<()> {
        let py = group.py();
        let built = arguments::read(self.entry, group)
            .map_err(|error| update::within(py, &error, &format!("group {index}")))?;
        let Some(params) = group.get_item("params")? else { return Ok(()) };
        for (at, tensor) in params.cast_into::<PyList>()?.iter().enumerate() {
            let place = Place { group: index, index: at };
            let kind = self.torch.kind(&tensor, &place)?;
            self.torch.check(&tensor, kind, &place)?;
            let shape: Vec<usize> = tensor.getattr("shape")?.extract()?;
            if let Some(why) = built.optimizer.refuses(&shape) {
                return Err(PyValueError::new_err(format!("{place} of shape {shape:?}: {why}")));
            }
        }
        group.set_default(GROUP_COUNT, 0)?;
        for number in built.optimizer.numbers() {
            group.set_default(number.name, number.initial)?;
        }
        Ok(())
    }

    /// Makes one update of the parameters in `groups` that have a gradient, and gives the tensors that changed.
    /// `states` is the optimizer's, by parameter; one that is empty is begun.
    #[allow(clippy::needless_pass_by_value, reason = "what is made of Python's values is owned")]
    fn step<'py>(
        &self,
        py: Python<'py>,
        groups: Vec<Bound<'py, PyDict>>,
        states: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.act(py, Act::Step, &groups, states)
    }

    /// Moves the parameters to where the model is evaluated, or back to where it is trained, and gives the
    /// tensors that changed.
    #[allow(clippy::needless_pass_by_value, reason = "what is made of Python's values is owned")]
    fn move_to<'py>(
        &self,
        py: Python<'py>,
        evaluate: bool,
        groups: Vec<Bound<'py, PyDict>>,
        states: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let point = if evaluate { Point::Evaluate } else { Point::Train };
        self.act(py, Act::MoveTo(point), &groups, states)
    }
}
