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
    /// `RMSprop`'s decay rate of the mean of squared gradients; the power of ASGD's own decay.
    Alpha,
    /// Adadelta's decay rate of its means of squares.
    Rho,
}

impl Field {
    /// Every field, in the order in which a group stores them.
    pub const ALL: [Self; 9] = [
        Self::Lr,
        Self::Momentum,
        Self::Dampening,
        Self::WeightDecay,
        Self::Beta1,
        Self::Beta2,
        Self::Eps,
        Self::Alpha,
        Self::Rho,
    ];

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
            Self::Alpha => "alpha",
            Self::Rho => "rho",
        }
    }

    /// The field of a name, in any case, with hyphens or underscores.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| crate::registry::same_name(field.name(), name))
    }
}

/// What PyTorch's schedulers keep in a group beside the optimizer's own hyperparameters, and save with
/// the optimizer. `None`: the key is not in the group's dict.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TorchKeys {
    /// `initial_lr`: the rate that the group had when the first scheduler met it, or that `OneCycleLR` put there.
    pub initial_lr: Option<f64>,
    /// `max_lr`: the peak of `OneCycleLR`.
    pub max_lr: Option<f64>,
    /// `min_lr`: the last rate of `OneCycleLR`.
    pub min_lr: Option<f64>,
    /// `base_momentum`: the lowest momentum or beta1 of `CyclicLR` and `OneCycleLR`.
    pub base_momentum: Option<f64>,
    /// `max_momentum`: the highest momentum or beta1 of `CyclicLR` and `OneCycleLR`.
    pub max_momentum: Option<f64>,
    /// `swa_lr`: where `SWALR` ends.
    pub swa_lr: Option<f64>,
}

/// The hyperparameters that a set of parameters shares, as in PyTorch.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamGroup {
    /// The group's name in specs and logs.
    pub name: String,
    /// What PyTorch's schedulers keep here; theirs alone.
    pub torch: TorchKeys,
    values: [f64; Field::ALL.len()],
    /// One bit a field, in the order of [`Field::ALL`].
    present: u16,
}

impl ParamGroup {
    /// A group that has no field yet, and which no scheduler has met.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), torch: TorchKeys::default(), values: [0.0; Field::ALL.len()], present: 0 }
    }

    /// The same group with `field` set to `value`.
    pub fn with(mut self, field: Field, value: f64) -> Self {
        self.set(field, value);
        self
    }

    /// Whether the group's optimizer has `field`: whether it was ever set, to zero for instance.
    pub fn has(&self, field: Field) -> bool {
        self.present & (1 << field as u8) != 0
    }

    /// The value of `field`; zero where the group's optimizer has no such field.
    pub fn get(&self, field: Field) -> f64 {
        self.values[field as usize]
    }

    /// Sets `field` to `value`; from now on the group has it.
    pub fn set(&mut self, field: Field, value: f64) {
        self.values[field as usize] = value;
        self.present |= 1 << field as u8;
    }

    /// The learning rate.
    pub fn lr(&self) -> f64 {
        self.get(Field::Lr)
    }
}
