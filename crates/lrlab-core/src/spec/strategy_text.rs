//! A whole strategy on one line.
//!
//! ```text
//! strategy = group { ";" group } { ";" whole }    or, with one group, parts with the whole's among them
//! group    = [ "for" PATTERN ":" ] optimizer { "|" part }                    the parts of a plan
//! whole    = "clip norm N" | "clip value N" | "accumulate N batches" | "skip non-finite" | "no decay for" PATTERN { PATTERN }
//!          | "ema" DECAY [ "judged" ] | "swa from" TIME [ "every" TIME ] [ "judged" ]
//!          | "after end hold" | "after end warn" | "after end error"
//! ```
//! An optimizer may be PyTorch's constructor text.

use std::{ops::Range as Span, str::FromStr};

use super::{
    Fault, GroupStrategy, OptimizerSpec, Problem, SpecError, Strategy,
    plan_text::PlanReader,
    text::{Reader, Stop},
    torch_optimizer,
    torch_read::{looks_like_call, read_call},
    torch_text::TorchCall,
    whole_text::set_whole,
};
use crate::{Pattern, TaskSpec};

impl FromStr for Strategy {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, strategy)
    }
}

impl FromStr for OptimizerSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, optimizer)
    }
}

impl FromStr for TaskSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, |text, span, problems| read(text, span, problems, Reader::task))
    }
}

pub(super) fn whole<T>(
    text: &str,
    part: impl FnOnce(&str, Span<usize>, &mut Vec<Problem>) -> Result<T, Stop>,
) -> Result<T, SpecError> {
    let mut problems = Vec::new();
    match part(text, trim(text, 0..text.len()), &mut problems) {
        Ok(value) if problems.is_empty() => Ok(value),
        _ => Err(SpecError::in_text(text, problems)),
    }
}

/// Reads a part with a reader of words and passes its problems on.
pub(super) fn read<'t, T>(
    text: &'t str,
    span: Span<usize>,
    problems: &mut Vec<Problem>,
    part: impl FnOnce(&mut Reader<'t>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let mut reader = Reader::new(text, span);
    let value = part(&mut reader);
    problems.append(&mut reader.problems);
    value
}

pub(super) fn stop<T>(problems: &mut Vec<Problem>, span: Span<usize>, fault: Fault) -> Result<T, Stop> {
    problems.push(Problem::at(span, fault));
    Err(Stop)
}

pub(super) fn trim(text: &str, span: Span<usize>) -> Span<usize> {
    let part = &text[span.clone()];
    let start = span.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

/// The parts between separators, without the space around them.
pub(super) fn split(text: &str, span: Span<usize>, separator: char) -> Vec<Span<usize>> {
    let mut parts = Vec::new();
    let mut start = span.start;
    for (at, _) in text[span.clone()].match_indices(separator) {
        parts.push(trim(text, start..span.start + at));
        start = span.start + at + separator.len_utf8();
    }
    parts.push(trim(text, start..span.end));
    parts
}

/// What follows `word` and a space at the start of a part.
pub(super) fn after_word(text: &str, span: &Span<usize>, word: &str) -> Option<Span<usize>> {
    let part = &text[span.clone()];
    let start = part.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
    let rest = &part[start.len()..];
    (rest.is_empty() || rest.starts_with(char::is_whitespace))
        .then(|| trim(text, span.start + start.len()..span.end))
}

fn strategy(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<Strategy, Stop> {
    let mut strategy = Strategy::of_groups(Vec::new());
    for part in split(text, span, ';') {
        if set_whole(text, &part, &mut strategy, problems) {
            continue;
        }
        if let Ok(group) = group(text, part, &mut strategy, problems) {
            strategy.groups.push(group);
        }
    }
    if strategy.groups.is_empty() && problems.is_empty() {
        let fault = Fault::syntax("an optimizer such as `sgd lr=0.1`", "none");
        return stop(problems, 0..text.len(), fault);
    }
    Ok(strategy)
}

fn group(
    text: &str,
    mut span: Span<usize>,
    strategy: &mut Strategy,
    problems: &mut Vec<Problem>,
) -> Result<GroupStrategy, Stop> {
    let mut params = Pattern::all();
    if let Some(rest) = after_word(text, &span, "for") {
        let Some(colon) = text[rest.clone()].find(':') else {
            return stop(problems, rest, Fault::syntax("`for PATTERN:` and an optimizer", "no colon"));
        };
        let pattern = trim(text, rest.start..rest.start + colon);
        let name = &text[pattern.clone()];
        if name.is_empty() || name.contains(char::is_whitespace) {
            let fault = Fault::syntax("a pattern without spaces, such as `*.weight`", format!("`{name}`"));
            return stop(problems, pattern, fault);
        }
        name.clone_into(&mut params.0);
        span = trim(text, rest.start + colon + 1..span.end);
    }
    let mut parts = split(text, span, '|').into_iter();
    let first = parts.next().unwrap_or(0..0);
    let optimizer = optimizer(text, first, problems);
    let mut plan = PlanReader::beside(optimizer.as_ref().ok());
    for part in parts {
        if !set_whole(text, &part, strategy, problems) {
            plan.part(text, part, problems);
        }
    }
    let plan = plan.finish();
    Ok(GroupStrategy { params, optimizer: optimizer?, plan: plan? })
}

fn optimizer(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<OptimizerSpec, Stop> {
    if !looks_like_call(&text[span.clone()]) {
        return read(text, span, problems, Reader::optimizer);
    }
    let (call, rest) = constructor(text, &span, problems)?;
    read(text, rest, problems, |reader| reader.end("the optimizer"))?;
    torch_optimizer::optimizer(&call).or_else(|fault| stop(problems, span, fault))
}

pub(super) fn constructor(
    text: &str,
    span: &Span<usize>,
    problems: &mut Vec<Problem>,
) -> Result<(TorchCall, Span<usize>), Stop> {
    match read_call(text, span.clone()) {
        Ok((call, end)) => Ok((call, end..span.end)),
        Err((span, fault)) => stop(problems, span, fault),
    }
}
