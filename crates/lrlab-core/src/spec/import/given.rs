//! The arguments of one call, by name.

use std::{collections::BTreeSet, fmt::Display};

use super::{Read, made_of};
use crate::{
    expression::Expression,
    registry::{Argument, Level, Parameter},
    schedule, signal,
    spec::{Fault, ScheduleSpec, SignalSpec, TorchCall, TorchValue, Unit},
};

/// The arguments of one call.
///
/// The getters never fail: what is missing or wrong is noted and something harmless stands in, so
/// that all of it is told at once.
pub(in crate::spec) struct Given<'a> {
    call: &'a TorchCall,
    names: &'a [&'a str],
    /// What is counted.
    pub(in crate::spec) unit: Unit,
    faults: Vec<Fault>,
}

/// Counts of 2^53 and more would not survive as epochs.
const MOST: i64 = 0x1F_FFFF_FFFF_FFFF;

impl<'a> Given<'a> {
    /// Binds positions and keywords to `names`, the parameters after the optimizer.
    pub(in crate::spec) fn new(call: &'a TorchCall, names: &'a [&'a str], unit: Unit) -> Self {
        let mut given = Self { call, names, unit, faults: Vec::new() };
        for name in names.iter().take(call.args.len()).filter(|name| call.kwarg(name).is_some()) {
            given.refuse(Fault::Twice { what: format!("`{name}`") });
        }
        for (name, value) in &call.kwargs {
            // A resumed scheduler begins elsewhere: nothing that a strategy could say.
            let fresh = name == "last_epoch" && *value == TorchValue::Int(-1);
            if !names.contains(&name.as_str()) && !fresh {
                let owner = format!("argument of {}", call.name);
                given.refuse(Fault::unknown(owner, name, names.iter().copied()));
            }
        }
        if call.args.len() > names.len() {
            let got = format!("{} arguments", call.args.len());
            let allowed = if names.is_empty() {
                "none".to_owned()
            } else {
                format!("no more than {}", names.join(", "))
            };
            given.refuse(Fault::value(call.name.clone(), got, allowed));
        }
        given
    }

    /// Notes what is wrong.
    pub(in crate::spec) fn refuse(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Notes a value that is not allowed.
    pub(in crate::spec) fn wrong(&mut self, name: &str, got: impl Display, allowed: impl Into<String>) {
        self.refuse(Fault::value(name, format!("{got}"), allowed));
    }

    /// What is read, or everything that is wrong.
    pub(in crate::spec) fn done<T>(self, read: T) -> Read<T> {
        if self.faults.is_empty() { Ok(read) } else { Err(self.faults) }
    }

    /// Holds a schedule's arguments against the registry, in the words of the call.
    pub(in crate::spec) fn check(&mut self, spec: &ScheduleSpec) {
        let params = schedule::find(spec.name).map_or(&[][..], |entry| entry.params);
        for param in params {
            if let Some(Err(fault)) = spec.args.get(param.name).map(|argument| param.check(argument)) {
                self.refuse(in_torch_words(param, fault));
            }
        }
        spec.inner.iter().for_each(|inner| self.check(inner));
    }

    /// A schedule, its arguments held against the registry.
    pub(in crate::spec) fn schedule(
        mut self,
        name: &'static str,
        args: Vec<(&str, Argument)>,
        inner: Vec<ScheduleSpec>,
    ) -> Read<ScheduleSpec> {
        let spec = made_of(name, args, inner);
        self.check(&spec);
        self.done(spec)
    }

    /// A signal, its arguments held against the registry.
    pub(in crate::spec) fn signal(
        mut self,
        name: &'static str,
        args: Vec<(&str, Argument)>,
    ) -> Read<SignalSpec> {
        let args = made_of(name, args, Vec::new()).args;
        for param in signal::find(name).map_or(&[][..], |entry| entry.params) {
            if let Some(Err(fault)) = args.get(param.name).map(|argument| param.check(argument)) {
                self.refuse(in_torch_words(param, fault));
            }
        }
        self.done(SignalSpec { name, args })
    }

    /// The argument, if one is given that is not `None`. A list of one value, as for an optimizer of
    /// one group, is that value.
    pub(in crate::spec) fn get(&self, name: &str) -> Option<&'a TorchValue> {
        let position = self.names.iter().position(|known| *known == name)?;
        self.call.get(position, name).filter(|value| **value != TorchValue::None)
    }

    fn single(&mut self, name: &str) -> Option<&'a TorchValue> {
        match self.get(name)? {
            TorchValue::List(items) if items.len() == 1 => items.first(),
            TorchValue::List(items) => {
                let allowed = "one value: each group of a strategy has a plan of its own";
                self.wrong(name, format!("{} values", items.len()), allowed);
                None
            }
            value => Some(value),
        }
    }

    /// Whether the argument is given and not `None`.
    pub(in crate::spec) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Notes that an argument without a default was left out.
    pub(in crate::spec) fn missing(&mut self, name: &str) {
        let (owner, parameter) = (self.call.name.clone(), name.to_owned());
        let example = format!("{}({name}=...)", self.call.name);
        self.refuse(Fault::Missing { owner, parameter, example });
    }

    /// A number, or `None` where it was left out; wrong ones are noted and are 1.
    pub(in crate::spec) fn number_if_given(&mut self, name: &str) -> Option<f64> {
        self.has(name).then_some(())?;
        let value = self.single(name);
        Some(value.map_or(1.0, |value| {
            value.number().unwrap_or_else(|| {
                self.wrong(name, value, "a number");
                1.0
            })
        }))
    }

    /// A number; without a default it must be given.
    pub(in crate::spec) fn number(&mut self, name: &str, default: Option<f64>) -> f64 {
        self.number_if_given(name).or(default).unwrap_or_else(|| {
            self.missing(name);
            1.0
        })
    }

    /// A rate, or the value of another field: 0 or more.
    pub(in crate::spec) fn rate(&mut self, name: &str, default: Option<f64>) -> f64 {
        let value = self.number(name, default);
        if (0.0..=Level::LARGEST).contains(&value) {
            return value;
        }
        self.wrong(name, value, format!("from 0 to {:e}", Level::LARGEST));
        1.0
    }

    /// A factor as PyTorch allows it, from 0 to 1.
    pub(in crate::spec) fn factor(&mut self, name: &str, default: f64) -> f64 {
        let factor = self.number(name, Some(default));
        let lowest_open = name == "start_factor" && factor == 0.0;
        if lowest_open || !(0.0..=1.0).contains(&factor) {
            let allowed = if name == "start_factor" { "above 0, up to 1" } else { "from 0 to 1" };
            self.wrong(name, factor, allowed);
            return 1.0;
        }
        factor
    }

    fn whole(&mut self, name: &str, least: i64, default: Option<u64>) -> u64 {
        match (self.single(name), default) {
            (Some(TorchValue::Int(count)), _) if (least..=MOST).contains(count) => count.unsigned_abs(),
            (Some(other), _) => {
                let allowed =
                    if least > 0 { "a whole number above 0" } else { "a whole number of 0 or more" };
                self.wrong(name, other, allowed);
                1
            }
            (None, Some(default)) => default,
            (None, None) => {
                if !self.has(name) {
                    self.missing(name);
                }
                1
            }
        }
    }

    /// A count of calls, 1 or more.
    pub(in crate::spec) fn count(&mut self, name: &str, default: Option<u64>) -> u64 {
        self.whole(name, 1, default)
    }

    /// A count of calls that may be none.
    pub(in crate::spec) fn count_or_none(&mut self, name: &str, default: Option<u64>) -> u64 {
        self.whole(name, 0, default)
    }

    /// A list of counts of calls that grow.
    pub(in crate::spec) fn counts(&mut self, name: &str) -> Vec<u64> {
        let Some(value) = self.get(name) else {
            self.missing(name);
            return vec![1];
        };
        let count = |item: &TorchValue| match item {
            TorchValue::Int(count @ 1..=MOST) => Some(count.unsigned_abs()),
            _ => None,
        };
        let counts = match value {
            TorchValue::List(items) => items.iter().map(count).collect::<Option<Vec<u64>>>(),
            _ => None,
        };
        match counts {
            Some(counts) if counts.windows(2).all(|pair| pair[0] < pair[1]) => counts,
            Some(_) => {
                self.wrong(name, value, "whole numbers that grow");
                vec![1]
            }
            None => {
                self.wrong(name, value, "a list of whole numbers above 0");
                vec![1]
            }
        }
    }

    /// One of the words; the first of them is the default.
    pub(in crate::spec) fn word(&mut self, name: &str, words: &[&'static str]) -> &'static str {
        let default = words.first().copied().unwrap_or_default();
        let Some(value) = self.get(name) else { return default };
        let text = if let TorchValue::Text(text) = value { text.as_str() } else { "" };
        words.iter().copied().find(|word| *word == text).unwrap_or_else(|| {
            let known: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            self.wrong(name, value, known.join(" or "));
            default
        })
    }

    /// `True` or `False`.
    pub(in crate::spec) fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.get(name) {
            None => default,
            Some(TorchValue::Bool(flag)) => *flag,
            Some(other) => {
                self.wrong(name, other, "True or False");
                default
            }
        }
    }

    /// A function of one parameter, as an expression of t.
    pub(in crate::spec) fn function(&mut self, name: &str) -> Argument {
        let found = match self.single(name) {
            Some(TorchValue::Lambda(expression)) => Some(expression.clone()),
            Some(other) => {
                self.wrong(name, other, "a function such as `lambda epoch: 0.95 ** epoch`");
                None
            }
            None => {
                if !self.has(name) {
                    self.missing(name);
                }
                None
            }
        };
        found.or_else(|| Expression::read("1").ok()).map_or(Argument::Number(1.0), Argument::Expression)
    }

    /// The constructors of a list.
    pub(in crate::spec) fn constructors(&mut self, name: &str) -> Vec<&'a TorchCall> {
        let Some(value) = self.get(name) else {
            self.missing(name);
            return Vec::new();
        };
        let one = |item: &'a TorchValue| if let TorchValue::Call(call) = item { Some(call) } else { None };
        let found = match value {
            TorchValue::List(items) if !items.is_empty() => items.iter().map(one).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        found.unwrap_or_else(|| {
            self.wrong(name, value, "a list of constructors");
            Vec::new()
        })
    }

    /// Takes over the faults of a part, each told once.
    pub(in crate::spec) fn take<T>(&mut self, read: Read<T>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(faults) => {
                let known: BTreeSet<String> = self.faults.iter().map(ToString::to_string).collect();
                self.faults.extend(faults.into_iter().filter(|fault| !known.contains(&fault.to_string())));
                None
            }
        }
    }
}

/// The fault with the name that the reader wrote.
fn in_torch_words(param: &Parameter, fault: Fault) -> Fault {
    match fault {
        Fault::Value { got, allowed, .. } => Fault::value(param.pytorch.unwrap_or(param.name), got, allowed),
        other => other,
    }
}
