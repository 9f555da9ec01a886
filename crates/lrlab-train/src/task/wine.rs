//! `wine`: chemical measurements, 13 standardised features, three growers, by softmax regression or
//! an MLP.

use std::sync::OnceLock;

use lrlab_core::registry::Arguments;

use super::{
    Task, TaskEntry, TaskError,
    classifier::{Lesson, MODEL, hidden},
};
use crate::data::vendored::WINE;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "wine",
    summary: "178 wines of 13 features by three growers (UCI): 89 to train on, 89 to validate; cross-entropy",
    params: &[MODEL, hidden("16")],
    build,
};

static LESSON: Lesson =
    Lesson { table: &WINE, examples: OnceLock::new(), hidden: 16, batch: 16, probe_rows: 64 };

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    LESSON.task(args, seed)
}
