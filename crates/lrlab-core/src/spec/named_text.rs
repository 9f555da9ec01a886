//! Optimizers and tasks as text: a name, then `parameter=value` as often as wanted.
//!
//! ```text
//! NAME { parameter "=" value }             sgd lr=0.1 momentum=0.9
//! ```
//!
//! A task's value may be a text in quotation marks, `file="my data.csv"`, in which `\"` and `\\` stand for the
//! quotation mark and the backslash.

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
            let mut items = vec![self.raw_value(key)?];
            while self.eat(",") {
                items.push(self.raw_value(key)?);
            }
            let value = if items.len() == 1 { items.remove(0) } else { RawArgument::List(items) };
            if args.insert(key.to_owned(), value).is_some() {
                self.note(span, Fault::Twice { what: format!("`{key}`") });
            }
        }
        Ok(TaskSpec { name: name.to_owned(), args })
    }

    fn raw_value(&mut self, key: &str) -> Result<RawArgument, Stop> {
        match self.single(Kind::Flag) {
            text if text.is_empty() => self.wrong(format!("a value for `{key}`")),
            text if text.starts_with('"') && !is_quoted(&text) => {
                self.at -= 1;
                self.wrong(format!("a value for `{key}` that ends with a quotation mark"))
            }
            text => Ok(raw(&text)),
        }
    }
}

fn raw(text: &str) -> RawArgument {
    if let Some(text) = text.strip_prefix('"') {
        return RawArgument::Text(unquoted(text.strip_suffix('"').unwrap_or(text)));
    }
    match text {
        "true" => RawArgument::Flag(true),
        "false" => RawArgument::Flag(false),
        _ => parse_number(text).map_or_else(|| RawArgument::Text(text.to_owned()), RawArgument::Number),
    }
}

/// Whether the text, which begins with a quotation mark, ends with another that is not escaped.
fn is_quoted(text: &str) -> bool {
    quoted_len(&text[1..]).is_some_and(|len| len + 1 == text.len())
}

/// Bytes of a text behind its opening quotation mark up to and with the closing one.
pub(super) fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    let close = text.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    close.map(|(at, _)| at + 1)
}

/// Whether a text is read as itself where it stands without quotation marks.
pub(super) fn is_plain(text: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '=' | '"');
    let other = text.is_empty() || text.contains(ends) || text.eq_ignore_ascii_case("then");
    !other && matches!(raw(text), RawArgument::Text(_))
}

/// What stands between quotation marks.
fn unquoted(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text.chars().peekable());
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next_if(|next| matches!(next, '"' | '\\')) } else { None };
        plain.push(escaped.unwrap_or(c));
    }
    plain
}

pub(super) fn unknown_optimizer(name: &str) -> Fault {
    if let Some(optimizers::LeftOut { pytorch, why, instead, .. }) = optimizers::left_out(name) {
        return Fault::refused(format!("PyTorch's {pytorch} is left out: {why}; use {instead}"));
    }
    Fault::unknown("optimizer", name, optimizers::OPTIMIZERS.iter().map(|entry| entry.name))
}
