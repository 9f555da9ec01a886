//! The report's numbers for programs. JSON has no NaN and no infinity: such numbers are written as
//! the strings `"NaN"`, `"inf"` and `"-inf"`.

use lrlab_core::{Outcome, StudySpec, Tuning};
use serde::{Serialize, Serializer};

use crate::{
    Run, Word,
    compare::{Row, Sensitivity, Summary, fairness::Finding, sensitivity},
    diagnose::Evidence,
    planner::TunedArm,
};

use super::{Artifact, Format, Report, ReportError, StudyReport, csv, terminal};

/// `report.json`.
pub(super) static FORMAT: Format = Format {
    name: "json",
    file: "report.json",
    doc: "Everything the table and the rules say, with the full spec and each run's outcome, for programs.",
    render,
};

/// A number that may be none.
#[derive(Clone, Copy)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

#[derive(Serialize)]
struct ReportData<'a> {
    title: &'a str,
    lrlab: &'static str,
    studies: Vec<StudyData<'a>>,
}

#[derive(Serialize)]
struct StudyData<'a> {
    heading: &'a str,
    spec: &'a StudySpec,
    objective: &'a str,
    target: Number,
    target_words: &'a str,
    notes: &'a [String],
    /// What was inferred of the data and done to it.
    data: &'a [String],
    /// What speaks against believing the comparison.
    findings: Vec<Finding>,
    /// Differences up to this do not matter, in the objective's unit.
    margin: Number,
    best: Option<&'a str>,
    /// The cheapest that is not worse than the best.
    cheapest: Option<&'a str>,
    recommendation: String,
    strategies: Vec<ArmData<'a>>,
}

#[derive(Serialize)]
struct ArmData<'a> {
    label: &'a str,
    strategy: String,
    rank: &'static str,
    p_value: Option<Number>,
    verdict: Word,
    rule: &'a str,
    evidence: Vec<EvidenceData<'a>>,
    runs: usize,
    reached_target: usize,
    diverged: usize,
    failed: usize,
    metrics: Vec<MetricData<'a>>,
    /// How its rate was chosen; none where rates are as written.
    tuning: Option<TuningData>,
    trials: Vec<TrialData<'a>>,
}

#[derive(Serialize)]
struct TuningData {
    rate: f64,
    decided: bool,
    trials: usize,
    gradient_evaluations: u64,
    rates: Vec<RateData>,
    sensitivity: Option<Sensitivity>,
}

#[derive(Serialize)]
struct RateData {
    rate: f64,
    objectives: Vec<Number>,
    diverged: usize,
    given_up: bool,
}

#[derive(Serialize)]
struct EvidenceData<'a> {
    name: &'a str,
    value: Number,
    bound: Option<Number>,
    interval: Option<[Number; 2]>,
}

#[derive(Serialize)]
struct MetricData<'a> {
    name: &'a str,
    count: usize,
    mean: Number,
    standard_deviation: Number,
    median: Number,
    median_interval: [Number; 2],
}

#[derive(Serialize)]
struct TrialData<'a> {
    seed: u64,
    lrlab: &'a str,
    outcome: Option<&'a Outcome>,
    steps: usize,
    last_loss: Option<Number>,
    last_metrics: Option<&'a std::collections::BTreeMap<String, lrlab_core::event::Metric>>,
}

fn render(report: &Report) -> Result<Vec<Artifact>, ReportError> {
    let data = ReportData {
        title: &report.title,
        lrlab: env!("CARGO_PKG_VERSION"),
        studies: report.studies.iter().map(study).collect(),
    };
    let file = "report.json";
    let mut bytes = serde_json::to_vec_pretty(&data)
        .map_err(|error| ReportError::Render { file: file.to_owned(), why: error.to_string() })?;
    bytes.push(b'\n');
    Ok(vec![Artifact { name: file.to_owned(), bytes }])
}

fn study(study: &StudyReport) -> StudyData<'_> {
    let comparison = &study.comparison;
    let label = |index: usize| comparison.rows[index].label.as_str();
    let is_tuned = study.runs.spec.protocol.tuning != Tuning::AsWritten;
    let answer = study.runs.answer();
    let tuned = answer.as_ref().filter(|_| is_tuned);
    let arms = study.runs.spec.arms.iter().zip(&study.runs.arms).zip(&comparison.rows).enumerate();
    StudyData {
        heading: &study.heading,
        spec: &study.runs.spec,
        objective: &comparison.objective,
        target: Number(comparison.target),
        target_words: &comparison.target_words,
        notes: &comparison.notes,
        data: study.runs.data(),
        findings: answer.as_ref().map(|answer| study.runs.findings(answer)).unwrap_or_default(),
        margin: Number(comparison.margin),
        best: comparison.best.map(label),
        cheapest: comparison.cheapest.map(label),
        recommendation: comparison.recommendation_words(),
        strategies: arms
            .map(|(index, ((spec, runs), row))| ArmData {
                label: &row.label,
                strategy: spec.strategy.to_string(),
                rank: terminal::rank(comparison, index),
                p_value: row.p_value.map(Number),
                verdict: row.verdict.word,
                rule: &row.verdict.rule,
                evidence: row.verdict.evidence.iter().map(evidence).collect(),
                runs: row.runs,
                reached_target: row.reached_target,
                diverged: row.diverged,
                failed: row.failed,
                metrics: metrics(study, row),
                tuning: tuned.and_then(|answer| answer.arms.get(index)).map(tuning),
                trials: runs.runs.iter().map(trial).collect(),
            })
            .collect(),
    }
}

fn tuning(arm: &TunedArm) -> TuningData {
    let rates = arm.rates.iter().map(|tried| RateData {
        rate: tried.rate,
        objectives: tried.objectives.iter().copied().map(Number).collect(),
        diverged: tried.diverged,
        given_up: arm.given_up.contains(&tried.rate),
    });
    TuningData {
        rate: arm.strategy.lr(),
        decided: arm.decided,
        trials: arm.trials,
        gradient_evaluations: arm.gradients,
        rates: rates.collect(),
        sensitivity: sensitivity(&arm.rates).ok().flatten(),
    }
}

fn evidence(evidence: &Evidence) -> EvidenceData<'_> {
    EvidenceData {
        name: &evidence.name,
        value: Number(evidence.value),
        bound: evidence.bound.map(Number),
        interval: evidence.interval.map(|ends| ends.map(Number)),
    }
}

fn metrics<'a>(study: &'a StudyReport, row: &'a Row) -> Vec<MetricData<'a>> {
    csv::metrics(study, row)
        .into_iter()
        .map(|(name, Summary { count, mean, standard_deviation, median, median_interval })| MetricData {
            name,
            count,
            mean: Number(mean),
            standard_deviation: Number(standard_deviation),
            median: Number(median),
            median_interval: median_interval.map(Number),
        })
        .collect()
}

fn trial(run: &Run) -> TrialData<'_> {
    TrialData {
        seed: run.started.trial.seed,
        lrlab: &run.started.lrlab,
        outcome: run.outcome.as_ref(),
        steps: run.steps.len(),
        last_loss: run.steps.last().map(|step| Number(step.loss)),
        last_metrics: run.validated.last().map(|validated| &validated.metrics),
    }
}
