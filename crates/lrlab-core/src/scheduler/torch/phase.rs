//! The phases of `OneCycleLR`'s cycle, between values that the groups keep.

use super::{Attribute, Attributes, Refusal, StateValue, TorchError, attributes};
use crate::TorchKeys;

/// Which of a group's keys a phase goes from or to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PhaseKey {
    /// `initial_lr`.
    #[default]
    InitialLr,
    /// `max_lr`.
    MaxLr,
    /// `min_lr`.
    MinLr,
    /// `base_momentum`.
    BaseMomentum,
    /// `max_momentum`.
    MaxMomentum,
}

/// A part of the cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phase {
    /// The last step of it, whole or not.
    pub end_step: f64,
    /// The rate that it begins with.
    pub start_lr: PhaseKey,
    /// The rate that it ends with.
    pub end_lr: PhaseKey,
    /// The momentum that it begins with.
    pub start_momentum: PhaseKey,
    /// The momentum that it ends with.
    pub end_momentum: PhaseKey,
}

impl PhaseKey {
    const ALL: [Self; 5] = [Self::InitialLr, Self::MaxLr, Self::MinLr, Self::BaseMomentum, Self::MaxMomentum];

    /// The key of this name, `initial_lr`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::InitialLr => "initial_lr",
            Self::MaxLr => "max_lr",
            Self::MinLr => "min_lr",
            Self::BaseMomentum => "base_momentum",
            Self::MaxMomentum => "max_momentum",
        }
    }

    /// Its value in a group.
    pub(super) fn of(self, keys: &TorchKeys) -> Result<f64, TorchError> {
        let value = match self {
            Self::InitialLr => keys.initial_lr,
            Self::MaxLr => keys.max_lr,
            Self::MinLr => keys.min_lr,
            Self::BaseMomentum => keys.base_momentum,
            Self::MaxMomentum => keys.max_momentum,
        };
        value.ok_or_else(|| TorchError::Key(self.name().to_owned()))
    }
}

impl Attribute for PhaseKey {
    fn save(&self) -> Option<StateValue> {
        Some(StateValue::Text(self.name().to_owned()))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let found = match value {
            StateValue::Text(name) => Self::from_name(name),
            _ => None,
        };
        *self = found.ok_or(Refusal::Expected("phases between initial_lr, max_lr, min_lr and momenta"))?;
        Ok(())
    }
}

impl Phase {
    fn attributes(&mut self) -> Attributes<'_> {
        vec![
            ("end_step", &mut self.end_step),
            ("start_lr", &mut self.start_lr),
            ("end_lr", &mut self.end_lr),
            ("start_momentum", &mut self.start_momentum),
            ("end_momentum", &mut self.end_momentum),
        ]
    }
}

impl Attribute for Vec<Phase> {
    fn save(&self) -> Option<StateValue> {
        let maps = self.iter().map(|phase| StateValue::Map(attributes::save((*phase).clone().attributes())));
        Some(StateValue::List(maps.collect()))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let wrong = || Refusal::Expected("a list of phases");
        let StateValue::List(maps) = value else { return Err(wrong()) };
        let mut phases = Vec::new();
        for map in maps {
            let StateValue::Map(map) = map else { return Err(wrong()) };
            let mut phase = Phase::default();
            attributes::load("OneCycleLR", phase.attributes(), map).map_err(Refusal::Raised)?;
            phases.push(phase);
        }
        *self = phases;
        Ok(())
    }
}
