//! Optimizers and tasks as text: a name, then `parameter=value` as often as wanted.
//!
//! ```text
//! NAME { parameter "=" value }             sgd lr=0.1 momentum=0.9
//! ```

use std::collections::BTreeMap;

use super::{
    Fault, OptimizerSpec,
    text::{Reader, Stop},
};
use crate::{
    TaskSpec,
    horizon::parse_number,
    optimizer::registry as optimizers,
    registry::{Arguments, Kind, RawArgument, same_name},
};

impl Reader<'_> {
    pub(super) fn optimizer(&mut self) -> Result<OptimizerSpec, Stop> {
        let Some((name, span)) = self.next() else {
            return self.wrong("an optimizer such as `sgd lr=0.1`");
        };
        let Some(entry) = optimizers::find(name) else {
            self.note(span, unknown_optimizer(name));
            return Err(Stop);
        };
        let (mut args, mut seen) = (Arguments::new(), Vec::new());
        while let Some((key, key_span)) = self.next() {
            let Some(param) = entry.params.iter().find(|param| same_name(param.name, key)) else {
                let known = entry.params.iter().map(|param| param.name);
                let fault = if self.peek() == Some("=") {
                    Fault::unknown(format!("parameter of {}", entry.name), key, known)
                } else {
                    let known: Vec<&str> = known.collect();
                    Fault::syntax(
                        format!("`name=value` with one of {}", known.join(", ")),
                        format!("`{key}`"),
                    )
                };
                self.note(key_span, fault);
                if self.eat("=") {
                    self.value(Kind::Numbers);
                    continue;
                }
                return Err(Stop);
            };
            if !self.eat("=") {
                return self.wrong(format!("`=` and a value after `{key}`"));
            }
            self.store(param, key_span.start, &mut seen, &mut args);
        }
        for param in entry.params {
            if param.default.is_none() && !seen.contains(&param.name) {
                let example = format!("{} {}={}", entry.name, param.name, "...");
                let (owner, parameter) = (entry.name.to_owned(), param.name.to_owned());
                self.note(span.clone(), Fault::Missing { owner, parameter, example });
            }
        }
        Ok(OptimizerSpec { name: entry.name, args })
    }

    pub(super) fn task(&mut self) -> Result<TaskSpec, Stop> {
        if self.peek().is_none_or(|name| matches!(name, "(" | ")" | "," | "=")) {
            return self.wrong("a task such as `digits model=softmax`");
        }
        let (name, _) = self.next().ok_or(Stop)?;
        let mut args = BTreeMap::new();
        while let Some((key, span)) = self.next() {
            if !self.eat("=") {
                return self.wrong(format!("`=` and a value after `{key}`"));
            }
            let mut items = vec![raw(&self.single(Kind::Flag))];
            while self.eat(",") {
                items.push(raw(&self.single(Kind::Flag)));
            }
            if items.contains(&RawArgument::Text(String::new())) {
                return self.wrong(format!("a value for `{key}`"));
            }
            let value = if items.len() == 1 { items.remove(0) } else { RawArgument::List(items) };
            if args.insert(key.to_owned(), value).is_some() {
                self.note(span, Fault::Twice { what: format!("`{key}`") });
            }
        }
        Ok(TaskSpec { name: name.to_owned(), args })
    }
}

fn raw(text: &str) -> RawArgument {
    match text {
        "true" => RawArgument::Flag(true),
        "false" => RawArgument::Flag(false),
        _ => parse_number(text).map_or_else(|| RawArgument::Text(text.to_owned()), RawArgument::Number),
    }
}

pub(super) fn unknown_optimizer(name: &str) -> Fault {
    if let Some(optimizers::LeftOut { pytorch, why, instead, .. }) = optimizers::left_out(name) {
        return Fault::refused(format!("PyTorch's {pytorch} is left out: {why}; use {instead}"));
    }
    Fault::unknown("optimizer", name, optimizers::OPTIMIZERS.iter().map(|entry| entry.name))
}
