//! What Python asks about: its own model and data, and strategies that may be code.

use std::path::Path;

use lrlab::{
    Duration, Horizon, Question, Strategy, TaskSpec,
    analysis::first_started,
    core::{
        layout::STUDY_FILE,
        registry::RawArgument,
        spec::{Code, Origin},
        study::DraftArm,
    },
    folder,
    train::{StudyFolder, TrainError, groups::groups_of},
};
use pyo3::{exceptions::PyValueError, prelude::*};
use serde_json::Value;

use super::{train_refused, unreadable};
use crate::error::SpecError;

/// What is trained, as Python tells it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Problem {
    name: String,
    /// The parameters' names, in the model's order.
    parameters: Vec<String>,
    /// Elements of all parameters.
    size: usize,
    pub(super) steps_per_epoch: u64,
    steps: Option<u64>,
    epochs: Option<f64>,
    measure: bool,
    /// The objective, where it is known before anything is trained.
    objective: Option<String>,
}

impl Problem {
    pub(super) fn task(&self) -> TaskSpec {
        let mut task = TaskSpec { name: self.name.clone(), args: [].into() };
        if self.measure {
            task.args.insert("measured".to_owned(), RawArgument::Flag(true));
        }
        task
    }

    pub(super) fn budget(&self) -> Duration {
        let epochs = self.epochs.map(Duration::Epochs);
        self.steps.map(Duration::Steps).or(epochs).unwrap_or(Duration::Steps(0))
    }

    pub(super) fn horizon(&self) -> PyResult<Horizon> {
        let total = self.budget().steps(Horizon::new(0, self.steps_per_epoch));
        if total == 0 {
            let (budget, steps_per_epoch) = (self.budget().to_string(), self.steps_per_epoch);
            return Err(train_refused(&TrainError::EmptyBudget { budget, steps_per_epoch }));
        }
        Ok(Horizon::new(total, self.steps_per_epoch))
    }

    /// Refuses a strategy whose groups and the parameters do not fit each other, and what the loop that trains
    /// PyTorch's models does not do.
    pub(super) fn check(&self, strategy: &Strategy) -> PyResult<()> {
        if matches!(strategy.origin, Origin::Code(_)) {
            return Ok(());
        }
        let Strategy { accumulate, skip_non_finite, no_decay, averages, .. } = strategy;
        if *accumulate != 1 || *skip_non_finite || !no_decay.is_empty() || !averages.is_empty() {
            return Err(PyValueError::new_err(format!(
                "`{strategy}`: accumulation, skipped updates, `no decay for` and averages are trained by the command \
                 lrlab alone; leave them out here, or build the optimizer in a function that is given as the strategy"
            )));
        }
        let patterns = strategy.groups.iter().map(|group| &group.params);
        groups_of(&self.parameters, patterns).map(drop).map_err(|error| train_refused(&error))
    }

    /// Refuses to go on with runs of another model or other data.
    fn check_runs(&self, folder: &Path) -> PyResult<()> {
        let Some(started) = first_started(folder).map_err(|error| unreadable(&error))? else { return Ok(()) };
        let mut differ = Vec::new();
        if started.parameters != self.size {
            differ.push(format!("a model of {} parameters, not {}", started.parameters, self.size));
        }
        let steps = started.horizon.steps_per_epoch;
        if steps != self.steps_per_epoch {
            differ.push(format!("epochs of {steps} steps, not {}", self.steps_per_epoch));
        }
        if self.objective.as_ref().is_some_and(|objective| *objective != started.objective) {
            differ.push(format!("the objective {:?}", started.objective));
        }
        if differ.is_empty() { Ok(()) } else { Err(other_study(folder, &differ.join(", "))) }
    }

    pub(super) fn begin(&self, out: Option<&Path>, name: &str, question: Question) -> PyResult<StudyFolder> {
        let refuse = |error: TrainError| train_refused(&error);
        let path = folder::fresh(out, name).map_err(refuse)?;
        if !path.join(STUDY_FILE).exists() {
            return StudyFolder::create(&path, question).map_err(refuse);
        }
        let study = StudyFolder::open(&path).map_err(refuse)?;
        if *study.question() != question {
            return Err(other_study(&path, &differences(study.question(), &question)));
        }
        self.check_runs(&path)?;
        Ok(study)
    }
}

/// The folder is that of another study.
fn other_study(folder: &Path, differ: &str) -> PyErr {
    PyValueError::new_err(format!(
        "{} holds a study that was begun with {differ}; to go on with it, call with what it was begun with; for \
         another one, name another folder or delete this one",
        folder.display()
    ))
}

/// What was asked otherwise there, each with both values.
fn differences(there: &Question, here: &Question) -> String {
    let fields = |question: &Question| match serde_json::to_value(question) {
        Ok(Value::Object(kind)) => kind.into_iter().next(),
        _ => None,
    };
    let (Some((kind, Value::Object(there))), Some((other, Value::Object(here)))) =
        (fields(there), fields(here))
    else {
        return "another question".to_owned();
    };
    if kind != other {
        return format!("another question ({kind}, not {other})");
    }
    let keys = there.keys().chain(here.keys().filter(|key| !there.contains_key(*key)));
    let differ = keys.filter(|key| there.get(*key) != here.get(*key));
    let value = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), Value::to_string);
    let told: Vec<String> = differ
        .map(|key| format!("{key} = {}, not {}", value(there.get(key)), value(here.get(key))))
        .collect();
    told.join("; ")
}

/// An arm of a comparison, as Python tells it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct OwnArm {
    label: String,
    /// A strategy's text, or the name of the code that builds it.
    text: String,
    /// Whether the text names code that is told the rate.
    takes_rate: Option<bool>,
    /// The rate that code begins with.
    lr: f64,
}

impl OwnArm {
    pub(super) fn draft(&self) -> PyResult<DraftArm> {
        let strategy = match self.takes_rate {
            Some(takes_rate) => Strategy::of_code(Code { name: self.text.clone(), takes_rate }, self.lr),
            None => self
                .text
                .parse()
                .map_err(|error: lrlab::SpecError| SpecError::new_err(format!("{}: {error}", self.label)))?,
        };
        Ok(DraftArm { label: Some(self.label.clone()), strategy, rates: None })
    }
}
