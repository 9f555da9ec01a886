//! `images`: the user's own pictures, each of a class, from IDX files or an `.npz`.
//!
//! Without pictures to validate with, the last of every five validates and is not trained on.

use std::{path::Path, sync::Arc};

use lrlab_core::{
    registry::{Arguments, Parameter},
    spec::Fault,
};

use super::{
    Task, TaskEntry, TaskError,
    files::{Files, SHA256},
    parameter::file,
    pictures::{self, Album, BLOCKS, HIDDEN, MODEL, WIDTH},
};
use crate::data::{
    images::{Images, Part},
    read::{Limits, Source},
    shared::shared,
};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "images",
    summary: "your own pictures, from IDX files or an .npz: a network learns their classes; cross-entropy",
    params: PARAMS,
    build,
};

const PARAMS: &[Parameter] = &[
    Parameter {
        default: None,
        ..file(
            "images",
            "",
            "Pictures to train on: an IDX file, or an `.npz` that holds their classes as well.",
        )
    },
    file("labels", "", "Their classes, where the pictures are an IDX file: another one."),
    file(
        "test_images",
        "",
        "Pictures to validate with, an IDX file; without it a fifth of the others is kept for that.",
    ),
    file("test_labels", "", "Their classes, an IDX file."),
    MODEL,
    HIDDEN,
    WIDTH,
    BLOCKS,
    SHA256,
];

/// One picture in so many validates where none are given for it.
const EVERY: usize = 5;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let files = Files::pinned(PARAMS, args)?;
    pictures::task(&*album(&files, args)?, args, seed)
}

/// The pictures of the files `images`, `labels`, `test_images` and `test_labels`.
pub(super) fn album(files: &Files, args: &Arguments) -> Result<Arc<Album>, TaskError> {
    let file = |name: &str| files.get(name);
    let Some(images) = file("images") else {
        return Err(missing(
            "images",
            "images images=train-images-idx3-ubyte.gz labels=train-labels-idx1-ubyte.gz",
        ));
    };
    // The hashes stand for the files, wherever they lie.
    let key = format!("pictures {:?}", args.get(SHA256.name));
    shared(&key, || {
        let archive = images.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
        let (train, test) = match (archive, file("labels")) {
            (true, None) => from_archive(images)?,
            (true, Some(_)) => {
                return Err(refused("labels", "an .npz holds its own labels: leave `labels` out"));
            }
            (false, None) => return Err(missing("labels", "images images=pictures.idx labels=labels.idx")),
            (false, Some(labels)) => (read(images, labels)?, None),
        };
        let test = match (file("test_images"), file("test_labels")) {
            (Some(images), Some(labels)) => Some(read(images, labels)?),
            (None, None) => test,
            (Some(_), None) => {
                return Err(missing(
                    "test_labels",
                    "images .. test_images=t10k-images test_labels=t10k-labels",
                ));
            }
            (None, Some(_)) => {
                return Err(missing(
                    "test_images",
                    "images .. test_images=t10k-images test_labels=t10k-labels",
                ));
            }
        };
        let (train, validation) = match test {
            Some(test) => (train, test),
            None => split(&train)?,
        };
        Ok(Album { train: Arc::new(train), validation: Arc::new(validation) })
    })
}

fn read(images: &Path, labels: &Path) -> Result<Images, TaskError> {
    Ok(Images::from_idx(&Source::file(images), &Source::file(labels), &Limits::default())?)
}

fn from_archive(path: &Path) -> Result<(Images, Option<Images>), TaskError> {
    let part = |part| Images::from_npz(&Source::file(path), part, &Limits::default());
    let Some(train) = part(Part::Train)? else {
        return Err(refused("images", "the archive holds no pictures to train on"));
    };
    Ok((train, part(Part::Test)?))
}

/// Pictures to train on, and the last of every five to validate with.
fn split(all: &Images) -> Result<(Images, Images), TaskError> {
    if all.len() < EVERY {
        let count = all.len();
        return Err(refused(
            "images",
            format!(
                "{count} pictures leave none to validate with: give {EVERY} or more, or test_images and test_labels"
            ),
        ));
    }
    let pick = |validates: bool| {
        let rows = (0..all.len()).filter(move |row| (row % EVERY == EVERY - 1) == validates);
        let size = all.picture_len();
        let mut picked = Images { pixels: Vec::new(), labels: Vec::new(), ..*all };
        for row in rows {
            picked.pixels.extend_from_slice(&all.pixels[row * size..(row + 1) * size]);
            picked.labels.push(all.labels[row]);
        }
        picked
    };
    Ok((pick(false), pick(true)))
}

fn missing(parameter: &str, example: &str) -> TaskError {
    TaskError::Spec(vec![Fault::Missing {
        owner: "task images".to_owned(),
        parameter: parameter.to_owned(),
        example: example.to_owned(),
    }])
}

fn refused(field: &str, why: impl std::fmt::Display) -> TaskError {
    TaskError::Spec(vec![Fault::Refused { why: format!("{field}: {why}") }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fifth_picture_validates() {
        let all = Images {
            pixels: (0..12).map(|i| i as f32 / 12.0).collect(),
            height: 1,
            width: 1,
            channels: 1,
            labels: (0..12).map(|i| i % 3).collect(),
            classes: 3,
        };
        let (train, validation) = split(&all).unwrap();
        assert_eq!(validation.labels, [1, 0]);
        assert_eq!((train.len(), train.classes, train.pixels.len()), (10, 3, 10));
        assert_eq!(validation.pixels, [4.0 / 12.0, 9.0 / 12.0]);
    }
}
