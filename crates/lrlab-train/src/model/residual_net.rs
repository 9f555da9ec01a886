//! `residual`: three stages of blocks of two convolutions of 3 x 3 beside a shortcut; each stage but the
//! first halves the sides and doubles the channels.
//!
//! After He et al. (2015), arXiv:1512.03385, with group normalisation (Wu and He, 2018, arXiv:1803.08494)
//! where they normalise over the batch: what a picture gives does not depend on those beside it, and
//! there are no running averages that training changes and validation reads.

use lrlab_core::spec::Fault;

use super::{
    Layer, Plane, Residual, Sequential, Stack,
    activation::Relu,
    convolution::{Conv2d, Window},
    linear::Linear,
    normalization::GroupNorm,
    pooling::AveragePool,
};
use crate::torch_init::TorchGenerator;

/// Groups of channels that are normalised together.
const GROUPS: usize = 4;
/// Stages of one size.
const STAGES: usize = 3;

/// How wide and deep the network is.
#[derive(Clone, Copy, Debug)]
pub struct ResidualSizes {
    /// Channels of the first stage, a multiple of 4.
    pub width: usize,
    /// Blocks of each stage.
    pub blocks: usize,
}

/// The network for pictures of this shape, of whatever size.
///
/// # Errors
/// A width that the groups do not divide.
pub fn residual_net(
    generator: &mut TorchGenerator,
    input: Plane,
    classes: usize,
    sizes: ResidualSizes,
) -> Result<Stack, Fault> {
    let ResidualSizes { width, blocks } = sizes;
    if !width.is_multiple_of(GROUPS) {
        return Err(Fault::Value {
            field: "width".to_owned(),
            got: width.to_string(),
            allowed: format!("a multiple of {GROUPS}, the groups of channels that are normalised together"),
        });
    }
    let stem = convolution(generator, "stem", input, width, 3, 1);
    let mut plane = stem.output();
    let mut layers: Vec<Box<dyn Layer>> =
        vec![Box::new(stem), Box::new(GroupNorm::new("norm", plane, GROUPS)), Box::new(Relu)];
    for at in 0..STAGES * blocks {
        let channels = width << (at / blocks);
        let stride = if channels == plane.channels { 1 } else { 2 };
        let (block, output) = block(generator, &format!("blocks.{at}"), plane, channels, stride);
        layers.extend([Box::new(block) as Box<dyn Layer>, Box::new(Relu)]);
        plane = output;
    }
    layers.push(Box::new(AveragePool::new(plane)));
    layers.push(Box::new(Linear::new(generator, "head", plane.channels, classes)));
    Ok(Stack::new(layers))
}

/// A block without the ReLU that follows, and the shape of what comes out.
fn block(
    generator: &mut TorchGenerator,
    name: &str,
    input: Plane,
    channels: usize,
    stride: usize,
) -> (Residual, Plane) {
    let conv1 = convolution(generator, &format!("{name}.conv1"), input, channels, 3, stride);
    let output = conv1.output();
    let norm = |what: &str| Box::new(GroupNorm::new(&format!("{name}.{what}"), output, GROUPS));
    let branch: Vec<Box<dyn Layer>> = vec![
        Box::new(conv1),
        norm("norm1"),
        Box::new(Relu),
        Box::new(convolution(generator, &format!("{name}.conv2"), output, channels, 3, 1)),
        norm("norm2"),
    ];
    if stride == 1 {
        return (Residual::new(branch), output);
    }
    let shortcut = Sequential::new(vec![
        Box::new(convolution(generator, &format!("{name}.shortcut"), input, channels, 1, stride)),
        norm("norm3"),
    ]);
    (Residual::around(branch, Box::new(shortcut)), output)
}

/// A convolution without a bias, padded so that a stride of 1 keeps the sides.
fn convolution(
    generator: &mut TorchGenerator,
    name: &str,
    input: Plane,
    channels: usize,
    kernel: usize,
    stride: usize,
) -> Conv2d {
    Conv2d::new(generator, name, input, channels, Window { kernel, stride, padding: kernel / 2 }, false)
}
