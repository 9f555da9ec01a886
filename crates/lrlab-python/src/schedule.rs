//! A spec over a training of known length: what `lrlab.Schedule` adds Python's ways to.

use std::{
    hash::{Hash, Hasher},
    path::PathBuf,
};

use lrlab::{
    Field, Horizon, Length, Preview, Strategy,
    analysis::{
        lint,
        plot::{self, Chart, Shown, Size, Time},
    },
    core::{
        schedule::SCHEDULES,
        spec::{Fault, Spec},
    },
    spec_file,
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyByteArray};

use crate::{
    argument::{count, count_or_none, group},
    error::{length_refused, plan_stopped, plot_refused, spec_file_refused, spec_refused},
};

/// A spec over a training of known length.
#[pyclass(frozen, subclass, eq, hash, module = "lrlab._core")]
#[derive(Debug)]
pub(crate) struct Schedule {
    spec: Spec,
    /// The canonical text of the spec, which reads back to it.
    text: String,
    /// The learning rate of a plan that brings no optimizer.
    lr: Option<f64>,
    has_epochs: bool,
    strategy: Strategy,
    preview: Preview,
}

/// Code, name, severity, sentence, step, fix and group of a finding.
type Row = (&'static str, &'static str, &'static str, String, Option<u64>, String, Option<String>);

impl Schedule {
    fn horizon(&self) -> Horizon {
        self.preview.horizon()
    }

    fn key(&self) -> (&str, Horizon, bool, Option<u64>) {
        (&self.text, self.horizon(), self.has_epochs, self.lr.map(f64::to_bits))
    }

    fn names(&self) -> Vec<&str> {
        self.preview.groups().map(|group| group.name.as_str()).collect()
    }

    /// The place of a group, and the field of that name in it.
    fn place(&self, field: &str, which: &Bound<'_, PyAny>) -> PyResult<(usize, Field)> {
        let place = group(which, &self.names())?;
        let has = |field: &Field| self.preview.groups().nth(place).is_some_and(|group| group.has(*field));
        let Some(found) = Field::find(field).filter(has) else {
            let known = Field::ALL.into_iter().filter(has).map(Field::name);
            let what = format!("field of {}", self.strategy.groups[place].optimizer.name);
            return Err(PyValueError::new_err(Fault::unknown(what, field, known).to_string()));
        };
        Ok((place, found))
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Schedule {}

impl Hash for Schedule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (text, Horizon { total_steps, steps_per_epoch }, has_epochs, lr) = self.key();
        (text, total_steps, steps_per_epoch, has_epochs, lr).hash(state);
    }
}

#[pymethods]
impl Schedule {
    #[new]
    fn new(
        py: Python<'_>,
        text: &str,
        total_steps: Option<&Bound<'_, PyAny>>,
        epochs: Option<&Bound<'_, PyAny>>,
        steps_per_epoch: Option<&Bound<'_, PyAny>>,
        lr: Option<f64>,
    ) -> PyResult<Self> {
        let length = Length {
            total_steps: count_or_none(total_steps, "total_steps")?,
            epochs: count_or_none(epochs, "epochs")?,
            steps_per_epoch: count_or_none(steps_per_epoch, "steps_per_epoch")?,
        };
        let mut spec: Spec = text.parse().map_err(|error| spec_refused(&error))?;
        let horizon = length.horizon().map_err(length_refused)?;
        let strategy = spec.clone().strategy_at(lr);
        let preview = py.detach(|| Preview::new(&strategy, horizon)).map_err(|error| spec_refused(&error))?;
        let is_plan = matches!(spec, Spec::Plan(_));
        if !is_plan {
            spec = Spec::Strategy(strategy.clone());
        }
        let lr = lr.filter(|_| is_plan);
        let text = spec.to_string();
        Ok(Self { spec, text, lr, has_epochs: length.has_epochs(), strategy, preview })
    }

    /// Optimizer updates in all.
    #[getter]
    fn total_steps(&self) -> u64 {
        self.horizon().total_steps
    }

    /// Optimizer updates in one pass over the data; None where nobody told.
    #[getter]
    fn steps_per_epoch(&self) -> Option<u64> {
        self.has_epochs.then_some(self.horizon().steps_per_epoch)
    }

    /// The learning rate of the first group, which its schedule starts from.
    #[getter]
    fn lr(&self) -> f64 {
        self.strategy.lr()
    }

    /// The rate that was told for a plan without an optimizer.
    #[getter]
    fn _own_lr(&self) -> Option<f64> {
        self.lr
    }

    /// The names of the groups, in order; `*` is the group of all parameters.
    #[getter]
    fn groups(&self) -> Vec<&str> {
        self.names()
    }

    /// The fields that something moves, in some group: `lr` first.
    #[getter]
    fn fields(&self) -> Vec<&'static str> {
        let places = 0..self.preview.groups().len();
        let moved: Vec<Field> = places.flat_map(|place| self.preview.moved(place)).collect();
        Field::ALL.into_iter().filter(|field| moved.contains(field)).map(Field::name).collect()
    }

    /// Whether its values depend on the length of an epoch, and nobody told that.
    #[getter]
    fn _guesses_epochs(&self) -> bool {
        !self.has_epochs && self.spec.counts_epochs()
    }

    fn _value(&self, t: &Bound<'_, PyAny>, field: &str, group: &Bound<'_, PyAny>) -> PyResult<f64> {
        let t = count(t, "t")?;
        let (place, field) = self.place(field, group)?;
        self.preview.value_at(place, field, t).map_err(|error| plan_stopped(&error))
    }

    /// The values of all steps, as the bytes of float64 numbers.
    fn _values<'py>(
        &self,
        py: Python<'py>,
        field: &str,
        group: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let (place, field) = self.place(field, group)?;
        let bytes =
            usize::try_from(self.total_steps()).ok().and_then(|steps| steps.checked_mul(size_of::<f64>()));
        PyByteArray::new_with(py, bytes.unwrap_or(usize::MAX >> 1), |bytes| {
            py.detach(|| {
                let values = self.preview.values(place, field).map_err(|error| plan_stopped(&error))?;
                for (bytes, value) in bytes.chunks_exact_mut(size_of::<f64>()).zip(values) {
                    bytes.copy_from_slice(&value.to_ne_bytes());
                }
                Ok(())
            })
        })
    }

    fn _findings(&self, py: Python<'_>, parameters: Option<Vec<String>>) -> PyResult<Vec<Row>> {
        let found = py.detach(move || lint::lint(&self.strategy, self.horizon(), parameters.as_deref()));
        let row = |found: lint::Finding| {
            let lint::Finding { code, name, severity, sentence, step, fix, group } = found;
            (code, name, severity.name(), sentence, step, fix, group)
        };
        Ok(found.map_err(|error| spec_refused(&error))?.into_iter().map(row).collect())
    }

    /// The picture or table of an ending: `svg`, `png` or `csv`.
    fn _drawn(&self, py: Python<'_>, ending: &str, log: bool) -> PyResult<Vec<u8>> {
        let shares = matches!(self.spec, Spec::Plan(_)) && self.lr.is_none();
        let shown = [Shown { label: &self.text, preview: &self.preview, shares }];
        let Horizon { total_steps, steps_per_epoch } = self.horizon();
        let time = Time { total_steps, steps_per_epoch: self.has_epochs.then_some(steps_per_epoch) };
        let drawn = py.detach(|| {
            let chart = Chart::of_previews(&shown, time, log)?;
            let size = Size::fitting(&chart);
            match ending {
                "svg" => Ok(Some(plot::svg(&chart, size).into_bytes())),
                "png" => plot::png(&chart, size).map(Some),
                "csv" => Ok(Some(plot::csv(&chart).into_bytes())),
                _ => Ok(None),
            }
        });
        let told =
            || PyValueError::new_err(format!(".{ending}: expected a name that ends in .svg, .png or .csv"));
        drawn.map_err(plot_refused)?.ok_or_else(told)
    }

    /// The TOML form of the spec, which `from_toml` reads.
    fn to_toml(&self) -> PyResult<String> {
        spec_file::to_toml(&self.spec).map_err(|error| spec_file_refused(error, "TOML"))
    }

    /// The JSON form of the spec, which `from_json` reads.
    fn to_json(&self) -> PyResult<String> {
        spec_file::to_json(&self.spec).map_err(|error| spec_file_refused(error, "JSON"))
    }

    /// PyTorch code that does the same over this length; of a schedule alone, its scheduler.
    fn to_torch(&self, py: Python<'_>) -> PyResult<String> {
        let code = py.detach(|| self.spec.to_torch_code(self.horizon(), self.lr));
        code.map_err(|error| spec_refused(&error))
    }

    /// The canonical text, which reads back to the same spec.
    fn __str__(&self) -> &str {
        &self.text
    }
}

/// The canonical text of a spec in its TOML form.
#[pyfunction]
pub(crate) fn text_of_toml(toml: &str) -> PyResult<String> {
    Ok(spec_file::from_toml(toml).map_err(|error| spec_file_refused(error, "TOML"))?.to_string())
}

/// The canonical text of a spec in its JSON form.
#[pyfunction]
pub(crate) fn text_of_json(json: &str) -> PyResult<String> {
    Ok(spec_file::from_json(json).map_err(|error| spec_file_refused(error, "JSON"))?.to_string())
}

/// The canonical text of the spec in a file, by its ending: .toml, .json or .csv.
#[pyfunction]
pub(crate) fn text_of_file(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    let read = py.detach(move || spec_file::read(&path).map_err(|error| (error, path.display().to_string())));
    Ok(read.map_err(|(error, place)| spec_file_refused(error, &place))?.to_string())
}

/// Name, summary and example of every schedule that there is.
#[pyfunction]
pub(crate) fn schedules() -> Vec<(&'static str, &'static str, &'static str)> {
    SCHEDULES.iter().map(|entry| (entry.name, entry.summary, entry.example)).collect()
}
