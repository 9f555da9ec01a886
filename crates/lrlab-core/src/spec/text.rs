//! Schedules as one line of text, read by the words that the registry gives.
//!
//! ```text
//! schedule  = chain { AFTER-WORD arguments }           cosine to 0 stepped each epoch
//! chain     = "(" schedule ")"
//!           | NAME arguments                           step every 5 epochs x0.5
//!           | NAME arguments "then" chain              warmup 5% then cosine to 0
//! ```

use std::ops::Range;

use super::{Fault, Problem, ScheduleSpec, read_argument};
use crate::{
    horizon::parse_number,
    registry::{Argument, Arguments, Keyword, Kind, Parameter, same_name},
    schedule::{self, Entry, Form, SCHEDULES},
};

/// Schedules inside schedules: deep enough for every strategy, shallow enough for any stack.
pub(super) const DEEPEST: usize = 24;

/// The reader met something it cannot read on from; the problem is noted.
pub(super) struct Stop;

#[derive(Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
}

/// Reads a range of a text, token by token, and notes what is wrong.
pub(super) struct Reader<'a> {
    text: &'a str,
    range: Range<usize>,
    tokens: Vec<Token>,
    at: usize,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, range: Range<usize>) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut word = None;
        let part = &text[range.clone()];
        for (at, c) in part.char_indices().map(|(at, c)| (range.start + at, c)) {
            let symbol = matches!(c, '(' | ')' | ',' | '=');
            if symbol || c.is_whitespace() {
                tokens.extend(word.take().map(|start| Token { start, end: at }));
            } else {
                word.get_or_insert(at);
            }
            if symbol {
                tokens.push(Token { start: at, end: at + 1 });
            }
        }
        tokens.extend(word.map(|start| Token { start, end: range.end }));
        Self { text, range, tokens, at: 0, problems: Vec::new() }
    }

    pub(super) fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| &self.text[token.start..token.end])
    }

    fn peek_second(&self) -> Option<&'a str> {
        self.tokens.get(self.at + 1).map(|token| &self.text[token.start..token.end])
    }

    /// The bytes of the next token, or the end of the part.
    fn span(&self) -> Range<usize> {
        let end = self.tokens.last().map_or(self.range.start, |token| token.end);
        self.tokens.get(self.at).map_or(end..end, |token| token.start..token.end)
    }

    pub(super) fn next(&mut self) -> Option<(&'a str, Range<usize>)> {
        let (word, span) = (self.peek()?, self.span());
        self.at += 1;
        Some((word, span))
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    pub(super) fn note(&mut self, span: Range<usize>, fault: Fault) {
        self.problems.push(Problem::at(span, fault));
    }

    pub(super) fn wrong<T>(&mut self, expected: impl Into<String>) -> Result<T, Stop> {
        let got = self.peek().map_or_else(|| "the end".to_owned(), |word| format!("`{word}`"));
        self.note(self.span(), Fault::syntax(expected, got));
        Err(Stop)
    }

    /// Refuses whatever is left.
    pub(super) fn end(&mut self, after: &str) -> Result<(), Stop> {
        if self.peek().is_none() { Ok(()) } else { self.wrong(format!("the end after {after}")) }
    }

    pub(super) fn schedule(&mut self, depth: usize) -> Result<ScheduleSpec, Stop> {
        let mut spec = self.chain(depth)?;
        let mut wrapped = depth;
        while let Some(entry) = self.peek().and_then(after_word) {
            wrapped += 1;
            if wrapped > DEEPEST {
                return self.wrong("fewer schedules inside schedules");
            }
            let (_, span) = self.next().ok_or(Stop)?;
            let args = self.arguments(entry, span)?;
            spec = ScheduleSpec { name: entry.name, args, inner: Some(Box::new(spec)) };
        }
        Ok(spec)
    }

    fn chain(&mut self, depth: usize) -> Result<ScheduleSpec, Stop> {
        if depth >= DEEPEST {
            return self.wrong("fewer schedules inside schedules");
        }
        if self.eat("(") {
            let spec = self.schedule(depth + 1)?;
            return if self.eat(")") { Ok(spec) } else { self.wrong("`)`") };
        }
        let Some((name, span)) = self.next() else {
            return self.wrong("a schedule such as `cosine to 0`");
        };
        let Some(entry) = schedule::find(name) else {
            let fault = match after_word(name) {
                Some(entry) => {
                    Fault::syntax(format!("a schedule before it: `{}`", entry.example), format!("`{name}`"))
                }
                None => unknown_schedule(name),
            };
            self.note(span, fault);
            return Err(Stop);
        };
        if let Form::After(_) = entry.form {
            let fault =
                Fault::syntax(format!("it after the schedule: `{}`", entry.example), format!("`{name}`"));
            self.note(span, fault);
            return Err(Stop);
        }
        let args = self.arguments(entry, span)?;
        let mut inner = None;
        if entry.takes_inner() {
            if !self.eat("then") {
                return self.wrong(format!("`then` and another schedule: `{}`", entry.example));
            }
            inner = Some(Box::new(self.chain(depth + 1)?));
        }
        Ok(ScheduleSpec { name: entry.name, args, inner })
    }

    fn arguments(&mut self, entry: &'static Entry, name: Range<usize>) -> Result<Arguments, Stop> {
        let mut args = Arguments::new();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(word) = self.peek() {
            if word == ")" || word.eq_ignore_ascii_case("then") || after_word(word).is_some() {
                break;
            }
            let start = self.span().start;
            let Some(param) = self.parameter(entry, &seen) else {
                return self.wrong(entry_words(entry));
            };
            self.store(param, start, &mut seen, &mut args);
        }
        for param in entry.params {
            if param.default.is_none() && !seen.contains(&param.name) {
                let example = entry.example.to_owned();
                let (owner, parameter) = (entry.name.to_owned(), param.name.to_owned());
                self.note(name.clone(), Fault::Missing { owner, parameter, example });
            }
        }
        Ok(args)
    }

    /// Reads the value of `param`, checks it and keeps it, or notes what is wrong with it.
    pub(super) fn store(
        &mut self,
        param: &'static Parameter,
        start: usize,
        seen: &mut Vec<&'static str>,
        args: &mut Arguments,
    ) {
        let value = self.span().start;
        let text = self.value(param.kind);
        let end = self.tokens[..self.at].last().map_or(value, |token| token.end);
        if seen.contains(&param.name) {
            self.note(start..end, Fault::Twice { what: format!("`{}`", param.name) });
        }
        seen.push(param.name);
        match read_argument(param, &text) {
            Ok(argument) => {
                args.insert(param.name.to_owned(), argument);
            }
            Err(fault) => self.note(value.min(end)..end, fault),
        }
    }

    /// Which parameter of a schedule comes next; its keyword is passed over.
    fn parameter(&mut self, entry: &'static Entry, seen: &[&str]) -> Option<&'static Parameter> {
        let word = self.peek()?;
        for param in entry.params {
            let found = match param.keyword {
                Keyword::Word(keyword) => self.eat(keyword),
                Keyword::Bare(words) => {
                    words.iter().any(|keyword| self.eat(keyword))
                        || (!seen.contains(&param.name) && starts_duration(word))
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

    /// The text of a value of this kind, tokens joined as [`read_argument`] wants them.
    pub(super) fn value(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Durations | Kind::Numbers => {
                let mut text = self.single(kind);
                while self.eat(",") || (kind == Kind::Durations && self.eat("and")) {
                    text.push_str(", ");
                    text.push_str(&self.single(kind));
                }
                text
            }
            _ => self.single(kind),
        }
    }

    pub(super) fn single(&mut self, kind: Kind) -> String {
        // A closing bracket or `then` is never a value: it stays, for a better message.
        if self
            .peek()
            .is_none_or(|word| matches!(word, ")" | "(" | "," | "=") || word.eq_ignore_ascii_case("then"))
        {
            return String::new();
        }
        let Some((word, _)) = self.next() else { return String::new() };
        let mut text = word.to_owned();
        let more = match kind {
            Kind::Duration | Kind::Durations => {
                parse_number(word).is_some() && self.peek().is_some_and(is_unit)
            }
            Kind::Level => {
                word.eq_ignore_ascii_case("lr") || (parse_number(word).is_some() && self.peek() == Some("%"))
            }
            Kind::Number | Kind::Integer => {
                if let Some(number) = word.strip_prefix(['x', 'X', '×']) {
                    number.clone_into(&mut text);
                }
                text.is_empty()
            }
            _ => false,
        };
        if more && let Some((next, _)) = self.next() {
            let space = if next == "%" || text.is_empty() { "" } else { " " };
            text = format!("{}{space}{next}", if word.eq_ignore_ascii_case("lr") { "lr" } else { &text });
        }
        text
    }

    pub(super) fn number(&mut self, param: &'static Parameter) -> Result<f64, Stop> {
        let (mut args, start) = (Arguments::new(), self.span().start);
        self.store(param, start, &mut Vec::new(), &mut args);
        match args.remove(param.name) {
            Some(Argument::Number(number)) => Ok(number),
            _ => Err(Stop),
        }
    }
}

fn after_word(word: &str) -> Option<&'static Entry> {
    let fits = |entry: &&&Entry| matches!(entry.form, Form::After(after) if after.eq_ignore_ascii_case(word));
    SCHEDULES.iter().find(fits).copied()
}

fn is_unit(word: &str) -> bool {
    word == "%" || ["step", "steps", "epoch", "epochs"].iter().any(|unit| unit.eq_ignore_ascii_case(word))
}

fn starts_duration(word: &str) -> bool {
    is_unit(word) || word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
}

/// What may follow a schedule's name, in words.
fn entry_words(entry: &Entry) -> String {
    let words: Vec<String> = entry
        .params
        .iter()
        .map(|param| match param.keyword {
            Keyword::Named => format!("`{}=...`", param.name),
            Keyword::Bare(words) => match words.iter().find(|word| !word.is_empty()) {
                Some(word) => format!("`{word} ...`"),
                None => "a duration".to_owned(),
            },
            Keyword::Word(word) => format!("`{word} ...`"),
            Keyword::Times => "`x0.5`".to_owned(),
        })
        .chain(entry.takes_inner().then(|| "`then ...`".to_owned()))
        .collect();
    format!("{} after {}, as in `{}`", words.join(", "), entry.name, entry.example)
}

pub(super) fn unknown_schedule(name: &str) -> Fault {
    Fault::unknown("schedule", name, SCHEDULES.iter().map(|entry| entry.name))
}
