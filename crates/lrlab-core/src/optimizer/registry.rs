//! The optimizers there are. Adding one: its file, and two lines here.

use std::sync::Arc;

use super::{Optimizer, adam, adamw, sgd};
use crate::{
    Field, ParamGroup,
    registry::{Argument, Arguments, Keyword, Kind, Parameter, Range, Source, same_name},
    spec::Fault,
};

/// Every optimizer, in the order in which lists show them.
pub static OPTIMIZERS: &[&OptimizerEntry] = &[&sgd::ENTRY, &adam::ENTRY, &adamw::ENTRY];

/// What the registry says of one optimizer.
#[derive(Clone, Copy, Debug)]
pub struct OptimizerEntry {
    /// The name in specs: `sgd`.
    pub name: &'static str,
    /// The class in `torch.optim`: `SGD`.
    pub pytorch: &'static str,
    /// One sentence for a user.
    pub summary: &'static str,
    /// The formula on one line, in the parameters' names.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// Its parameters, `lr` first. Numbers are fields of the group, flags are the optimizer's own.
    pub params: &'static [Parameter],
    /// Builds it; parameters left out take their defaults. Tells everything that is wrong.
    pub build: fn(&Arguments) -> Result<Built, Vec<Fault>>,
}

/// An optimizer with the values of its group.
#[derive(Clone, Debug)]
pub struct Built {
    /// What updates the parameters; its state lives outside, so it can be shared.
    pub optimizer: Arc<dyn Optimizer>,
    /// The group's fields, given or default; its name is empty.
    pub group: ParamGroup,
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
    flags: Vec<&'static str>,
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
        let mut settings = Self { group: ParamGroup::new(""), flags: Vec::new() };
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
        let default = parameter.default.unwrap_or_default();
        if parameter.kind == Kind::Flag {
            let set = given.map_or(default == "true", |argument| *argument == Argument::Flag(true));
            self.flags.extend(set.then_some(parameter.name));
        } else if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == parameter.name) {
            let value = match given {
                Some(Argument::Number(value)) => *value,
                // A default that is no number would be caught by the registry's own test.
                _ => default.parse().unwrap_or(f64::NAN),
            };
            self.group.set(field, value);
        }
    }

    /// Whether the flag `name` is set.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.flags.contains(&name)
    }

    /// The optimizer with this group.
    pub(super) fn with(self, optimizer: impl Optimizer + 'static) -> Built {
        Built { optimizer: Arc::new(optimizer), group: self.group }
    }
}

/// A numeric parameter that is a field of the group.
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

/// Whether the loss is raised.
pub(super) const MAXIMIZE: Parameter = flag("maximize", "Raises the loss instead of lowering it.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_builds_with_its_defaults_and_has_its_names_once() {
        for entry in OPTIMIZERS {
            let built = (entry.build)(&Arguments::new()).unwrap();
            assert_eq!(entry.params[0].name, "lr", "{}", entry.name);
            for parameter in entry.params {
                let alike = entry.params.iter().filter(|other| other.name == parameter.name);
                assert_eq!(alike.count(), 1, "{} {}", entry.name, parameter.name);
                if parameter.kind == Kind::Number {
                    let field = Field::ALL.into_iter().find(|field| field.name() == parameter.name).unwrap();
                    let value = built.group.get(field);
                    assert!(parameter.range.contains(value), "{} {}", entry.name, parameter.name);
                }
            }
            assert!(std::ptr::eq(find(entry.name).unwrap(), *entry));
            assert!(std::ptr::eq(find(&entry.pytorch.to_uppercase()).unwrap(), *entry));
        }
        assert!(find("lion").is_none());
    }
}
