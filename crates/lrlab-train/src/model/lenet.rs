//! `lenet`: two convolutions of 5 x 5, each pooled and rectified, and three linear layers.
//!
//! After `LeNet-5` (`LeCun` et al., 1998), as it is written today: largest of each square instead of
//! trained averages, ReLU instead of tanh.

use lrlab_core::spec::Fault;

use super::{
    Layer, Plane, Stack,
    activation::Relu,
    convolution::{Conv2d, Window},
    linear::Linear,
    pooling::MaxPool,
};
use crate::torch_init::TorchGenerator;

/// Pixels on a side that the convolutions and pools leave something of.
const SMALLEST: usize = 12;

/// The network for pictures of this shape.
///
/// # Errors
/// Fewer than 12 pixels on a side, of which the second convolution would leave none to pool.
pub fn lenet(generator: &mut TorchGenerator, input: Plane, classes: usize) -> Result<Stack, Fault> {
    if input.height < SMALLEST || input.width < SMALLEST {
        return Err(Fault::Value {
            field: "model".to_owned(),
            got: "lenet".to_owned(),
            allowed: format!(
                "pictures of at least {SMALLEST} x {SMALLEST} pixels for it, and these have {} x {}; \
                 give model=residual, mlp or linear",
                input.height, input.width
            ),
        });
    }
    let window = |padding| Window { kernel: 5, stride: 1, padding };
    let conv1 = Conv2d::new(generator, "conv1", input, 6, window(2), true);
    let pool1 = MaxPool::new(conv1.output());
    let conv2 = Conv2d::new(generator, "conv2", pool1.output(), 16, window(0), true);
    let pool2 = MaxPool::new(conv2.output());
    let features = pool2.output().size();
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(conv1),
        Box::new(pool1),
        Box::new(Relu),
        Box::new(conv2),
        Box::new(pool2),
        Box::new(Relu),
        Box::new(Linear::new(generator, "fc1", features, 120)),
        Box::new(Relu),
        Box::new(Linear::new(generator, "fc2", 120, 84)),
        Box::new(Relu),
        Box::new(Linear::new(generator, "fc3", 84, classes)),
    ];
    Ok(Stack::new(layers))
}
