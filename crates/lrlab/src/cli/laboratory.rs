//! What the commands do with studies: run them with a progress bar, read them back, report.

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    answer::comparison,
    folder,
    investigate::{InvestigateError, Investigator, Progress},
};
use indicatif::{ProgressBar, ProgressStyle};
use lrlab_analysis::{
    Planner, StudyRuns, TrialResult,
    planner::{CompareAnswer, ComparePlanner},
    report::{self, REPORTS, Report, StudyReport},
};
use lrlab_core::{
    FindSpec, Horizon, Protocol, Question, Strategy, StudySpec, Tuning,
    layout::{STUDY_FILE, StudyFile},
};
use lrlab_train::{
    StudyFolder, TrainError,
    checkpoint::Interval,
    study::{check_study, study_horizon},
};

use super::{Failure, demo};

/// Set by Ctrl-C; trials end at their next step.
static STOP: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C finish what is being written instead of tearing it; a second one ends at once.
pub(crate) fn catch_interrupt() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
    .map_err(|error| Failure::Input(format!("cannot listen for Ctrl-C: {error}")))
}

/// The flag that Ctrl-C sets.
pub(crate) fn stop_flag() -> &'static AtomicBool {
    &STOP
}

/// A strategy from its text, or from the TOML file of that name.
pub(crate) fn strategy(text: &str) -> Result<Strategy, Failure> {
    if !Path::new(text).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        return Ok(text.parse()?);
    }
    let refuse = |why: String| Failure::Input(format!("{text}: {why}"));
    let file = fs::read_to_string(text).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    toml::from_str(&file).map_err(|error| refuse(error.to_string()))
}

/// A bar on stderr; none when stderr is not a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(what: &str) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} trials, {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self(bar)
    }
}

impl Progress for Bar {
    fn trials_asked(&self, trials: usize) {
        self.0.inc_length(trials as u64);
    }

    fn trial_ended(&self, _result: &TrialResult) {
        self.0.inc(1);
    }

    fn warned(&self, run: &str, warning: &str) {
        // Whoever closed stderr wants no warnings.
        self.0.suspend(|| _ = writeln!(stderr(), "warning: {run}: {warning}"));
    }
}

/// How a study is run; what its trials come to does not depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// Threads, one trial each; all cores by default.
    pub(crate) threads: Option<usize>,
    /// How often a trial makes a checkpoint; as before in its folder where that is not said.
    pub(crate) checkpoint_every: Option<Interval>,
    /// The command that goes on after an interruption.
    pub(crate) resume: String,
}

/// The option that says how often, for every command that trains.
#[derive(Debug, clap::Args)]
pub(crate) struct Checkpointing {
    /// How often a trial makes a checkpoint, from which --resume goes on: "500 steps", "1 epoch", "10%",
    /// "2 minutes" or "never". By default every 60 seconds, and with --resume as often as before.
    #[arg(id = "checkpoint_every", long = "checkpoint-every", value_name = "INTERVAL")]
    pub(crate) every: Option<Interval>,
}

/// How often trainings of `horizon` in `folder` make a checkpoint: as often as `asked`, or as before.
pub(crate) fn checkpoint_every(
    folder: &StudyFolder,
    asked: Option<Interval>,
    horizon: Horizon,
) -> Result<Interval, Failure> {
    check_interval(asked, horizon)?;
    Ok(folder.checkpoint_every(asked)?)
}

/// Refuses checkpoints that would come to no step of a training of `horizon`.
pub(crate) fn check_interval(asked: Option<Interval>, horizon: Horizon) -> Result<(), Failure> {
    let steps = asked.map(|asked| asked.steps(horizon)).transpose();
    steps.map(drop).map_err(|error| Failure::Input(error.to_string()))
}

/// Runs what `planner` asks for in `folder`, trainings of `horizon`, and gives its answer.
pub(crate) fn run<P: Planner + Send>(
    folder: &StudyFolder,
    planner: &mut P,
    horizon: Horizon,
    title: &str,
    manner: &Manner,
) -> Result<P::Answer, Failure>
where
    P::Answer: Send,
{
    let interval = checkpoint_every(folder, manner.checkpoint_every, horizon)?;
    let bar = Bar::new(title);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(manner.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::Input(format!("cannot start the threads: {error}")))?;
    let investigator = Investigator::new(folder, &STOP).with_checkpoints(interval);
    let answer = pool.install(|| investigator.ask(planner, &bar));
    bar.0.finish_and_clear();
    let resume = &manner.resume;
    answer.map_err(|error| match error {
        InvestigateError::Train(error @ TrainError::Io { .. }) => Failure::Input(format!(
            "{error}\nwhat is done is kept; once that is mended, continue with: {resume}"
        )),
        InvestigateError::Train(error) => error.into(),
        InvestigateError::Read(error) => error.into(),
        interrupted @ InvestigateError::Interrupted { .. } => Failure::Interrupted(format!(
            "{interrupted} and kept in {}\ncontinue with: {resume}",
            folder.path().display(),
        )),
    })
}

/// Runs what is left of the comparison in `folder`.
pub(crate) fn run_comparison(folder: &StudyFolder, manner: &Manner) -> Result<CompareAnswer, Failure> {
    if let Question::Recorded(_) = folder.question() {
        return Err(Failure::Input(format!(
            "{} holds recorded trainings, which only the code that ran them can continue; show them with: lrlab report {}",
            folder.path().display(),
            folder.path().display()
        )));
    }
    let Question::Compare(spec) = folder.question() else {
        return Err(Failure::Input(format!(
            "{} holds a search for a learning rate; continue it with: lrlab find --resume --out {}",
            folder.path().display(),
            folder.path().display()
        )));
    };
    let horizon = study_horizon(spec)?;
    let mut planner = ComparePlanner::new(spec.clone(), horizon);
    run(folder, &mut planner, horizon, &spec.title, manner)
}

/// Makes sure that every arm of a study can be built, at every rate that it is known to try.
pub(crate) fn check(spec: &StudySpec) -> Result<(), Failure> {
    let Err(error) = check_study(spec) else { return Ok(()) };
    let protocol = Protocol { tuning: Tuning::AsWritten, ..spec.protocol.clone() };
    let as_written = StudySpec { protocol, ..spec.clone() };
    match Failure::from(error) {
        Failure::Spec(error) if error.text().is_none() && check_study(&as_written).is_ok() => {
            Err(Failure::Input(format!(
                "{error}\nto compare strategies at the rates as written, use --as-written, or tune = \"as written\" in a \
                 study file"
            )))
        }
        failure => Err(failure),
    }
}

/// Begins `spec` in `path`, having made sure that every arm of it can be built.
pub(crate) fn begin(
    path: impl FnOnce() -> Result<PathBuf, Failure>,
    spec: StudySpec,
) -> Result<StudyFolder, Failure> {
    check(&spec)?;
    create(&path()?, Question::Compare(spec))
}

/// Opens the study in `folder`, or the studies in the folders below it.
pub(crate) fn open_all(folder: &Path) -> Result<Vec<StudyFolder>, Failure> {
    let below = study_folders(folder).unwrap_or_else(|_| vec![folder.to_owned()]);
    below.iter().map(|folder| Ok(StudyFolder::open(folder)?)).collect()
}

/// The folder `out`, or a fresh one for a command of this name.
pub(crate) fn fresh(out: Option<&Path>, name: &str) -> Result<PathBuf, Failure> {
    folder::fresh(out, name).map_err(unwritable)
}

/// What is told where a folder cannot be written.
fn unwritable(error: TrainError) -> Failure {
    match error {
        TrainError::Io { path, source } => Failure::Input(format!(
            "cannot write {}: {source}; name a writable folder with --out",
            path.display()
        )),
        error => error.into(),
    }
}

/// Makes the folder of a study.
pub(crate) fn create(path: &Path, question: Question) -> Result<StudyFolder, Failure> {
    StudyFolder::create(path, question).map_err(unwritable)
}

/// Reads the study in `folder`, or the studies in the folders below it, compares the arms and
/// writes every report format beside the logs.
pub(crate) fn report(folder: &Path) -> Result<Report, Failure> {
    let mut studies = Vec::new();
    for study in study_folders(folder)? {
        let mut study = comparison::study(StudyRuns::read(&study)?);
        if let Some(command) = demo::command(&study.runs.spec) {
            let told = demo::narrate(&study.runs, &study.comparison);
            study.text = told.into_iter().filter_map(demo::Block::prose).collect();
            study.command = Some(command);
        }
        studies.push(study);
    }
    let (title, introduction) = match studies.as_slice() {
        [one] => (one.heading.clone(), String::new()),
        acts if acts.iter().all(|act| demo::command(&act.runs.spec).is_some()) => {
            (demo::TITLE.to_owned(), demo::INTRODUCTION.to_owned())
        }
        several => (common_title(several), String::new()),
    };
    let report = Report { title, introduction, studies };
    report::write(&report, folder, REPORTS)?;
    Ok(report)
}

/// What is asked in `folder`, if it holds a search for a learning rate.
pub(crate) fn search_in(folder: &Path) -> Result<Option<FindSpec>, Failure> {
    let path = folder.join(STUDY_FILE);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
    let file: StudyFile = serde_json::from_str(&text)
        .map_err(|error| Failure::Input(format!("{} is not a study of lrlab: {error}", path.display())))?;
    Ok(match file.question {
        Question::Find(spec) => Some(spec),
        Question::Compare(_) | Question::Recorded(_) => None,
    })
}

fn study_folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if folder.join(STUDY_FILE).exists() {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = fs::read_dir(folder)
        .map_err(|error| Failure::Input(format!("cannot read {}: {error}", folder.display())))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join(STUDY_FILE).exists())
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(Failure::Input(format!(
            "{} holds no study of lrlab (no {STUDY_FILE} in it or one level below)",
            folder.display()
        )));
    }
    Ok(found)
}

/// What the titles of studies on several tasks begin with.
fn common_title(studies: &[StudyReport]) -> String {
    let titles = || studies.iter().map(|study| study.heading.rsplit_once(": ").map(|(title, _)| title));
    match titles().next().flatten() {
        Some(first) if titles().all(|title| title == Some(first)) => first.to_owned(),
        _ => format!("{} comparisons", studies.len()),
    }
}

/// The comparison tables, for the terminal.
pub(crate) fn print_tables(report: &Report) -> Result<(), Failure> {
    write!(stdout(), "{}", comparison::text(report))?;
    Ok(())
}

/// Who won, what cannot be told from it, and its PyTorch code.
pub(crate) fn print_winner(out: &mut impl Write, study: &StudyReport) -> Result<(), Failure> {
    let comparison = &study.comparison;
    let Some(best) = comparison.best else {
        writeln!(out, "No winner: no strategy finished all of its runs.")?;
        return Ok(());
    };
    let row = &comparison.rows[best];
    let ties: Vec<&str> = comparison
        .rows
        .iter()
        .enumerate()
        .filter(|(index, row)| *index != best && row.tied_with_best)
        .map(|(_, row)| row.label.as_str())
        .collect();
    writeln!(out, "Best: {} ({} {:.4}).", row.label, comparison.objective, row.objective.mean)?;
    if !ties.is_empty() {
        writeln!(out, "A tie with it, as far as these seeds can tell: {}.", ties.join("; "))?;
    }
    for note in &comparison.notes {
        writeln!(out, "{note}")?;
    }
    if let Some(code) = &study.torch_code {
        writeln!(out, "\nIn PyTorch:\n")?;
        for line in code.trim_end().lines() {
            writeln!(out, "    {line}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Where the report lies.
pub(crate) fn print_where(folder: &Path) -> Result<(), Failure> {
    writeln!(stdout(), "Report: {}", folder.join("report.html").display())?;
    Ok(())
}
