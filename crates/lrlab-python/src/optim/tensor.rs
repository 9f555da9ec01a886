//! The memory of PyTorch's tensors as slices, for one update and without a copy.

use std::{fmt::Display, ops::Range, ptr::NonNull, slice};

use lrlab::core::optimizer::Float;
use pyo3::{
    exceptions::PyValueError,
    intern,
    prelude::*,
    types::{PyDict, PyType},
};

/// What a tensor is held against, fetched from torch once.
#[derive(Debug)]
pub(super) struct Torch {
    float32: Py<PyAny>,
    float64: Py<PyAny>,
    strided: Py<PyAny>,
    zeros: Py<PyAny>,
    tensor: Py<PyType>,
}

/// The kinds of numbers that updates are made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F64,
}

impl Torch {
    pub(super) fn import(py: Python<'_>) -> PyResult<Self> {
        let torch = py.import("torch")?;
        let own = |name: &str| torch.getattr(name).map(Bound::unbind);
        Ok(Self {
            float32: own("float32")?,
            float64: own("float64")?,
            strided: own("strided")?,
            zeros: own("zeros")?,
            tensor: torch.getattr("Tensor")?.cast_into::<PyType>()?.unbind(),
        })
    }

    /// The kind of numbers in a parameter.
    pub(super) fn kind(&self, parameter: &Bound<'_, PyAny>, what: &dyn Display) -> PyResult<Kind> {
        let dtype = parameter.getattr(intern!(parameter.py(), "dtype"))?;
        if dtype.is(&self.float32) {
            Ok(Kind::F32)
        } else if dtype.is(&self.float64) {
            Ok(Kind::F64)
        } else {
            Err(PyValueError::new_err(format!(
                "{what} is {dtype}, and updates are made in torch.float32 or torch.float64: keep the parameters in \
                 one of them (torch.autocast computes in fewer bits all the same)"
            )))
        }
    }

    /// A tensor of zeros of `shape` for a slot of `parameter`.
    pub(super) fn zeros<'py>(
        &self,
        parameter: &Bound<'py, PyAny>,
        shape: &[usize],
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = parameter.py();
        let options = PyDict::new(py);
        options.set_item(intern!(py, "dtype"), parameter.getattr(intern!(py, "dtype"))?)?;
        self.zeros.bind(py).call((shape.to_vec(),), Some(&options))
    }

    /// Refuses a tensor that [`memory`](Self::memory) would refuse.
    pub(super) fn check(&self, tensor: &Bound<'_, PyAny>, kind: Kind, what: &dyn Display) -> PyResult<()> {
        match kind {
            Kind::F32 => self.memory::<f32>(tensor, kind, what).map(drop),
            Kind::F64 => self.memory::<f64>(tensor, kind, what).map(drop),
        }
    }

    /// The memory of `tensor`, which must be of `kind` and on the CPU, and lie there in one piece.
    ///
    /// # Errors
    /// `ValueError` that says what to do, with `what` the tensor is.
    pub(super) fn memory<V: Float>(
        &self,
        tensor: &Bound<'_, PyAny>,
        kind: Kind,
        what: &dyn Display,
    ) -> PyResult<Memory<V>> {
        let py = tensor.py();
        let refused = |why: String| Err(PyValueError::new_err(format!("{what} {why}")));
        if !tensor.is_instance(self.tensor.bind(py))? {
            return refused(format!("is {}, expected a torch.Tensor", tensor.get_type().name()?));
        }
        if !tensor.getattr(intern!(py, "is_cpu"))?.is_truthy()? {
            return refused(format!(
                "is on {}, and updates are made in the CPU's memory: move the model there with .to(\"cpu\") before \
                 the optimizer is made, or take an optimizer of torch.optim",
                tensor.getattr("device")?
            ));
        }
        let layout = tensor.getattr(intern!(py, "layout"))?;
        if !layout.is(&self.strided) {
            return refused(format!(
                "is {layout}, expected a dense tensor: build an Embedding with sparse=False, or call .to_dense()"
            ));
        }
        let dtype = tensor.getattr(intern!(py, "dtype"))?;
        let expected = match kind {
            Kind::F32 => &self.float32,
            Kind::F64 => &self.float64,
        };
        if !dtype.is(expected) {
            return refused(format!("is {dtype}, expected {}", expected.bind(py)));
        }
        if !tensor.call_method0(intern!(py, "is_contiguous"))?.is_truthy()? {
            return refused("is not contiguous: replace its .data by .data.contiguous()".to_owned());
        }
        if tensor.call_method0(intern!(py, "is_neg"))?.is_truthy()? {
            return refused("holds its negative: replace it by .resolve_neg()".to_owned());
        }
        let count: usize = tensor.call_method0(intern!(py, "numel"))?.extract()?;
        let address: usize = tensor.call_method0(intern!(py, "data_ptr"))?.extract()?;
        match NonNull::new(address as *mut V) {
            Some(start) if start.is_aligned() => Ok(Memory { start, count }),
            None if count == 0 => Ok(Memory::EMPTY),
            _ => refused(
                "has no memory of its own here (a meta or fake tensor), so there is nothing to update"
                    .to_owned(),
            ),
        }
    }
}

/// The numbers of a tensor that Python keeps alive.
#[derive(Debug)]
pub(super) struct Memory<V> {
    start: NonNull<V>,
    count: usize,
}

// SAFETY: it is an address and a length; `slice` says what using them asks for.
unsafe impl<V: Send> Send for Memory<V> {}

impl<V> Memory<V> {
    /// No numbers at all.
    pub(super) const EMPTY: Self = Self { start: NonNull::dangling(), count: 0 };

    /// Numbers in it.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where it lies.
    pub(super) fn addresses(&self) -> Range<usize> {
        let start = self.start.as_ptr() as usize;
        start..start + self.count * size_of::<V>()
    }

    /// The numbers themselves.
    ///
    /// # Safety
    ///
    /// The tensor lives on with the same storage for as long as the slice, and nothing else reads or writes
    /// that memory.
    pub(super) unsafe fn slice(&mut self) -> &mut [V] {
        // SAFETY: torch said that so many numbers of this kind lie there in one piece, the address is aligned
        // and not null, and the caller promises the rest.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.count) }
    }
}
