//! Quadratic bowls: what theory says about them is exact.

use super::{Problem, Split};

pub(super) static NARROW_SGD: Problem = Problem {
    name: "bowl-narrow-sgd",
    summary: "two curvatures, 30 apart, without noise: the edge of stability decides",
    split: Split::Tuning,
    task: "quadratic spectrum=1,30",
    optimizer: "sgd",
    budget: "60 steps",
    batch_size: None,
};

pub(super) static WIDE_MOMENTUM: Problem = Problem {
    name: "bowl-wide-momentum",
    summary: "five curvatures over four decades with gradient noise, heavy ball",
    split: Split::HeldOut,
    task: "quadratic spectrum=0.01,0.1,1,10,100 noise=0.3",
    optimizer: "sgd momentum=0.9",
    budget: "500 steps",
    batch_size: None,
};
