//! `fashion-mnist`: pictures of ten kinds of clothing, 28 x 28 pixels, 60,000 to train on and 10,000 to
//! validate with (Xiao et al., 2017, arXiv:1708.07747).
//!
//! The files are not lrlab's: Debian's package `dataset-fashion-mnist` brings them, or a folder
//! `fashion-mnist` with the four of them in the data folder.

use lrlab_core::registry::{Arguments, Parameter};

use super::{
    Task, TaskEntry, TaskError,
    files::{Files, SHA256},
    images,
    parameter::file,
    pictures::{self, BLOCKS, HIDDEN, MODEL, WIDTH},
};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "fashion-mnist",
    summary: "pictures of clothing in ten classes, from Debian's dataset-fashion-mnist; cross-entropy",
    params: PARAMS,
    build,
};

const PARAMS: &[Parameter] = &[
    MODEL,
    HIDDEN,
    WIDTH,
    BLOCKS,
    file("images", "fashion-mnist/train-images-idx3-ubyte.gz", "Pictures to train on, an IDX file."),
    file("labels", "fashion-mnist/train-labels-idx1-ubyte.gz", "Their classes, an IDX file."),
    file("test_images", "fashion-mnist/t10k-images-idx3-ubyte.gz", "Pictures to validate with, an IDX file."),
    file("test_labels", "fashion-mnist/t10k-labels-idx1-ubyte.gz", "Their classes, an IDX file."),
    SHA256,
];

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let files = Files::pinned(PARAMS, args)?;
    pictures::task(&*images::album(&files, args)?, args, seed)
}
