//! A network that learns which class a picture is of.

use std::sync::Arc;

use lrlab_core::{
    registry::{Argument, Arguments, Kind, Parameter},
    spec::Fault,
};

use super::{
    Metrics, Task, TaskError,
    learner::{Examples, Learner},
    parameter::{named, size},
};
use crate::{
    data::images::Images,
    model::{Plane, ResidualSizes, Stack, dense, lenet, residual_net},
    torch_init::TorchGenerator,
};

/// Which model.
pub(super) const MODEL: Parameter = Parameter {
    doc: "`lenet`: two convolutions and three linear layers; `residual`: convolutions beside shortcuts; `mlp`: one hidden \
          layer; `linear`: softmax regression.",
    ..named("model", Kind::Choice(&["lenet", "residual", "mlp", "linear"]), Some("lenet"))
};
/// How large `mlp` is.
pub(super) const HIDDEN: Parameter = size("hidden", "128", "Width of the hidden layer of `mlp`, up to 8192.");
/// How wide `residual` is.
pub(super) const WIDTH: Parameter =
    size("width", "16", "Channels of the first stage of `residual`, a multiple of 4 up to 256.");
/// How deep `residual` is.
pub(super) const BLOCKS: Parameter =
    size("blocks", "1", "Blocks of each of the three stages of `residual`, up to 16.");

/// Pictures of a batch when nothing else is asked for and there are as many.
const BATCH: usize = 32;
/// Training pictures on which curvature is measured, at most.
const PROBE_ROWS: usize = 64;

/// Pictures to train on, and others to validate with.
#[derive(Debug)]
pub(super) struct Album {
    pub(super) train: Arc<Images>,
    pub(super) validation: Arc<Images>,
}

/// The task on `album` with the weights of `seed`, from the arguments [`MODEL`], [`HIDDEN`], [`WIDTH`] and
/// [`BLOCKS`].
///
/// # Errors
/// Pictures of two shapes, of one class only, or too small for the model; sizes out of range.
pub(super) fn task(album: &Album, args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let Album { train, validation } = album;
    let refuse = |fault| TaskError::Spec(vec![fault]);
    let plane = shape(train);
    if shape(validation) != plane {
        let told = |Plane { channels, height, width }| format!("{channels} x {height} x {width}");
        let why = format!(
            "pictures to train on have {} channels, rows and columns, those to validate {}: give files of one set",
            told(plane),
            told(shape(validation))
        );
        return Err(refuse(Fault::Refused { why }));
    }
    if train.labels.iter().all(|label| *label == train.labels[0]) {
        let why = format!(
            "all {} pictures to train on are of class {}: there is nothing to tell apart; give pictures of two \
             classes or more",
            train.len(),
            train.labels[0]
        );
        return Err(refuse(Fault::Refused { why }));
    }
    let classes = train.classes.max(validation.classes);
    let model = model(args, plane, classes, &mut TorchGenerator::new(seed)).map_err(refuse)?;
    Ok(Box::new(Learner::new(model, Arc::clone(train), Arc::clone(validation), BATCH, PROBE_ROWS)))
}

fn shape(images: &Images) -> Plane {
    Plane { channels: images.channels, height: images.height, width: images.width }
}

fn model(
    args: &Arguments,
    plane: Plane,
    classes: usize,
    generator: &mut TorchGenerator,
) -> Result<Stack, Fault> {
    let number = |name: &str, default: usize, most: usize| match args.get(name) {
        Some(Argument::Number(value)) if *value > most as f64 => Err(Fault::Value {
            field: name.to_owned(),
            got: value.to_string(),
            allowed: format!("a whole number from 1 to {most}"),
        }),
        Some(Argument::Number(value)) => Ok(*value as usize),
        _ => Ok(default),
    };
    let word = match args.get("model") {
        Some(Argument::Word(word)) => word.as_str(),
        _ => "lenet",
    };
    match word {
        "linear" => Ok(dense(generator, &[plane.size(), classes])),
        "mlp" => Ok(dense(generator, &[plane.size(), number("hidden", 128, 8192)?, classes])),
        "residual" => {
            let sizes = ResidualSizes { width: number("width", 16, 256)?, blocks: number("blocks", 1, 16)? };
            residual_net(generator, plane, classes, sizes)
        }
        _ => lenet(generator, plane, classes),
    }
}

impl Examples for Images {
    type Input = f32;

    fn rows(&self) -> usize {
        self.len()
    }

    fn read(&self, row: usize, inputs: &mut Vec<f32>, labels: &mut Vec<u32>) {
        let size = self.picture_len();
        inputs.extend_from_slice(&self.pixels[row * size..(row + 1) * size]);
        labels.push(self.labels[row]);
    }

    fn metrics(loss: f64, accuracy: f64) -> Metrics {
        vec![("validation loss", loss), ("validation accuracy", accuracy)]
    }
}
