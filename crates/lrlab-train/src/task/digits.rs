//! `digits`: handwritten digits, 8 x 8 pixels, ten classes, by softmax regression or an MLP.

use std::sync::OnceLock;

use lrlab_core::registry::Arguments;

use super::{
    Task, TaskEntry, TaskError,
    classifier::{Lesson, MODEL, hidden},
};
use crate::data::vendored::DIGITS;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "digits",
    summary: "1,797 handwritten digits of 8 x 8 pixels (UCI): 1,438 to train on, 359 to validate; cross-entropy",
    params: &[MODEL, hidden("128")],
    build,
};

static LESSON: Lesson =
    Lesson { table: &DIGITS, examples: OnceLock::new(), hidden: 128, batch: 32, probe_rows: 64 };

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    LESSON.task(args, seed)
}
