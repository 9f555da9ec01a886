//! Classification of small tables: softmax regression, whose loss is convex, and an MLP.

use super::{Problem, Split};

pub(super) static DIGITS_SOFTMAX_SGD: Problem = Problem {
    name: "digits-softmax-sgd",
    summary: "a convex loss in minibatches, plain gradient descent",
    split: Split::Tuning,
    task: "digits model=softmax",
    optimizer: "sgd",
    budget: "4 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_MOMENTUM_SHORT: Problem = Problem {
    name: "digits-mlp-momentum-short",
    summary: "a small network in minibatches, heavy ball, few epochs",
    split: Split::Tuning,
    task: "digits hidden=32",
    optimizer: "sgd momentum=0.9",
    budget: "2 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_MOMENTUM_LONG: Problem = Problem {
    name: "digits-mlp-momentum-long",
    summary: "a small network in minibatches, heavy ball, more epochs",
    split: Split::Tuning,
    task: "digits hidden=32",
    optimizer: "sgd momentum=0.9",
    budget: "6 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_ADAM: Problem = Problem {
    name: "digits-mlp-adam",
    summary: "a small network in minibatches, Adam",
    split: Split::Tuning,
    task: "digits hidden=32",
    optimizer: "adam",
    budget: "4 epochs",
    batch_size: None,
};

pub(super) static DIGITS_SOFTMAX_ADAM: Problem = Problem {
    name: "digits-softmax-adam",
    summary: "a convex loss in minibatches, Adam",
    split: Split::HeldOut,
    task: "digits model=softmax",
    optimizer: "adam",
    budget: "4 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_SGD: Problem = Problem {
    name: "digits-mlp-sgd",
    summary: "a small network in minibatches, plain gradient descent",
    split: Split::HeldOut,
    task: "digits hidden=32",
    optimizer: "sgd",
    budget: "4 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_ADAMW_SHORT: Problem = Problem {
    name: "digits-mlp-adamw-short",
    summary: "a small network in minibatches, AdamW, few epochs",
    split: Split::HeldOut,
    task: "digits hidden=32",
    optimizer: "adamw",
    budget: "2 epochs",
    batch_size: None,
};

pub(super) static DIGITS_MLP_ADAMW_LONG: Problem = Problem {
    name: "digits-mlp-adamw-long",
    summary: "a small network in minibatches, AdamW, more epochs",
    split: Split::HeldOut,
    task: "digits hidden=32",
    optimizer: "adamw",
    budget: "6 epochs",
    batch_size: None,
};

pub(super) static BREAST_CANCER_SOFTMAX_SGD: Problem = Problem {
    name: "breast-cancer-softmax-sgd",
    summary: "two classes, nearly separable, plain gradient descent",
    split: Split::Tuning,
    task: "breast-cancer model=softmax",
    optimizer: "sgd",
    budget: "8 epochs",
    batch_size: None,
};

pub(super) static BREAST_CANCER_SOFTMAX_ADAM: Problem = Problem {
    name: "breast-cancer-softmax-adam",
    summary: "two classes, nearly separable, Adam",
    split: Split::Tuning,
    task: "breast-cancer model=softmax",
    optimizer: "adam",
    budget: "8 epochs",
    batch_size: None,
};

pub(super) static BREAST_CANCER_MLP_MOMENTUM: Problem = Problem {
    name: "breast-cancer-mlp-momentum",
    summary: "two classes by a small network that can overfit, heavy ball",
    split: Split::Tuning,
    task: "breast-cancer",
    optimizer: "sgd momentum=0.9",
    budget: "8 epochs",
    batch_size: None,
};

pub(super) static BREAST_CANCER_MLP_ADAMW: Problem = Problem {
    name: "breast-cancer-mlp-adamw",
    summary: "two classes by a small network that can overfit, AdamW",
    split: Split::Tuning,
    task: "breast-cancer",
    optimizer: "adamw weight_decay=0.001",
    budget: "8 epochs",
    batch_size: None,
};

pub(super) static WINE_SOFTMAX_MOMENTUM: Problem = Problem {
    name: "wine-softmax-momentum",
    summary: "three classes, separable, heavy ball",
    split: Split::HeldOut,
    task: "wine model=softmax",
    optimizer: "sgd momentum=0.9",
    budget: "10 epochs",
    batch_size: None,
};

pub(super) static WINE_MLP_SGD: Problem = Problem {
    name: "wine-mlp-sgd",
    summary: "three classes by a small network, plain gradient descent",
    split: Split::HeldOut,
    task: "wine",
    optimizer: "sgd",
    budget: "10 epochs",
    batch_size: None,
};

pub(super) static WINE_MLP_ADAM: Problem = Problem {
    name: "wine-mlp-adam",
    summary: "three classes by a small network, Adam",
    split: Split::HeldOut,
    task: "wine",
    optimizer: "adam",
    budget: "10 epochs",
    batch_size: None,
};
