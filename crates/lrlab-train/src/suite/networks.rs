//! Small networks on data that is made up, from a table or a stream.

use super::{Problem, Split};

pub(super) static MNIST_1D_MOMENTUM: Problem = Problem {
    name: "mnist-1d-momentum",
    summary: "made-up signals by a small network, heavy ball",
    split: Split::Tuning,
    task: "mnist-1d",
    optimizer: "sgd momentum=0.9",
    budget: "6 epochs",
    batch_size: None,
};

pub(super) static MNIST_1D_ADAM: Problem = Problem {
    name: "mnist-1d-adam",
    summary: "made-up signals by a small network, Adam",
    split: Split::Tuning,
    task: "mnist-1d",
    optimizer: "adam",
    budget: "6 epochs",
    batch_size: None,
};

pub(super) static MNIST_1D_SGD: Problem = Problem {
    name: "mnist-1d-sgd",
    summary: "made-up signals by a small network, plain gradient descent",
    split: Split::HeldOut,
    task: "mnist-1d",
    optimizer: "sgd",
    budget: "6 epochs",
    batch_size: None,
};

pub(super) static MNIST_1D_ADAMW_SHORT: Problem = Problem {
    name: "mnist-1d-adamw-short",
    summary: "made-up signals by a small network, AdamW, few epochs",
    split: Split::HeldOut,
    task: "mnist-1d",
    optimizer: "adamw weight_decay=0.001",
    budget: "3 epochs",
    batch_size: None,
};

pub(super) static MNIST_1D_ADAMW_LONG: Problem = Problem {
    name: "mnist-1d-adamw-long",
    summary: "made-up signals by a small network, AdamW, more epochs",
    split: Split::HeldOut,
    task: "mnist-1d",
    optimizer: "adamw weight_decay=0.001",
    budget: "9 epochs",
    batch_size: None,
};

pub(super) static MODULAR_ADDITION_MOMENTUM: Problem = Problem {
    name: "modular-addition-momentum",
    summary: "a table of sums learnt by heart, heavy ball",
    split: Split::Tuning,
    task: "modular-addition",
    optimizer: "sgd momentum=0.9",
    budget: "200 steps",
    batch_size: None,
};

pub(super) static MODULAR_ADDITION_ADAM: Problem = Problem {
    name: "modular-addition-adam",
    summary: "a table of sums learnt by heart, Adam",
    split: Split::Tuning,
    task: "modular-addition",
    optimizer: "adam",
    budget: "200 steps",
    batch_size: None,
};

pub(super) static MODULAR_ADDITION_ADAMW: Problem = Problem {
    name: "modular-addition-adamw",
    summary: "a larger table of sums learnt by heart, AdamW",
    split: Split::Tuning,
    task: "modular-addition p=13",
    optimizer: "adamw",
    budget: "200 steps",
    batch_size: None,
};

pub(super) static DEEP_LINEAR_SGD: Problem = Problem {
    name: "deep-linear-sgd",
    summary: "three matrices, no noise, a plateau first, plain gradient descent",
    split: Split::Tuning,
    task: "deep-linear",
    optimizer: "sgd",
    budget: "60 steps",
    batch_size: None,
};

pub(super) static DEEP_LINEAR_ADAM: Problem = Problem {
    name: "deep-linear-adam",
    summary: "three matrices, no noise, a plateau first, Adam",
    split: Split::Tuning,
    task: "deep-linear size=16 width=24",
    optimizer: "adam",
    budget: "60 steps",
    batch_size: None,
};

pub(super) static DEEP_LINEAR_STREAM_MOMENTUM: Problem = Problem {
    name: "deep-linear-stream-momentum",
    summary: "three matrices from noisy samples, heavy ball",
    split: Split::Tuning,
    task: "deep-linear data=stream noise=0.3",
    optimizer: "sgd momentum=0.9",
    budget: "300 steps",
    batch_size: None,
};

pub(super) static DEEP_LINEAR_STREAM_ADAMW: Problem = Problem {
    name: "deep-linear-stream-adamw",
    summary: "four matrices from noisy samples, AdamW",
    split: Split::Tuning,
    task: "deep-linear depth=4 data=stream noise=0.3",
    optimizer: "adamw",
    budget: "300 steps",
    batch_size: None,
};

pub(super) static TEACHER_RELU_MOMENTUM: Problem = Problem {
    name: "teacher-relu-momentum",
    summary: "a ReLU network learns another from fresh samples, heavy ball",
    split: Split::HeldOut,
    task: "teacher-student noise=0.1",
    optimizer: "sgd momentum=0.9",
    budget: "400 steps",
    batch_size: None,
};

pub(super) static TEACHER_RELU_ADAM: Problem = Problem {
    name: "teacher-relu-adam",
    summary: "a ReLU network learns another from fresh samples, Adam",
    split: Split::HeldOut,
    task: "teacher-student noise=0.1",
    optimizer: "adam",
    budget: "400 steps",
    batch_size: None,
};

pub(super) static TEACHER_TANH_SGD: Problem = Problem {
    name: "teacher-tanh-sgd",
    summary: "a tanh network learns another from fresh samples, plain gradient descent",
    split: Split::HeldOut,
    task: "teacher-student activation=tanh noise=0.1",
    optimizer: "sgd",
    budget: "400 steps",
    batch_size: None,
};

pub(super) static TEACHER_FIXED_ADAMW: Problem = Problem {
    name: "teacher-fixed-adamw",
    summary: "a ReLU network learns another from 256 noisy samples, AdamW",
    split: Split::HeldOut,
    task: "teacher-student rows=256 noise=0.2",
    optimizer: "adamw",
    budget: "20 epochs",
    batch_size: None,
};
