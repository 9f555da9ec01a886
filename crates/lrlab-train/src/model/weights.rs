//! A parameter with its gradient.

/// Numbers that are trained, under PyTorch's name and shape.
#[derive(Clone, Debug)]
pub struct Weights {
    /// Its name in PyTorch's `state_dict`.
    pub name: String,
    /// Its shape in PyTorch; numbers are row-major.
    pub shape: Vec<usize>,
    /// The numbers.
    pub value: Vec<f32>,
    /// The loss's derivative by each.
    pub grad: Vec<f32>,
}

impl Weights {
    pub(super) fn new(name: String, shape: Vec<usize>, value: Vec<f32>) -> Self {
        let grad = vec![0.0; value.len()];
        Self { name, shape, value, grad }
    }
}
