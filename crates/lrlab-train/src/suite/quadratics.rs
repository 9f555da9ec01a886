//! Quadratic bowls: what theory says about them is exact.

use super::{Problem, Split};

pub(super) static BOWL_STEEP_SGD: Problem = Problem {
    name: "bowl-steep-sgd",
    summary: "two curvatures, 30 apart, without noise: the edge of stability decides",
    split: Split::Tuning,
    task: "quadratic spectrum=1,30",
    optimizer: "sgd",
    budget: "60 steps",
    batch_size: None,
};

pub(super) static BOWL_NOISY_SGD: Problem = Problem {
    name: "bowl-noisy-sgd",
    summary: "curvatures over a decade and a half, and noise that only a small rate averages out",
    split: Split::Tuning,
    task: "quadratic spectrum=1,3,10,30 noise=1",
    optimizer: "sgd",
    budget: "300 steps",
    batch_size: None,
};

pub(super) static BOWL_WIDE_MOMENTUM: Problem = Problem {
    name: "bowl-wide-momentum",
    summary: "curvatures over four decades and noise, heavy ball",
    split: Split::HeldOut,
    task: "quadratic spectrum=0.01,0.1,1,10,100 noise=0.3",
    optimizer: "sgd momentum=0.9",
    budget: "500 steps",
    batch_size: None,
};

pub(super) static BOWL_NOISY_ADAM: Problem = Problem {
    name: "bowl-noisy-adam",
    summary: "curvatures over two decades and noise, Adam",
    split: Split::HeldOut,
    task: "quadratic spectrum=0.1,1,10 noise=0.3",
    optimizer: "adam",
    budget: "200 steps",
    batch_size: None,
};

pub(super) static POWER_LAW_SGD_SHORT: Problem = Problem {
    name: "power-law-sgd-short",
    summary: "64 curvatures as 1/i with label noise, few steps",
    split: Split::Tuning,
    task: "power-law noise=1",
    optimizer: "sgd",
    budget: "100 steps",
    batch_size: None,
};

pub(super) static POWER_LAW_SGD_LONG: Problem = Problem {
    name: "power-law-sgd-long",
    summary: "64 curvatures as 1/i with label noise, many steps",
    split: Split::Tuning,
    task: "power-law noise=1",
    optimizer: "sgd",
    budget: "1000 steps",
    batch_size: None,
};

pub(super) static POWER_LAW_ADAM: Problem = Problem {
    name: "power-law-adam",
    summary: "64 curvatures as 1/i with label noise, Adam",
    split: Split::Tuning,
    task: "power-law noise=1",
    optimizer: "adam",
    budget: "300 steps",
    batch_size: None,
};

pub(super) static POWER_LAW_MOMENTUM_SHORT: Problem = Problem {
    name: "power-law-momentum-short",
    summary: "64 curvatures as 1/i with label noise, heavy ball, few steps",
    split: Split::HeldOut,
    task: "power-law noise=1",
    optimizer: "sgd momentum=0.9",
    budget: "100 steps",
    batch_size: None,
};

pub(super) static POWER_LAW_MOMENTUM_LONG: Problem = Problem {
    name: "power-law-momentum-long",
    summary: "64 curvatures as 1/i with label noise, heavy ball, many steps",
    split: Split::HeldOut,
    task: "power-law noise=1",
    optimizer: "sgd momentum=0.9",
    budget: "1000 steps",
    batch_size: None,
};

pub(super) static POWER_LAW_STEEP_ADAMW: Problem = Problem {
    name: "power-law-steep-adamw",
    summary: "curvatures that fall as i^-1.5, AdamW",
    split: Split::HeldOut,
    task: "power-law dim=32 power=1.5 noise=0.5",
    optimizer: "adamw",
    budget: "300 steps",
    batch_size: None,
};
