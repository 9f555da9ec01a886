//! A parameter group of PyTorch's as an optimizer of the core sees it: gathered while Python waits, updated
//! while Python runs, written back.

use std::{fmt, sync::Arc};

use lrlab::{
    Optimizer, ParamGroup,
    core::optimizer::{
        Float, GroupState, GroupStep, Moment, ParamStep, Point, SlotSlices, StepContext,
        registry::{Built, OptimizerEntry},
    },
};
use pyo3::{
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyList},
};

use super::{
    arguments,
    tensor::{Kind, Memory, Torch},
};

/// Updates that a group has had. Not `k`, which Prodigy counts by itself: an update without any gradient is none of its.
pub(super) const GROUP_COUNT: &str = "updates";
/// Updates that a parameter has had.
const PARAMETER_COUNT: &str = "step";

/// A parameter that takes part in an act: its place in the group, its tensor, its gradient and its state.
pub(super) struct Given<'py> {
    pub(super) index: usize,
    pub(super) tensor: Bound<'py, PyAny>,
    grad: Option<Bound<'py, PyAny>>,
    state: Bound<'py, PyDict>,
}

impl<'py> Given<'py> {
    /// The parameters of `group` that take part: in a step those with a gradient, whose state is begun where
    /// it is empty, else those with a state. `states` is the optimizer's, by parameter.
    pub(super) fn of(
        act: Act,
        group: &Bound<'py, PyDict>,
        states: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Self>> {
        let py = group.py();
        let mut given = Vec::new();
        let Some(params) = group.get_item(intern!(py, "params"))? else { return Ok(given) };
        for (index, tensor) in params.cast_into::<PyList>()?.iter().enumerate() {
            let grad = tensor.getattr(intern!(py, "grad"))?;
            if act == Act::Step && grad.is_none() {
                continue;
            }
            let state = states.get_item(&tensor)?.cast_into::<PyDict>()?;
            if act == Act::Step || !state.is_empty() {
                given.push(Self { index, tensor, grad: (act == Act::Step).then_some(grad), state });
            }
        }
        Ok(given)
    }
}

/// A parameter's place among the groups, for messages.
pub(super) struct Place {
    pub(super) group: usize,
    pub(super) index: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter {} of group {}", self.index, self.group)
    }
}

/// What an update does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Step,
    MoveTo(Point),
}

/// A group that is gathered, of one kind of numbers.
pub(super) enum Gathered {
    F32(Group<f32>),
    F64(Group<f64>),
}

impl Gathered {
    /// Gathers `given` with the values of `group`, the group at `index`; nothing where nothing is given.
    pub(super) fn new(
        torch: &Torch,
        entry: &OptimizerEntry,
        index: usize,
        group: &Bound<'_, PyDict>,
        given: &[Given<'_>],
    ) -> PyResult<Option<Self>> {
        let Some((first, rest)) = given.split_first() else { return Ok(None) };
        let kind = torch.kind(&first.tensor, &Place { group: index, index: first.index })?;
        for other in rest {
            let place = Place { group: index, index: other.index };
            if torch.kind(&other.tensor, &place)? != kind {
                return Err(PyValueError::new_err(format!(
                    "{place} is of another dtype than the first: put float32 and float64 parameters into groups of \
                     their own"
                )));
            }
        }
        Ok(Some(match kind {
            Kind::F32 => Self::F32(Group::gather(torch, kind, entry, index, group, given)?),
            Kind::F64 => Self::F64(Group::gather(torch, kind, entry, index, group, given)?),
        }))
    }

    /// Makes the update, in the tensors' own memory.
    pub(super) fn run(&mut self, act: Act) -> bool {
        match self {
            Self::F32(group) => {
                let optimizer = Arc::clone(&group.optimizer);
                match act {
                    Act::Step => optimizer.step(group),
                    Act::MoveTo(point) => optimizer.move_to(point, group),
                }
                true
            }
            Self::F64(group) => {
                let optimizer = Arc::clone(&group.optimizer);
                match act {
                    Act::Step => optimizer.step_f64(group),
                    Act::MoveTo(point) => {
                        optimizer.move_to_f64(point, group);
                        true
                    }
                }
            }
        }
    }

    /// Counts a step that was made, and writes the group's numbers back.
    pub(super) fn finish(&self, group: &Bound<'_, PyDict>, given: &[Given<'_>]) -> PyResult<()> {
        match self {
            Self::F32(gathered) => gathered.finish(group, given),
            Self::F64(gathered) => gathered.finish(group, given),
        }
    }
}

/// A group's values with the memory of its parameters.
pub(super) struct Group<V> {
    optimizer: Arc<dyn Optimizer>,
    values: ParamGroup,
    state: GroupState,
    members: Vec<Member<V>>,
}

struct Member<V> {
    shape: Vec<usize>,
    t: u64,
    value: Memory<V>,
    grad: Memory<V>,
    slots: Vec<Memory<V>>,
}

impl<V: Float> Group<V> {
    fn gather(
        torch: &Torch,
        kind: Kind,
        entry: &OptimizerEntry,
        index: usize,
        group: &Bound<'_, PyDict>,
        given: &[Given<'_>],
    ) -> PyResult<Self> {
        let Built { optimizer, group: values } = arguments::read(entry, group)
            .map_err(|error| within(group.py(), &error, &format!("group {index}")))?;
        let mut gathered = Self {
            state: GroupState { t: count(group, GROUP_COUNT)?, numbers: Vec::new() },
            optimizer,
            values,
            members: Vec::with_capacity(given.len()),
        };
        for number in gathered.optimizer.numbers() {
            let value = group.get_item(number.name)?.ok_or_else(|| {
                PyRuntimeError::new_err(format!(
                    "group {index} has no {:?}, which the optimizer had written there",
                    number.name
                ))
            })?;
            gathered.state.numbers.push(value.call_method0(intern!(group.py(), "__float__"))?.extract()?);
        }
        for given in given {
            let place = Place { group: index, index: given.index };
            let member = gathered.member(torch, kind, &place, given)?;
            gathered.members.push(member);
        }
        Ok(gathered)
    }

    fn member(&self, torch: &Torch, kind: Kind, place: &Place, given: &Given<'_>) -> PyResult<Member<V>> {
        let Given { tensor, grad, state, .. } = given;
        let py = tensor.py();
        let shape: Vec<usize> = tensor.getattr(intern!(py, "shape"))?.extract()?;
        let wanted = self.optimizer.slots(&shape);
        if state.is_empty() {
            state.set_item(intern!(py, "step"), 0)?;
            for slot in &wanted {
                state.set_item(slot.name, torch.zeros(tensor, &slot.shape)?)?;
            }
        }
        let value = torch.memory::<V>(tensor, kind, place)?;
        let grad = match grad {
            Some(grad) => torch.memory(grad, kind, &format!("the gradient of {place}"))?,
            None => Memory::EMPTY,
        };
        // A move between points takes no gradient.
        if grad.count() != value.count() && given.grad.is_some() {
            return Err(PyValueError::new_err(format!(
                "the gradient of {place} has {} numbers, expected the parameter's {}",
                grad.count(),
                value.count()
            )));
        }
        let mut slots = Vec::with_capacity(wanted.len());
        for slot in &wanted {
            let kept = state.get_item(slot.name)?.ok_or_else(|| {
                let known: Vec<String> = state.keys().iter().map(|key| key.to_string()).collect();
                PyRuntimeError::new_err(format!(
                    "the state of {place} has no {:?}, only {}: it was begun with other options",
                    slot.name,
                    known.join(", ")
                ))
            })?;
            let what = format!("{} of {place}", slot.name);
            let memory = torch.memory(&kept, kind, &what)?;
            let expected: usize = slot.shape.iter().product();
            if memory.count() != expected {
                return Err(PyRuntimeError::new_err(format!(
                    "{what} has {} numbers, expected {expected}: the state is that of another parameter",
                    memory.count()
                )));
            }
            slots.push(memory);
        }
        let member = Member { t: count(state, PARAMETER_COUNT)?, shape, value, grad, slots };
        if member.overlaps() {
            return Err(PyValueError::new_err(format!(
                "{place}, its gradient and its state share memory: give each a tensor of its own, by .clone()"
            )));
        }
        Ok(member)
    }

    fn finish(&self, group: &Bound<'_, PyDict>, given: &[Given<'_>]) -> PyResult<()> {
        group.set_item(GROUP_COUNT, self.state.t + 1)?;
        for (number, value) in self.optimizer.numbers().iter().zip(&self.state.numbers) {
            group.set_item(number.name, value)?;
        }
        for (given, member) in given.iter().zip(&self.members) {
            given.state.set_item(intern!(group.py(), "step"), member.t + 1)?;
        }
        Ok(())
    }
}

impl<V> Member<V> {
    /// Whether two of its tensors lie on one another.
    fn overlaps(&self) -> bool {
        let all = || [&self.value, &self.grad].into_iter().chain(&self.slots).map(Memory::addresses);
        all().enumerate().any(|(index, one)| {
            all().skip(index + 1).any(|other| one.start < other.end && other.start < one.end)
        })
    }
}

impl<V: Float> StepContext<V> for Group<V> {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut self.state;
        GroupStep { group: &self.values, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_, V>)) {
        for member in &mut self.members {
            // SAFETY: the caller of `run` holds the tensors, `overlaps` found no memory that two of them share,
            // and each slice ends with `f`. Others that write the same tensors from another thread race with
            // this as they do with torch's own kernels, which let go of the interpreter as well.
            let (value, grad) = unsafe { (member.value.slice(), member.grad.slice()) };
            // SAFETY: as above.
            let mut slots: SlotSlices<'_, V> =
                member.slots.iter_mut().map(|slot| unsafe { slot.slice() }).collect();
            f(ParamStep {
                name: "",
                shape: &member.shape,
                transposed: false,
                at: Moment { group: &self.values, t: member.t, numbers: &self.state.numbers },
                value,
                grad,
                slots: &mut slots,
            });
        }
    }
}

/// A count that is kept in `dict`.
fn count(dict: &Bound<'_, PyDict>, key: &str) -> PyResult<u64> {
    let kept = dict.get_item(key)?.ok_or_else(|| {
        PyRuntimeError::new_err(format!("{key:?}, the count of updates, is missing from the state"))
    })?;
    kept.extract()
        .map_err(|_| PyTypeError::new_err(format!("{key:?} is {kept}, expected a whole number of updates")))
}

/// The same error with `place` before its text.
pub(super) fn within(py: Python<'_>, error: &PyErr, place: &str) -> PyErr {
    let told = format!("{place}: {}", error.value(py));
    if error.is_instance_of::<PyTypeError>(py) {
        PyTypeError::new_err(told)
    } else {
        PyValueError::new_err(told)
    }
}
