//! The optimizers there are. Adding one: its file, and two lines here.

use std::sync::Arc;

use super::{
    Optimizer, adadelta, adafactor, adagrad, adam, adamax, adamw, asgd, dog, lion, muon, nadam, prodigy,
    radam, rmsprop, rprop, schedule_free_adamw, schedule_free_radam, schedule_free_sgd, sgd,
};
use crate::{
    Field, ParamGroup,
    registry::{Argument, Arguments, Keyword, Kind, Parameter, Range, Source, same_name},
    spec::Fault,
};

/// Every optimizer, in the order in which lists show them.
pub static OPTIMIZERS: &[&OptimizerEntry] = &[
    &sgd::ENTRY,
    &adam::ENTRY,
    &adamw::ENTRY,
    &nadam::ENTRY,
    &radam::ENTRY,
    &adamax::ENTRY,
    &adagrad::ENTRY,
    &adadelta::ENTRY,
    &rmsprop::ENTRY,
    &rprop::ENTRY,
    &asgd::ENTRY,
    &lion::ENTRY,
    &schedule_free_sgd::ENTRY,
    &schedule_free_adamw::ENTRY,
    &schedule_free_radam::ENTRY,
    &prodigy::ENTRY,
    &dog::ENTRY,
    &adafactor::ENTRY,
    &muon::ENTRY,
];

/// What the registry says of one optimizer.
#[derive(Clone, Copy, Debug)]
pub struct OptimizerEntry {
    /// The name in specs: `sgd`.
    pub name: &'static str,
    /// Its class for PyTorch users: `SGD`.
    pub pytorch: &'static str,
    /// Where they import that class from.
    pub module: Module,
    /// One sentence for a user.
    pub summary: &'static str,
    /// The formula on one line, in the parameters' names.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// Its parameters, `lr` first. Numbers that have a [`Field`] are the group's and can be scheduled;
    /// other numbers, words and flags are the optimizer's own.
    pub params: &'static [Parameter],
    /// Builds it; parameters left out take their defaults. Tells everything that is wrong.
    pub build: fn(&Arguments) -> Result<Built, Vec<Fault>>,
}

/// Where PyTorch users find an optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// `torch.optim`.
    Torch,
    /// `lrlab.torch.optim`: PyTorch has none.
    Lrlab,
}

impl Module {
    /// Its path in Python.
    pub fn path(self) -> &'static str {
        match self {
            Self::Torch => "torch.optim",
            Self::Lrlab => "lrlab.torch.optim",
        }
    }
}

/// An optimizer with the values of its group.
#[derive(Clone, Debug)]
pub struct Built {
    /// What updates the parameters; its state lives outside, so it can be shared.
    pub optimizer: Arc<dyn Optimizer>,
    /// The group's fields, given or default; its name is empty.
    pub group: ParamGroup,
}

/// An optimizer of PyTorch that lrlab leaves out.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut {
    /// The name that it would have: `lbfgs`.
    pub name: &'static str,
    /// PyTorch's class.
    pub pytorch: &'static str,
    /// Why it is left out.
    pub why: &'static str,
    /// What to use for it.
    pub instead: &'static str,
}

/// The optimizers of `torch.optim` that are not in [`OPTIMIZERS`].
pub static LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        name: "sparse-adam",
        pytorch: "SparseAdam",
        why: "it updates only the rows that a sparse gradient names, and gradients here are dense",
        instead: "`adam`, the same rule for dense gradients",
    },
    LeftOut {
        name: "lbfgs",
        pytorch: "LBFGS",
        why: "it evaluates the loss several times an update and searches the length of its own steps, so a schedule \
              would not say how far it goes nor a number of steps what it costs",
        instead: "`rprop` on full batches, else `sgd` with momentum or `adam`",
    },
];

/// The optimizer of a name that is left out, in lrlab's or PyTorch's spelling.
pub fn left_out(name: &str) -> Option<&'static LeftOut> {
    LEFT_OUT.iter().find(|entry| same_name(entry.name, name))
}

/// The optimizer of a name, in lrlab's or PyTorch's spelling.
///
/// ```
/// use lrlab_core::{Field, optimizer::registry};
///
/// let adam = registry::find("adam").unwrap();
/// let built = (adam.build)(&Default::default()).unwrap();
/// assert_eq!(built.group.lr(), 0.001);
/// assert_eq!(built.group.get(Field::Beta2), 0.999);
/// ```
pub fn find(name: &str) -> Option<&'static OptimizerEntry> {
    OPTIMIZERS.iter().copied().find(|entry| same_name(entry.name, name) || same_name(entry.pytorch, name))
}

/// The arguments of one optimizer, held against its parameters.
pub(super) struct Settings {
    /// The numbers.
    pub(super) group: ParamGroup,
    /// What is no field of the group.
    own: Vec<(&'static str, Argument)>,
}

impl Settings {
    /// Checks names, kinds and ranges, and fills in the defaults.
    pub(super) fn read(entry: &OptimizerEntry, args: &Arguments) -> Result<Self, Vec<Fault>> {
        let known = || entry.params.iter().map(|parameter| parameter.name);
        let mut faults: Vec<Fault> = args
            .keys()
            .filter(|name| !known().any(|known| known == name.as_str()))
            .map(|name| Fault::unknown(format!("parameter of {}", entry.name), name, known()))
            .collect();
        let mut settings = Self { group: ParamGroup::new(""), own: Vec::new() };
        for parameter in entry.params {
            let given = args.get(parameter.name);
            match given.map(|argument| parameter.check(argument)) {
                Some(Err(fault)) => faults.push(fault),
                Some(Ok(())) | None => settings.take(parameter, given),
            }
        }
        if faults.is_empty() { Ok(settings) } else { Err(faults) }
    }

    fn take(&mut self, parameter: &Parameter, given: Option<&Argument>) {
        // Left out without a default, it keeps the meaning that its entry gives to that.
        let Some(value) = given.cloned().or_else(|| default_of(parameter)) else { return };
        match (Field::ALL.into_iter().find(|field| field.name() == parameter.name), &value) {
            (Some(field), Argument::Number(value)) => self.group.set(field, *value),
            _ => self.own.push((parameter.name, value)),
        }
    }

    fn own(&self, name: &str) -> Option<&Argument> {
        self.own.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether the flag `name` is set.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.own(name) == Some(&Argument::Flag(true))
    }

    /// The number `name`, which is no field of the group; `None` where it was left out and has no default.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.own(name) {
            Some(Argument::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// The word `name`.
    pub(super) fn word(&self, name: &str) -> &str {
        match self.own(name) {
            Some(Argument::Word(word)) => word,
            _ => "",
        }
    }

    /// The optimizer with this group.
    pub(super) fn with(self, optimizer: impl Optimizer + 'static) -> Built {
        Built { optimizer: Arc::new(optimizer), group: self.group }
    }
}

/// What a parameter is when it is left out; `None` where that has a meaning of its own.
fn default_of(parameter: &Parameter) -> Option<Argument> {
    let text = parameter.default?;
    Some(match parameter.kind {
        Kind::Flag => Argument::Flag(text == "true"),
        Kind::Number | Kind::Integer => Argument::Number(text.parse().ok()?),
        _ => Argument::Word(text.to_owned()),
    })
}

/// A numeric parameter.
pub(super) const fn number(
    name: &'static str,
    default: &'static str,
    range: Range,
    doc: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number,
        default: Some(default),
        keyword: Keyword::Named,
        range,
        pytorch: Some(name),
        doc,
    }
}

/// A flag that is off unless given.
pub(super) const fn flag(name: &'static str, doc: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Flag,
        default: Some("false"),
        keyword: Keyword::Named,
        range: Range::Any,
        pytorch: Some(name),
        doc,
    }
}

/// The learning rate.
pub(super) const LR: Parameter = number("lr", "0.001", Range::NotNegative, "Learning rate.");

/// Weight decay that joins the gradient.
pub(super) const WEIGHT_DECAY: Parameter =
    number("weight_decay", "0", Range::NotNegative, "Share of the parameter added to its gradient.");

/// Whether the loss is raised.
pub(super) const MAXIMIZE: Parameter = flag("maximize", "Raises the loss instead of lowering it.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_builds_with_its_defaults_and_has_its_names_once() {
        for entry in OPTIMIZERS {
            assert!((entry.build)(&Arguments::new()).unwrap().group.lr() > 0.0);
            assert_eq!(entry.params[0].name, "lr", "{}", entry.name);
            for parameter in entry.params {
                let alike = entry.params.iter().filter(|other| other.name == parameter.name);
                assert_eq!(alike.count(), 1, "{} {}", entry.name, parameter.name);
                // A default that cannot be read would be taken for one that is not there.
                let default = default_of(parameter);
                assert_eq!(
                    default.is_some(),
                    parameter.default.is_some_and(|text| !text.is_empty()),
                    "{} {}",
                    entry.name,
                    parameter.name
                );
                if let Some(default) = default {
                    assert_eq!(parameter.check(&default), Ok(()), "{} {}", entry.name, parameter.name);
                }
            }
            assert!(std::ptr::eq(find(entry.name).unwrap(), *entry));
            assert!(std::ptr::eq(find(&entry.pytorch.to_uppercase()).unwrap(), *entry));
        }
        assert!(find("no-such-optimizer").is_none());
    }
}
