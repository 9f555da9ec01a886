//! What every scheduler of torch remembers.

use super::{Attribute, Attributes};

/// The attributes that every scheduler of torch has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// `base_lrs`: the rates at the start, one for each group.
    pub base_lrs: Vec<f64>,
    /// `last_epoch`: how often it was stepped; -1 before its constructor steps it to 0. A fraction
    /// after `step(epoch)` with one.
    pub last_epoch: f64,
    /// `_step_count`: calls of `step`, the constructor's included.
    pub step_count: u64,
    /// `_is_initial`: whether the constructor's step is being made.
    pub is_initial: bool,
    /// `_last_lr`: the rates that the last step left, one for each group.
    pub last_lr: Vec<f64>,
    /// Whether `_initial_step` was ever called: before it, torch's objects have no `_step_count`.
    pub has_begun: bool,
    /// `_get_lr_called_within_step`: torch's guard of a warning, false between steps.
    pub get_lr_called_within_step: bool,
}

impl State {
    /// The attributes of a class with rates of its own.
    pub fn attributes(&mut self) -> Attributes<'_> {
        vec![
            ("base_lrs", &mut self.base_lrs),
            ("last_epoch", &mut self.last_epoch),
            ("_step_count", &mut self.step_count),
            ("_is_initial", &mut self.is_initial),
            ("_get_lr_called_within_step", &mut self.get_lr_called_within_step),
            ("_last_lr", &mut self.last_lr),
        ]
    }

    /// The attributes of a class that drives others: it has a `last_epoch` where `counts`, and counts
    /// steps once it was made the first part of another.
    pub fn attributes_of_composite(&mut self, counts: bool) -> Attributes<'_> {
        let mut all: Attributes<'_> = vec![("_last_lr", &mut self.last_lr)];
        if counts {
            all.push(("last_epoch", &mut self.last_epoch));
        }
        if self.has_begun {
            let begun: [(&'static str, &mut dyn Attribute); 2] =
                [("_step_count", &mut self.step_count), ("_is_initial", &mut self.is_initial)];
            all.extend(begun);
        }
        all
    }
}
