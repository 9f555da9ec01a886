//! `breast-cancer`: cell nuclei, 30 standardised features, two classes, by softmax regression or an
//! MLP.

use std::sync::OnceLock;

use lrlab_core::registry::Arguments;

use super::{
    Task, TaskEntry, TaskError,
    classifier::{Lesson, MODEL, hidden},
};
use crate::data::vendored::BREAST_CANCER;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "breast-cancer",
    summary: "569 tissue samples of 30 features, malignant or benign (UCI): 285 to train on, 284 to validate; cross-entropy",
    params: &[MODEL, hidden("16")],
    build,
};

static LESSON: Lesson =
    Lesson { table: &BREAST_CANCER, examples: OnceLock::new(), hidden: 16, batch: 32, probe_rows: 64 };

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    LESSON.task(args, seed)
}
