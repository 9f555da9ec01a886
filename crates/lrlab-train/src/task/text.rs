//! `text`: a small GPT learns the user's own text, character by character.

use lrlab_core::{
    registry::{Arguments, Parameter},
    spec::Fault,
};

use super::{
    Task, TaskEntry, TaskError,
    files::{Files, SHA256},
    language,
    parameter::file,
};
use crate::data::{
    corpus::Corpus,
    read::{Limits, Source},
    shared::shared,
};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "text",
    summary: "your own text, UTF-8, gzip or not: a small GPT learns it character by character; cross-entropy",
    params: PARAMS,
    build,
};

const PARAMS: &[Parameter] = &[
    Parameter { default: None, ..file("file", "", "The text; its last tenth validates.") },
    language::PARAMS[0],
    language::PARAMS[1],
    language::PARAMS[2],
    language::PARAMS[3],
    SHA256,
];

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let files = Files::pinned(PARAMS, args)?;
    let Some(path) = files.get("file") else {
        return Err(TaskError::Spec(vec![Fault::Missing {
            owner: "task text".to_owned(),
            parameter: "file".to_owned(),
            example: "text file=novel.txt".to_owned(),
        }]));
    };
    // The hash stands for the file, wherever it lies.
    let corpus = shared(&format!("text {:?}", args.get(SHA256.name)), || {
        Ok(Corpus::read(&Source::file(path), &Limits::default())?)
    })?;
    language::task(&corpus, args, seed)
}
