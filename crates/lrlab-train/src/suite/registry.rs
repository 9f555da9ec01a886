//! The problems there are. Adding one: a static in the file of its family, and a line here.

use lrlab_core::registry::same_name;

use super::{Problem, networks, quadratics, tables, valleys};

/// Every problem, family by family.
pub static SUITE: &[&Problem] = &[
    &quadratics::BOWL_STEEP_SGD,
    &quadratics::BOWL_NOISY_SGD,
    &quadratics::BOWL_WIDE_MOMENTUM,
    &quadratics::BOWL_NOISY_ADAM,
    &quadratics::POWER_LAW_SGD_SHORT,
    &quadratics::POWER_LAW_SGD_LONG,
    &quadratics::POWER_LAW_ADAM,
    &quadratics::POWER_LAW_MOMENTUM_SHORT,
    &quadratics::POWER_LAW_MOMENTUM_LONG,
    &quadratics::POWER_LAW_STEEP_ADAMW,
    &tables::DIGITS_SOFTMAX_SGD,
    &tables::DIGITS_MLP_MOMENTUM_SHORT,
    &tables::DIGITS_MLP_MOMENTUM_LONG,
    &tables::DIGITS_MLP_ADAM,
    &tables::DIGITS_SOFTMAX_ADAM,
    &tables::DIGITS_MLP_SGD,
    &tables::DIGITS_MLP_ADAMW_SHORT,
    &tables::DIGITS_MLP_ADAMW_LONG,
    &tables::BREAST_CANCER_SOFTMAX_SGD,
    &tables::BREAST_CANCER_SOFTMAX_ADAM,
    &tables::BREAST_CANCER_MLP_MOMENTUM,
    &tables::BREAST_CANCER_MLP_ADAMW,
    &tables::WINE_SOFTMAX_MOMENTUM,
    &tables::WINE_MLP_SGD,
    &tables::WINE_MLP_ADAM,
    &networks::MNIST_1D_MOMENTUM,
    &networks::MNIST_1D_ADAM,
    &networks::MNIST_1D_SGD,
    &networks::MNIST_1D_ADAMW_SHORT,
    &networks::MNIST_1D_ADAMW_LONG,
    &networks::MODULAR_ADDITION_MOMENTUM,
    &networks::MODULAR_ADDITION_ADAM,
    &networks::MODULAR_ADDITION_ADAMW,
    &networks::DEEP_LINEAR_SGD,
    &networks::DEEP_LINEAR_ADAM,
    &networks::DEEP_LINEAR_STREAM_MOMENTUM,
    &networks::DEEP_LINEAR_STREAM_ADAMW,
    &networks::TEACHER_RELU_MOMENTUM,
    &networks::TEACHER_RELU_ADAM,
    &networks::TEACHER_TANH_SGD,
    &networks::TEACHER_FIXED_ADAMW,
    &valleys::ROSENBROCK_SGD,
    &valleys::ROSENBROCK_ADAM,
    &valleys::ROSENBROCK_NOISY_MOMENTUM,
];

/// The problem of that name, hyphens and underscores being the same.
pub fn find(name: &str) -> Option<&'static Problem> {
    SUITE.iter().copied().find(|problem| same_name(problem.name, name))
}
