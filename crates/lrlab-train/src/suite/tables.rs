//! Classification of small tables: softmax regression, whose loss is convex, and an MLP.

use super::{Problem, Split};

pub(super) static DIGITS_SOFTMAX_SGD: Problem = Problem {
    name: "digits-softmax-sgd",
    summary: "a convex loss in minibatches, plain gradient descent",
    split: Split::Tuning,
    task: "digits model=softmax",
    optimizer: "sgd",
    budget: "5 epochs",
    batch_size: None,
};

pub(super) static DIGITS_SOFTMAX_ADAM: Problem = Problem {
    name: "digits-softmax-adam",
    summary: "a convex loss in minibatches, Adam",
    split: Split::HeldOut,
    task: "digits model=softmax",
    optimizer: "adam",
    budget: "5 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_MOMENTUM: Problem = Problem {
    name: "digits-mlp-momentum",
    summary: "a small network in minibatches, heavy ball",
    split: Split::Tuning,
    task: "digits hidden=32",
    optimizer: "sgd momentum=0.9",
    budget: "4 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_ADAMW: Problem = Problem {
    name: "digits-mlp-adamw",
    summary: "a small network in minibatches, AdamW",
    split: Split::HeldOut,
    task: "digits hidden=32",
    optimizer: "adamw",
    budget: "4 epochs",
    batch_size: None,
};
