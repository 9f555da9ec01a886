//! Lints: what a strategy will do in a training of known length that its author hardly meant.
//!
//! A lint looks at a strategy before anything is trained: at the text of its plans, and at the values
//! that its fields take at every step. What cannot be built is no finding but a
//! [`SpecError`]; what `PyTorch` itself would begin to train with is one, even where it raises later.
//!
//! Each lint lives in a file of its own and is listed once in [`LINTS`]. Codes: `LR1..` time, `LR2..`
//! values, `LR3..` groups and their fields, `LR4..` signals, `LR5..` what `PyTorch` does of its own,
//! `LR6..` averages of the weights.
//! A false alarm is worse than silence: a lint says nothing unless its numbers say it.

use lrlab_core::{Horizon, SpecError, Strategy, registry::Source};

mod average;
mod call;
mod curve;
mod group;
#[cfg(test)]
mod sample;
mod signal;
mod subject;
mod terminal;
mod time;
mod torch;
mod tree;
mod value;
pub(crate) mod words;

use average::{average_never_begins, average_of_the_start};
use group::{
    group_shadowed, group_without_schedule, momentum_out_of_range, optimizer_sets_own_rate,
    parameters_left_out, pattern_fits_nothing, schedule_of_zero,
};
use signal::{
    no_such_metric, signal_during_warmup, signal_never_fires, signal_over_decay, signal_without_patience,
};
use subject::Group;
use time::{
    counts_epochs, counts_updates, cycle_cut_off, never_decays, never_happens, plan_cut_off, plan_ends_early,
    rises_again, warmup_from_zero, warmup_too_long,
};
use torch::{
    chained_overwrites, cosine_rises_again, last_epoch_resumes_wrong, milestone_at_zero, milestone_between,
    milestones_unsorted, momentum_overwritten, momentum_switched_on, nested_first, nested_later,
    one_cycle_moves_base, one_cycle_overrun, plateau_dead_zone, plateau_min_lr, raises_in_training,
    restarts_rounded, sequence_forgets_epoch, sequence_goes_on, sequence_jumps_back, swa_at_once,
    total_iters_zero,
};
use value::{jump_down, jump_up, limit_never_binds, rate_too_high, zero_rate};

pub use subject::Subject;
pub use terminal::terminal;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing, and often meant.
    Note,
    /// Training runs, but hardly as it was meant.
    Warning,
    /// Training will fail.
    Error,
}

impl Severity {
    /// The word as tables show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a lint found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The code of the lint: `LR101`.
    pub code: &'static str,
    /// Its name: `plan-ends-early`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is so, with its numbers.
    pub sentence: String,
    /// The step at which it shows, where there is one.
    pub step: Option<u64>,
    /// What to write instead.
    pub fix: String,
    /// The groups that it is about, where it is not about all of them.
    pub group: Option<String>,
}

/// A rule about strategies.
#[derive(Debug)]
pub struct Lint {
    /// Its code, which stays: `LR101`.
    pub code: &'static str,
    /// Its name: `plan-ends-early`.
    pub name: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What it finds, as one sentence.
    pub summary: &'static str,
    /// Why that is hardly meant.
    pub why: &'static str,
    /// Who was burnt by it, or who says so.
    pub source: Source,
    check: Check,
}

/// How a lint looks.
#[derive(Debug)]
enum Check {
    /// At each group on its own.
    Group(fn(&Group<'_>) -> Vec<Hit>),
    /// At all of a strategy.
    Whole(fn(&Subject<'_>) -> Vec<Hit>),
}

/// A finding before its lint has signed it.
#[derive(Clone, Debug, PartialEq)]
struct Hit {
    sentence: String,
    fix: String,
    step: Option<u64>,
    group: Option<String>,
}

impl Hit {
    fn new(sentence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), fix: fix.into(), step: None, group: None }
    }

    fn at(self, step: u64) -> Self {
        Self { step: Some(step), ..self }
    }

    fn of(self, group: &Group<'_>) -> Self {
        Self { group: Some(group.spec.params.0.clone()), ..self }
    }
}

/// Every lint, by code.
pub static LINTS: &[&Lint] = &[
    &plan_ends_early::PLAN_ENDS_EARLY,
    &plan_cut_off::PLAN_CUT_OFF,
    &never_happens::NEVER_HAPPENS,
    &warmup_too_long::WARMUP_TOO_LONG,
    &warmup_from_zero::WARMUP_FROM_ZERO,
    &cycle_cut_off::CYCLE_CUT_OFF,
    &counts_updates::COUNTS_UPDATES,
    &counts_epochs::COUNTS_EPOCHS,
    &never_decays::NEVER_DECAYS,
    &rises_again::RISES_AGAIN,
    &zero_rate::ZERO_RATE,
    &rate_too_high::RATE_TOO_HIGH,
    &jump_up::JUMP_UP,
    &jump_down::JUMP_DOWN,
    &limit_never_binds::LIMIT_NEVER_BINDS,
    &pattern_fits_nothing::PATTERN_FITS_NOTHING,
    &group_shadowed::GROUP_SHADOWED,
    &parameters_left_out::PARAMETERS_LEFT_OUT,
    &group_without_schedule::GROUP_WITHOUT_SCHEDULE,
    &schedule_of_zero::SCHEDULE_OF_ZERO,
    &momentum_out_of_range::MOMENTUM_OUT_OF_RANGE,
    &optimizer_sets_own_rate::OPTIMIZER_SETS_OWN_RATE,
    &signal_never_fires::SIGNAL_NEVER_FIRES,
    &signal_over_decay::SIGNAL_OVER_DECAY,
    &signal_without_patience::SIGNAL_WITHOUT_PATIENCE,
    &signal_during_warmup::SIGNAL_DURING_WARMUP,
    &no_such_metric::NO_SUCH_METRIC,
    &cosine_rises_again::COSINE_RISES_AGAIN,
    &raises_in_training::RAISES_IN_TRAINING,
    &one_cycle_overrun::ONE_CYCLE_OVERRUN,
    &nested_later::NESTED_LATER,
    &nested_first::NESTED_FIRST,
    &sequence_jumps_back::SEQUENCE_JUMPS_BACK,
    &sequence_goes_on::SEQUENCE_GOES_ON,
    &milestones_unsorted::MILESTONES_UNSORTED,
    &milestone_at_zero::MILESTONE_AT_ZERO,
    &milestone_between::MILESTONE_BETWEEN,
    &one_cycle_moves_base::ONE_CYCLE_MOVES_BASE,
    &momentum_switched_on::MOMENTUM_SWITCHED_ON,
    &momentum_overwritten::MOMENTUM_OVERWRITTEN,
    &chained_overwrites::CHAINED_OVERWRITES,
    &last_epoch_resumes_wrong::LAST_EPOCH_RESUMES_WRONG,
    &sequence_forgets_epoch::SEQUENCE_FORGETS_EPOCH,
    &total_iters_zero::TOTAL_ITERS_ZERO,
    &plateau_dead_zone::PLATEAU_DEAD_ZONE,
    &plateau_min_lr::PLATEAU_MIN_LR,
    &restarts_rounded::RESTARTS_ROUNDED,
    &swa_at_once::SWA_AT_ONCE,
    &average_never_begins::AVERAGE_NEVER_BEGINS,
    &average_of_the_start::AVERAGE_OF_THE_START,
];

/// Where two findings of a group have one cause, the first says more, and the others are left out.
const SAYS_MORE: &[(&str, &[&str])] = &[
    ("LR107", &["LR101", "LR102", "LR103", "LR106", "LR201", "LR501"]),
    ("LR108", &["LR102", "LR103", "LR104", "LR503"]),
    ("LR501", &["LR106", "LR109", "LR110", "LR201"]),
    ("LR503", &["LR502"]),
    ("LR504", &["LR502"]),
    ("LR506", &["LR203"]),
    ("LR102", &["LR109"]),
    ("LR103", &["LR109"]),
    ("LR307", &["LR109"]),
];

/// Looks at a strategy for a training of `horizon`, whose parameters have the names `parameters` where
/// they are known. The worst findings come first, then they are in the order of their codes.
///
/// ```
/// use lrlab_analysis::lint::lint;
/// use lrlab_core::{Horizon, Strategy};
///
/// let strategy: Strategy = "sgd lr=0.1 | cosine to 0 over 70 epochs".parse()?;
/// let findings = lint(&strategy, Horizon::new(2000, 20), None)?;
/// assert_eq!((findings[0].code, findings[0].step), ("LR101", Some(1400)));
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
///
/// # Errors
/// Whatever cannot be built, unless `PyTorch` would begin to train with it all the same.
pub fn lint(
    strategy: &Strategy,
    horizon: Horizon,
    parameters: Option<&[String]>,
) -> Result<Vec<Finding>, SpecError> {
    let subject = Subject::new(strategy, horizon)?;
    match parameters {
        Some(names) => subject.with_parameters(names).findings(),
        None => subject.findings(),
    }
}

impl Subject<'_> {
    /// What every lint finds; the worst first, then in the order of their codes.
    ///
    /// # Errors
    /// What stands against building the strategy, where no finding tells of it.
    pub fn findings(&self) -> Result<Vec<Finding>, SpecError> {
        let mut findings: Vec<Finding> = Vec::new();
        for lint in LINTS {
            let hits: Vec<Hit> = match lint.check {
                Check::Whole(check) => check(self),
                Check::Group(check) => {
                    let of = |group| check(group).into_iter().map(move |hit| hit.of(group));
                    self.groups.iter().flat_map(of).collect()
                }
            };
            findings.extend(hits.into_iter().map(|hit| lint.sign(hit)));
        }
        let says_more = |other: &Finding, one: &Finding| {
            let about = SAYS_MORE.iter().find(|(code, _)| *code == other.code);
            other.group == one.group && about.is_some_and(|(_, codes)| codes.contains(&one.code))
        };
        let all = findings.clone();
        findings.retain(|one| !all.iter().any(|other| says_more(other, one)));
        let mut findings = self.joined(findings);
        match &self.refused {
            Some(error) if findings.iter().all(|finding| finding.severity < Severity::Error) => {
                return Err(error.clone());
            }
            _ => {}
        }
        findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.code.cmp(b.code)));
        Ok(findings)
    }

    /// Says only once what is the same of several groups.
    fn joined(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let mut joined: Vec<(Finding, Vec<String>)> = Vec::new();
        for finding in findings {
            let group = finding.group.clone();
            let bare = Finding { group: None, ..finding };
            match joined.iter_mut().find(|(known, _)| *known == bare) {
                Some((_, groups)) => groups.extend(group),
                None => joined.push((bare, group.into_iter().collect())),
            }
        }
        let of = |(finding, groups): (Finding, Vec<String>)| {
            let is_all = groups.is_empty() || groups.len() == self.groups.len();
            Finding { group: (!is_all).then(|| groups.join(", ")), ..finding }
        };
        joined.into_iter().map(of).collect()
    }
}

impl Lint {
    fn sign(&self, Hit { sentence, fix, step, group }: Hit) -> Finding {
        let Self { code, name, severity, .. } = *self;
        Finding { code, name, severity, sentence, step, fix, group }
    }
}

/// The lint of a code or a name.
pub fn find(name: &str) -> Option<&'static Lint> {
    LINTS.iter().copied().find(|lint| lint.code.eq_ignore_ascii_case(name) || lint.name == name)
}
