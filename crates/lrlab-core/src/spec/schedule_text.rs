//! Schedules as one line of text, read by the words that the registry gives.
//!
//! ```text
//! schedule  = product { AFTER arguments }              warmup 5% then cosine to 0 floor 1%
//! product   = chain { "times" chain }                  cosine to 0 times step every 5 epochs x0.5
//! chain     = stage { "then" stage }                   constant for 80% then linear to 0
//! stage     = ( "(" schedule ")"
//!             | NAME arguments                         step every 5 epochs x0.5
//!             | BEFORE arguments "then" chain )        warmup 5% then cosine
//!             { DIRECTLY arguments }                   constant for 80%
//! ```
//! NAME, AFTER and the others are words of the registry, by the form of its entries; `then` and
//! `times` are those of the forms that stand between.

use std::ops::Range;

use super::{
    Fault, ScheduleSpec,
    text::{Reader, Stop, is_own_rate, starts_duration},
};
use crate::{
    registry::{Arguments, Keyword, Kind, Parameter, same_name},
    schedule::{self, Entry, Form, SCHEDULES},
};

/// Schedules inside schedules: deep enough for every strategy, shallow enough for any stack.
pub(super) const DEEPEST: usize = 24;

pub(super) const TOO_DEEP: &str = "fewer schedules inside schedules";

/// What the arguments of a text belong to.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) name: &'static str,
    pub(super) params: &'static [Parameter],
    pub(super) example: &'static str,
    pub(super) takes_next: bool,
}

impl From<&Entry> for Owner {
    fn from(entry: &Entry) -> Self {
        let Entry { name, params, example, .. } = *entry;
        Self { name, params, example, takes_next: entry.form == Form::Before }
    }
}

impl Reader<'_> {
    pub(super) fn schedule(&mut self, depth: usize) -> Result<ScheduleSpec, Stop> {
        let mut spec = self.between(depth, "times", Self::chain)?;
        let mut wrapped = depth;
        while let Some(entry) = self.peek().and_then(after_word) {
            wrapped += 1;
            spec = self.around(entry, spec, wrapped)?;
        }
        Ok(spec)
    }

    /// `entry`, whose word comes next, around `spec`.
    fn around(
        &mut self,
        entry: &'static Entry,
        spec: ScheduleSpec,
        depth: usize,
    ) -> Result<ScheduleSpec, Stop> {
        if depth > DEEPEST {
            return self.wrong(TOO_DEEP);
        }
        let (_, span) = self.next().ok_or(Stop)?;
        let args = self.arguments(entry.into(), span)?;
        Ok(ScheduleSpec { name: entry.name, args, inner: vec![spec] })
    }

    /// One schedule, or several with a word between them.
    fn between(
        &mut self,
        depth: usize,
        word: &str,
        part: fn(&mut Self, usize) -> Result<ScheduleSpec, Stop>,
    ) -> Result<ScheduleSpec, Stop> {
        let first = part(self, depth)?;
        let mut parts = vec![first];
        while self.eat(word) {
            parts.push(part(self, depth + 1)?);
        }
        match (parts.len(), between_word(word)) {
            (1, _) | (_, None) => parts.pop().ok_or(Stop),
            (_, Some(entry)) => Ok(ScheduleSpec { name: entry.name, args: Arguments::new(), inner: parts }),
        }
    }

    fn chain(&mut self, depth: usize) -> Result<ScheduleSpec, Stop> {
        if depth >= DEEPEST {
            return self.wrong(TOO_DEEP);
        }
        self.between(depth, "then", Self::stage)
    }

    fn stage(&mut self, depth: usize) -> Result<ScheduleSpec, Stop> {
        if depth >= DEEPEST {
            return self.wrong(TOO_DEEP);
        }
        let mut spec = if self.eat("(") {
            let spec = self.schedule(depth + 1)?;
            if !self.eat(")") {
                return self.wrong("`)`");
            }
            spec
        } else {
            self.named(depth)?
        };
        let mut wrapped = depth;
        while let Some(entry) = self.peek().and_then(direct_word) {
            wrapped += 1;
            spec = self.around(entry, spec, wrapped)?;
        }
        Ok(spec)
    }

    /// A schedule that begins with its name.
    fn named(&mut self, depth: usize) -> Result<ScheduleSpec, Stop> {
        let Some((name, span)) = self.next() else {
            return self.wrong("a schedule such as `cosine to 0`");
        };
        let entry = match schedule::find(name) {
            Some(entry) if matches!(entry.form, Form::Plain | Form::Before) => entry,
            found => {
                let misplaced = found.or_else(|| after_word(name)).or_else(|| direct_word(name));
                let misplaced = misplaced.or_else(|| between_word(name));
                let fault = match misplaced {
                    Some(entry) => Fault::syntax(
                        format!("a schedule before it: `{}`", entry.example),
                        format!("`{name}`"),
                    ),
                    None => unknown_schedule(name),
                };
                self.note(span, fault);
                return Err(Stop);
            }
        };
        let args = self.arguments(entry.into(), span)?;
        let mut inner = Vec::new();
        if entry.form == Form::Before {
            if !self.eat("then") {
                return self.wrong(format!("`then` and another schedule: `{}`", entry.example));
            }
            inner.push(self.chain(depth + 1)?);
        }
        Ok(ScheduleSpec { name: entry.name, args, inner })
    }

    /// The arguments of `owner`, whose name stands at `name`.
    pub(super) fn arguments(&mut self, owner: Owner, name: Range<usize>) -> Result<Arguments, Stop> {
        let mut args = Arguments::new();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(word) = self.peek() {
            let start = self.span().start;
            let Some(param) = self.parameter(owner, &seen) else {
                if is_border(word) {
                    break;
                }
                return self.wrong(owner_words(owner));
            };
            self.store(param, start, &mut seen, &mut args);
        }
        for param in owner.params {
            if param.default.is_none() && !seen.contains(&param.name) {
                let (parameter, example) = (param.name.to_owned(), owner.example.to_owned());
                self.note(name.clone(), Fault::Missing { owner: owner.name.to_owned(), parameter, example });
            }
        }
        Ok(args)
    }

    /// Which parameter comes next; its keyword is passed over.
    fn parameter(&mut self, owner: Owner, seen: &[&str]) -> Option<&'static Parameter> {
        let word = self.peek()?;
        for param in owner.params {
            let found = match param.keyword {
                // The same word again may belong to what follows.
                Keyword::Word(keyword) => {
                    !(seen.contains(&param.name) && is_border(keyword)) && self.eat(keyword)
                }
                Keyword::Bare(words) => {
                    let again = seen.contains(&param.name);
                    words.iter().any(|keyword| !(again && is_border(keyword)) && self.eat(keyword))
                        || (!again && begins(param.kind, word))
                }
                // The `x` stays: `value` takes it off the number that it is glued to.
                Keyword::Times => word.starts_with(['x', 'X', '×']),
                Keyword::Named => {
                    same_name(param.name, word) && self.peek_second() == Some("=") && {
                        self.at += 2;
                        true
                    }
                }
            };
            if found {
                return Some(param);
            }
        }
        None
    }
}

/// Whether a value of this kind may begin with `word`.
fn begins(kind: Kind, word: &str) -> bool {
    match kind {
        Kind::Level | Kind::Points => is_own_rate(word) || starts_duration(word),
        Kind::Expression => true,
        Kind::Choice(words) => words.iter().any(|known| same_name(known, word)),
        _ => starts_duration(word),
    }
}

/// Whether the arguments before `word` are at their end.
pub(super) fn is_border(word: &str) -> bool {
    word == ")" || between_word(word).is_some() || after_word(word).is_some() || direct_word(word).is_some()
}

fn entry_of(word: &str, of: fn(Form) -> Option<&'static str>) -> Option<&'static Entry> {
    let fits = |entry: &&&Entry| of(entry.form).is_some_and(|known| known.eq_ignore_ascii_case(word));
    SCHEDULES.iter().find(fits).copied()
}

pub(super) fn after_word(word: &str) -> Option<&'static Entry> {
    entry_of(word, |form| if let Form::After(word) = form { Some(word) } else { None })
}

fn direct_word(word: &str) -> Option<&'static Entry> {
    entry_of(word, |form| if let Form::Directly(word) = form { Some(word) } else { None })
}

fn between_word(word: &str) -> Option<&'static Entry> {
    entry_of(word, |form| if let Form::Between { word, .. } = form { Some(word) } else { None })
}

/// What may follow the name, in words.
fn owner_words(owner: Owner) -> String {
    let words: Vec<String> = owner
        .params
        .iter()
        .map(|param| match param.keyword {
            Keyword::Named => format!("`{}=...`", param.name),
            Keyword::Bare(words) => match words.iter().find(|word| !word.is_empty()) {
                Some(word) => format!("`{word} ...`"),
                None => param.kind.describe(),
            },
            Keyword::Word(word) => format!("`{word} ...`"),
            Keyword::Times => "`x0.5`".to_owned(),
        })
        .chain(owner.takes_next.then(|| "`then ...`".to_owned()))
        .collect();
    if words.is_empty() {
        return format!("nothing more after {}, as in `{}`", owner.name, owner.example);
    }
    format!("{} after {}, as in `{}`", words.join(", "), owner.name, owner.example)
}

pub(super) fn unknown_schedule(name: &str) -> Fault {
    Fault::unknown("schedule", name, SCHEDULES.iter().map(|entry| entry.name))
}
