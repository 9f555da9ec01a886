//! The optimizer's groups: their dicts, and the numbers in them that a class works with.

use lrlab::core::{Field, ParamGroup};
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyFloat, PyList, PyTuple},
};

use super::attributes::{Attributes, factor, float};

/// What a class reads from a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// `lr`, which it computes with.
    Rate,
    /// `lr`, and `swa_lr`.
    RateAndTarget,
    /// Nothing that it computes with: `lr` is overwritten.
    Nothing,
    /// What `OneCycleLR` keeps there; `lr` is overwritten.
    Cycle,
}

/// The groups of one optimizer.
pub(super) struct Groups<'py> {
    dicts: Vec<Bound<'py, PyDict>>,
    /// The numbers, in the form of the core.
    pub(super) values: Vec<ParamGroup>,
}

/// `optimizer.param_groups` of a scheduler.
pub(super) fn param_groups<'py>(attributes: &Attributes<'_, 'py>) -> Option<Bound<'py, PyList>> {
    let py = attributes.py();
    let groups = attributes.get(intern!(py, "optimizer"))?.getattr(intern!(py, "param_groups")).ok()?;
    groups.cast_into_exact().ok()
}

impl<'py> Groups<'py> {
    /// The groups, if their numbers are ones that f64 computes as Python does.
    pub(super) fn read(attributes: &Attributes<'_, 'py>, reads: Reads) -> Option<Self> {
        let py = attributes.py();
        let list = param_groups(attributes)?;
        let mut groups =
            Self { dicts: Vec::with_capacity(list.len()), values: Vec::with_capacity(list.len()) };
        for item in list.iter() {
            let dict = item.cast_into_exact::<PyDict>().ok()?;
            let item = |name| dict.get_item(name).ok().flatten();
            let lr = item(intern!(py, "lr"))?;
            let overwritten = matches!(reads, Reads::Nothing | Reads::Cycle);
            let lr = if overwritten { factor(&lr) } else { float(&lr) }?;
            let mut group = ParamGroup::new(String::new()).with(Field::Lr, lr);
            match reads {
                Reads::Rate | Reads::Nothing => {}
                Reads::RateAndTarget => group.torch.swa_lr = Some(float(&item(intern!(py, "swa_lr"))?)?),
                Reads::Cycle => {
                    let number = |name| item(name).map(|value| factor(&value).ok_or(())).transpose();
                    group.torch.initial_lr = number(intern!(py, "initial_lr")).ok()?;
                    group.torch.max_lr = number(intern!(py, "max_lr")).ok()?;
                    group.torch.min_lr = number(intern!(py, "min_lr")).ok()?;
                    group.torch.base_momentum = number(intern!(py, "base_momentum")).ok()?;
                    group.torch.max_momentum = number(intern!(py, "max_momentum")).ok()?;
                }
            }
            groups.dicts.push(dict);
            groups.values.push(group);
        }
        Some(groups)
    }

    /// Writes the momenta that the core has set, if all groups can take theirs; `None` if not.
    pub(super) fn write_momenta(&self, field: Field) -> Option<PyResult<()>> {
        let Some(first) = self.dicts.first() else { return Some(Ok(())) };
        let py = first.py();
        let (betas, momentum) = (intern!(py, "betas"), intern!(py, "momentum"));
        if field == Field::Momentum {
            let written =
                self.pairs().try_for_each(|(dict, group)| dict.set_item(momentum, group.get(field)));
            return Some(written);
        }
        // All are read before one is written.
        let mut renewed = Vec::with_capacity(self.dicts.len());
        for (dict, group) in self.pairs() {
            let old = dict.get_item(betas).ok().flatten()?.cast_into_exact::<PyTuple>().ok()?;
            let first = PyFloat::new(py, group.get(field)).into_any();
            let items = std::iter::once(first).chain(old.iter().skip(1)).collect::<Vec<_>>();
            renewed.push(PyTuple::new(py, items).ok()?);
        }
        Some(self.dicts.iter().zip(renewed).try_for_each(|(dict, pair)| dict.set_item(betas, pair)))
    }

    /// Sets the groups' rates; gives the list for `_last_lr`.
    pub(super) fn write_rates(&self, py: Python<'py>, rates: &[f64]) -> PyResult<Bound<'py, PyList>> {
        let lr = intern!(py, "lr");
        let last = PyList::empty(py);
        for (dict, rate) in self.dicts.iter().zip(rates) {
            let rate = PyFloat::new(py, *rate);
            dict.set_item(lr, &rate)?;
            last.append(rate)?;
        }
        Ok(last)
    }

    /// Each group with its numbers.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Bound<'py, PyDict>, &ParamGroup)> {
        self.dicts.iter().zip(&self.values)
    }
}
