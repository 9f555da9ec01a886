//! What can go wrong in a command, and how it is told: what, where, what was expected, what to do.

use lrlab_analysis::{ReadError, report::ReportError};
use lrlab_core::SpecError;
use lrlab_train::TrainError;
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};

use crate::answer::AnswerError;

/// Exit code of a check that found something.
const FINDINGS: u8 = 1;
/// Exit code for input that cannot be used.
const BAD_INPUT: u8 = 2;
/// Exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A spec that cannot be read or built, with its text where there is one.
    Spec(SpecError),
    /// Input that cannot be used; the text says what was expected.
    Input(String),
    /// A trial or study that could not run.
    Train(TrainError),
    /// Logs that could not be read.
    Read(ReadError),
    /// Reports that could not be written.
    Report(ReportError),
    /// Ctrl-C; the text says how to go on.
    Interrupted(String),
    /// A check found something, and has said what.
    Findings,
    /// The reader of our output went away.
    Closed,
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Self {
        Self::Spec(error)
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Spec(error) => Self::Spec(error),
            error => Self::Train(error),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<AnswerError> for Failure {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Read(error) => error.into(),
            AnswerError::Report(error) => error.into(),
            error => Self::Input(error.to_string()),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::Report(error)
    }
}

/// Writing to the terminal or pipe failed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Input(format!("cannot write the output: {error}")),
        }
    }
}

impl Failure {
    /// Tells the user on stderr and gives the exit code.
    #[allow(clippy::print_stderr, reason = "this is where the command line speaks of its failures")]
    pub(crate) fn report(self) -> u8 {
        let text = match self {
            Self::Closed => return 0,
            Self::Findings => return FINDINGS,
            Self::Interrupted(text) => {
                eprintln!("{text}");
                return INTERRUPTED;
            }
            Self::Spec(error) => spec_text(&error, color()),
            Self::Input(text) => text,
            Self::Train(error) => error.to_string(),
            Self::Read(error) => error.to_string(),
            Self::Report(error) => error.to_string(),
        };
        eprintln!("error: {}", text.trim_end());
        BAD_INPUT
    }
}

/// A spec error with the text and a caret under each place, where the error knows them; with colours for
/// a terminal where `color` says so.
pub fn spec_text(error: &SpecError, color: bool) -> String {
    let Some(source) = error.text() else { return error.to_string() };
    let labels: Vec<LabeledSpan> = error
        .problems()
        .iter()
        .filter_map(|problem| {
            let span = problem.span.clone()?;
            Some(LabeledSpan::at(span, problem.to_string()))
        })
        .collect();
    if labels.is_empty() {
        return error.to_string();
    }
    let report = Report::new(MietteDiagnostic::new("this cannot be read").with_labels(labels))
        .with_source_code(NamedSource::new("spec", source.to_owned()));
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    match GraphicalReportHandler::new_themed(theme).with_width(100).render_report(&mut text, report.as_ref())
    {
        Ok(()) => text.trim_start_matches(['\n', ' ', '×']).to_owned(),
        Err(_) => error.to_string(),
    }
}

/// Whether stderr may be coloured: a terminal, and `NO_COLOR` not set.
fn color() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
