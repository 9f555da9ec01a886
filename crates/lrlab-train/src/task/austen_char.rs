//! `austen-char`: a small GPT learns *Persuasion* by Jane Austen (1818) character by character.

use std::sync::OnceLock;

use lrlab_core::registry::Arguments;

use super::{Task, TaskEntry, TaskError, language};
use crate::data::{corpus::Corpus, novel::persuasion};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "austen-char",
    summary: "a small GPT learns Persuasion by Jane Austen, character by character; cross-entropy",
    params: &language::PARAMS,
    build,
};

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    static NOVEL: OnceLock<Corpus> = OnceLock::new();
    let novel = if let Some(novel) = NOVEL.get() {
        novel
    } else {
        let read = persuasion()?;
        NOVEL.get_or_init(|| read)
    };
    language::task(novel, args, seed)
}
