//! The signals there are. Adding one: its file, and two lines here.

use super::{Setting, Signal, greedy, plateau};
use crate::{
    registry::{Arguments, Parameter, Source, same_name},
    spec::Fault,
};

/// Every signal, in the order in which lists show them.
pub static SIGNALS: &[&SignalEntry] = &[&plateau::ENTRY, &greedy::ENTRY];

/// What the registry says of one signal.
#[derive(Clone, Copy, Debug)]
pub struct SignalEntry {
    /// The name in specs: `plateau`.
    pub name: &'static str,
    /// The class in `torch.optim.lr_scheduler`, where there is one.
    pub pytorch: Option<&'static str>,
    /// One sentence for a user.
    pub summary: &'static str,
    /// The rule on one line, in the parameters' names.
    pub formula: &'static str,
    /// One line of text that uses it.
    pub example: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What it takes, in the order in which it is printed.
    pub params: &'static [Parameter],
    /// Builds it; parameters left out take their defaults. Tells everything that is wrong.
    pub build: fn(&Arguments, Setting) -> Built,
}

/// A signal, or everything that stands against it.
pub type Built = Result<Box<dyn Signal>, Vec<Fault>>;

/// The signal of a name, in lrlab's or PyTorch's spelling.
pub fn find(name: &str) -> Option<&'static SignalEntry> {
    SIGNALS.iter().copied().find(|entry| {
        same_name(entry.name, name) || entry.pytorch.is_some_and(|pytorch| same_name(pytorch, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Horizon, spec::read_argument};

    #[test]
    fn every_entry_builds_with_its_defaults_and_has_its_names_once() {
        let setting = Setting { horizon: Horizon::new(1000, 10), warmup: 50 };
        for entry in SIGNALS {
            let signal = (entry.build)(&Arguments::new(), setting).unwrap();
            assert_eq!((signal.factor(), signal.state().signal.as_str()), (1.0, entry.name));
            assert!(entry.example.starts_with(entry.name));
            for parameter in entry.params {
                let alike = entry.params.iter().filter(|other| other.name == parameter.name);
                assert_eq!(alike.count(), 1, "{} {}", entry.name, parameter.name);
                let default = parameter.default.unwrap();
                assert!(default.is_empty() || read_argument(parameter, default).is_ok(), "{default}");
            }
            assert!(std::ptr::eq(find(entry.name).unwrap(), *entry));
            if let Some(pytorch) = entry.pytorch {
                assert!(std::ptr::eq(find(&pytorch.to_lowercase()).unwrap(), *entry));
            }
        }
        assert!(find("plato").is_none());
    }
}
