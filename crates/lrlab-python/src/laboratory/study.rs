//! A study that Python trains for: what to train next, and what came of it.

use std::path::PathBuf;

use lrlab::{
    FindSpec, Outcome, Question, Strategy, StudyDraft,
    analysis::{
        Planner, StudyRuns, TrialResult,
        compare::Recommendation,
        find_report,
        planner::{Action, ComparePlanner, FindPlanner, Next, Request},
        plot::Screen,
        report::{self, REPORTS, Report, StudyReport},
    },
    answer::{comparison, search},
    core::{
        layout::arm_of,
        study::{Count, TuneDraft},
    },
    investigate::ended,
    train::{StudyFolder, study::check_rates},
};
use pyo3::{exceptions::PyValueError, prelude::*};
use serde_json::{Value, json};

use super::{
    TrialError,
    problem::{OwnArm, Problem},
    train_refused, unanswered, unreadable,
};
use crate::error::spec_refused;

/// How a report looks without a terminal around it.
const SCREEN: Screen = Screen { width: 100, height: 20, colour: false, unicode: true };

/// A study in its folder, which this process holds.
#[pyclass(module = "lrlab._core")]
pub(crate) struct Study {
    /// `None` in a process that only trains.
    folder: Option<StudyFolder>,
    #[pyo3(get)]
    path: PathBuf,
    #[pyo3(get)]
    steps_per_epoch: u64,
    planner: Inquiry,
    /// Results of the rounds so far.
    seen: Vec<TrialResult>,
    /// The round that is being trained.
    asked: Vec<Request>,
}

enum Inquiry {
    Find(Box<FindPlanner>),
    Compare(Box<ComparePlanner>),
}

impl Inquiry {
    /// What is to be trained next; nothing once there is an answer.
    fn next(&mut self, seen: &[TrialResult]) -> Vec<Request> {
        match self {
            Self::Find(planner) => requests(planner.next(seen)),
            Self::Compare(planner) => requests(planner.next(seen)),
        }
    }
}

fn requests<A>(next: Next<A>) -> Vec<Request> {
    match next {
        Next::Run(requests) => requests,
        Next::Stop(_) => Vec::new(),
    }
}

/// A request for Python: the run's name, its folder, its trial as JSON, and the arm that it is of.
type Asked = (String, PathBuf, String, Option<usize>);

#[pymethods]
impl Study {
    /// Asks which learning rate is best for `strategy`, in `folder` or a fresh one; goes on if the same was
    /// asked there before.
    #[staticmethod]
    fn find(
        problem: Problem,
        strategy: &str,
        effort: f64,
        octaves: f64,
        seed: u64,
        folder: Option<PathBuf>,
    ) -> PyResult<Self> {
        let strategy: Strategy = strategy.parse().map_err(|error| spec_refused(&error))?;
        let horizon = problem.horizon()?;
        strategy.check_tunable(horizon).map_err(|error| spec_refused(&error))?;
        problem.check(&strategy)?;
        let spec =
            FindSpec { effort, octaves, seed, ..FindSpec::new(problem.task(), strategy, problem.budget()) };
        let faults = spec.faults();
        if !faults.is_empty() {
            return Err(PyValueError::new_err(faults.join("; ")));
        }
        let folder = problem.begin(folder.as_deref(), "find", Question::Find(spec.clone()))?;
        let planner = Inquiry::Find(Box::new(FindPlanner::new(spec, horizon)));
        Ok(Self::of(folder, planner, &problem))
    }

    /// Asks which of `arms` is best, each at a rate of its own: searched with `effort` trainings, or the best of
    /// `rates`, or as written where neither is given.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "they are Python's keyword arguments")]
    fn compare(
        problem: Problem,
        arms: Vec<OwnArm>,
        title: Option<String>,
        seeds: Vec<u64>,
        effort: Option<f64>,
        rates: Option<Vec<f64>>,
        target: Option<f64>,
        equivalence: Option<f64>,
        folder: Option<PathBuf>,
    ) -> PyResult<Self> {
        let horizon = problem.horizon()?;
        let draft = StudyDraft {
            title,
            task: Some(problem.task()),
            tasks: None,
            budget: problem.budget(),
            batch_size: None,
            seeds: Some(Count::List(seeds)),
            tune: Some(match (effort, rates) {
                (Some(effort), _) => TuneDraft::Search { effort },
                (None, Some(rates)) => {
                    TuneDraft::Grid { rates: Some(rates), factors: None, seeds: 1, halving: false }
                }
                (None, None) => TuneDraft::AsWritten,
            }),
            stop_early: Some(true),
            target,
            equivalence,
            arms: arms.iter().map(OwnArm::draft).collect::<PyResult<_>>()?,
        };
        let spec = draft.studies().map_err(|error| spec_refused(&error))?.remove(0);
        for arm in &spec.arms {
            problem.check(&arm.strategy)?;
        }
        check_rates(&spec, horizon).map_err(|error| train_refused(&error))?;
        let folder = problem.begin(folder.as_deref(), "compare", Question::Compare(spec.clone()))?;
        let planner = Inquiry::Compare(Box::new(ComparePlanner::new(spec, horizon)));
        Ok(Self::of(folder, planner, &problem))
    }

    /// What is still to be trained before more can be asked for: reads what has ended. Empty once there is an
    /// answer.
    fn next(&mut self) -> PyResult<Vec<Asked>> {
        loop {
            if self.asked.is_empty() {
                self.asked = self.planner.next(&self.seen);
                if self.asked.is_empty() {
                    return Ok(Vec::new());
                }
            }
            let (mut results, mut waiting) = (Vec::new(), Vec::new());
            for request in &self.asked {
                let path = self.run(&request.name)?;
                match ended(&path, &request.name, &request.trial).map_err(|error| unreadable(&error))? {
                    Some(result) => results.push(result),
                    None => waiting.push(asked(request, path)?),
                }
            }
            if !waiting.is_empty() {
                return Ok(waiting);
            }
            if self.seen.is_empty() {
                self.check_first_round(&results)?;
            }
            self.seen.extend(results);
            self.asked.clear();
        }
    }

    /// Writes the report beside the logs; gives it as text, and as JSON.
    fn report(&self, py: Python<'_>) -> PyResult<(String, String)> {
        py.detach(|| match self.held()?.question() {
            Question::Find(spec) => self.found(spec),
            Question::Compare(_) | Question::Recorded(_) => self.compared(),
        })
    }

    /// Lets go of the folder's lock in a process that was forked to train.
    fn release(&mut self) {
        self.folder = None;
    }
}

/// A request as Python takes it.
fn asked(request: &Request, path: PathBuf) -> PyResult<Asked> {
    let refuse = |why: String| PyValueError::new_err(why);
    if request.action != Action::Run {
        return Err(refuse(format!("{} was asked to pause, which is not done here", request.name)));
    }
    let trial = serde_json::to_string(&request.trial).map_err(|error| refuse(error.to_string()))?;
    Ok((request.name.clone(), path, trial, arm_of(&request.name)))
}

impl Study {
    fn of(folder: StudyFolder, planner: Inquiry, problem: &Problem) -> Self {
        Self {
            path: folder.path().to_owned(),
            folder: Some(folder),
            steps_per_epoch: problem.steps_per_epoch,
            planner,
            seen: Vec::new(),
            asked: Vec::new(),
        }
    }

    fn held(&self) -> PyResult<&StudyFolder> {
        self.folder.as_ref().ok_or_else(|| PyValueError::new_err("this process let go of the study's folder"))
    }

    fn run(&self, name: &str) -> PyResult<PathBuf> {
        Ok(self.held()?.run(name))
    }

    /// Refuses to go on where no trial of the first round could be trained: the fault is not a rate's. Their logs
    /// hold nothing and are removed, so that the same call begins anew once the fault is mended.
    fn check_first_round(&self, results: &[TrialResult]) -> PyResult<()> {
        let why = |result: &TrialResult| match &result.outcome {
            Some(Outcome::Failed { why }) => Some(why.clone()),
            _ => None,
        };
        let failed: Option<Vec<String>> = results.iter().map(why).collect();
        let Some(first) = failed.and_then(|failed| failed.into_iter().next()) else { return Ok(()) };
        for result in results {
            std::fs::remove_dir_all(self.run(&result.name)?)?;
        }
        Err(TrialError::new_err(format!(
            "none of the first {} trials could be trained: {first}",
            results.len()
        )))
    }

    fn found(&self, spec: &FindSpec) -> PyResult<(String, String)> {
        let report = search::read(&self.path, spec).map_err(|error| unanswered(&error))?;
        search::write(&self.path, &report).map_err(|error| unanswered(&error))?;
        let mut data = find_report::data(&report);
        data["cost"] = report.cost().into();
        Ok((search::text(&self.path, &report, &SCREEN), data.to_string()))
    }

    fn compared(&self) -> PyResult<(String, String)> {
        let runs = StudyRuns::read(&self.path).map_err(|error| unreadable(&error))?;
        let study = comparison::study(runs);
        let report =
            Report { title: study.heading.clone(), introduction: String::new(), studies: vec![study] };
        report::write(&report, &self.path, REPORTS).map_err(|error| unanswered(&error.into()))?;
        let page = self.path.join("report.html");
        let text = format!("{}Report: {}\n", comparison::text(&report), page.display());
        Ok((text, summary(&report.studies[0]).to_string()))
    }
}

/// What Python shows of a comparison as attributes.
fn summary(study: &StudyReport) -> Value {
    let (comparison, answer) = (&study.comparison, study.runs.answer());
    let label = |index: usize| comparison.rows[index].label.clone();
    let arms = study.runs.spec.arms.iter().zip(&comparison.rows).enumerate();
    let ties: Vec<String> = match &comparison.recommendation {
        Recommendation::Tied { arms, .. } => arms.iter().map(|&arm| label(arm)).collect(),
        _ => Vec::new(),
    };
    json!({
        "title": study.heading,
        "objective": comparison.objective,
        "best": comparison.best.map(label),
        "winner": comparison.recommendation.arm().map(label),
        "decided": comparison.recommendation.arm().is_some(),
        "advice": comparison.recommendation_words(),
        "ties": ties,
        "torch": study.torch_code,
        "text": study.text,
        "arms": arms.map(|(index, (arm, row))| {
            let tuned = answer.as_ref().and_then(|answer| answer.arms.get(index));
            let strategy = tuned.map_or(&arm.strategy, |tuned| &tuned.strategy);
            json!({
                "label": row.label,
                "strategy": strategy.to_string(),
                "lr": strategy.lr(),
                "tuned": tuned.is_some_and(|tuned| tuned.chosen.is_some()),
                "mean": Some(row.objective.mean).filter(|mean| mean.is_finite()),
                "deviation": Some(row.objective.standard_deviation).filter(|value| value.is_finite()),
                "seeds": row.runs,
                "diverged": row.diverged,
                "failed": row.failed,
                "verdict": row.verdict.word,
            })
        }).collect::<Vec<Value>>(),
    })
}
