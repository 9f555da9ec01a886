//! Parameter groups: the numbers that an optimizer works with and a plan may move.

use serde::{Deserialize, Serialize};

/// A numeric hyperparameter of a group. Every one of them can be scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The learning rate.
    Lr,
    /// Momentum of SGD.
    Momentum,
    /// Dampening of the gradient in SGD's momentum.
    Dampening,
    /// Weight decay.
    WeightDecay,
    /// Adam's decay rate of the mean of gradients.
    Beta1,
    /// Adam's decay rate of the mean of squared gradients.
    Beta2,
    /// The number that keeps a denominator from zero.
    Eps,
}

impl Field {
    /// Every field, in the order in which a group stores them.
    pub const ALL: [Self; 7] =
        [Self::Lr, Self::Momentum, Self::Dampening, Self::WeightDecay, Self::Beta1, Self::Beta2, Self::Eps];

    /// The name as it is written in specs and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lr => "lr",
            Self::Momentum => "momentum",
            Self::Dampening => "dampening",
            Self::WeightDecay => "weight_decay",
            Self::Beta1 => "beta1",
            Self::Beta2 => "beta2",
            Self::Eps => "eps",
        }
    }

    /// The field of a name, in any case, with hyphens or underscores.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| crate::registry::same_name(field.name(), name))
    }
}

/// The hyperparameters that a set of parameters shares, as in PyTorch.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamGroup {
    /// The group's name in specs and logs.
    pub name: String,
    /// The rate that the group had when the first of PyTorch's schedulers met it; theirs alone.
    pub initial_lr: Option<f64>,
    values: [f64; Field::ALL.len()],
}

impl ParamGroup {
    /// A group whose fields are all zero, and which no scheduler has met.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), initial_lr: None, values: [0.0; Field::ALL.len()] }
    }

    /// The same group with `field` set to `value`.
    pub fn with(mut self, field: Field, value: f64) -> Self {
        self.set(field, value);
        self
    }

    /// The value of `field`; zero where the group's optimizer has no such field.
    pub fn get(&self, field: Field) -> f64 {
        self.values[field as usize]
    }

    /// Sets `field` to `value`.
    pub fn set(&mut self, field: Field, value: f64) {
        self.values[field as usize] = value;
    }

    /// The learning rate.
    pub fn lr(&self) -> f64 {
        self.get(Field::Lr)
    }
}
