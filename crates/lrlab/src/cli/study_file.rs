//! Reads a study file, and tells what is wrong with it by line and column.

use std::{fs, path::Path};

use lrlab_core::{StudyDraft, StudySpec, registry::nearest, spec::Problem};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Failure;

/// The studies that a file asks for, one for each task.
pub(crate) fn read(path: &Path) -> Result<Vec<StudySpec>, Failure> {
    let refuse = |why: String| Failure::Input(format!("{}: {}", path.display(), why.trim_end()));
    let text = fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let draft: StudyDraft = toml::from_str(&text).map_err(|error| {
        refuse(match meant(error.message()) {
            Some(name) => format!("{}\ndid you mean `{name}`?", error.to_string().trim_end()),
            None => error.to_string(),
        })
    })?;
    draft.studies().map_err(|error| {
        let tree = DeTable::parse(&text).ok();
        let told = error.problems().iter().map(|problem| match &tree {
            Some(tree) => located(&text, tree, problem),
            None => problem.to_string(),
        });
        refuse(told.collect::<Vec<String>>().join("\n"))
    })
}

/// For a key that is not known: the one that was probably meant.
fn meant(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let got = quoted.next()?;
    nearest(got, quoted)
}

/// `line 12, column 3: arms[1].rates: ..`; the nearest place around it that the file has.
fn located(text: &str, tree: &Spanned<DeTable<'_>>, problem: &Problem) -> String {
    let mut start = None;
    let mut tables = Some(tree.get_ref());
    let mut list: Option<&[Spanned<DeValue<'_>>]> = None;
    for step in problem.path.split(['.', '[']) {
        let index = step.strip_suffix(']').and_then(|index| index.parse::<usize>().ok());
        let value = match index {
            Some(index) => list.and_then(|items| items.get(index)),
            None => tables.and_then(|table| {
                let (key, value) = table.iter().find(|(key, _)| key.get_ref() == step)?;
                start = Some(key.span().start);
                Some(value)
            }),
        };
        let Some(value) = value else { break };
        if index.is_some() {
            start = Some(value.span().start);
        }
        tables = if let DeValue::Table(table) = value.get_ref() { Some(table) } else { None };
        list = if let DeValue::Array(items) = value.get_ref() { Some(&**items) } else { None };
    }
    let Some(start) = start else { return problem.to_string() };
    let before = &text[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {problem}")
}
