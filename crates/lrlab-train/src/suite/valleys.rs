//! Curved valleys: smooth, not convex, hard for their shape alone.

use super::{Problem, Split};

pub(super) static ROSENBROCK_SGD: Problem = Problem {
    name: "rosenbrock-sgd",
    summary: "a curved valley in two dimensions, plain gradient descent",
    split: Split::HeldOut,
    task: "rosenbrock steepness=10",
    optimizer: "sgd",
    budget: "300 steps",
    batch_size: None,
};

pub(super) static ROSENBROCK_ADAM: Problem = Problem {
    name: "rosenbrock-adam",
    summary: "a curved, steep valley in ten dimensions, Adam",
    split: Split::HeldOut,
    task: "rosenbrock dim=10",
    optimizer: "adam",
    budget: "300 steps",
    batch_size: None,
};

pub(super) static ROSENBROCK_NOISY_MOMENTUM: Problem = Problem {
    name: "rosenbrock-noisy-momentum",
    summary: "a curved valley in four dimensions with noise, heavy ball",
    split: Split::HeldOut,
    task: "rosenbrock dim=4 steepness=10 noise=1",
    optimizer: "sgd momentum=0.9",
    budget: "300 steps",
    batch_size: None,
};
