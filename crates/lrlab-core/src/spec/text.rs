//! Schedules as one line of text, read by the words that the registry gives.
//!
//! ```text
//! schedule  = chain { AFTER-WORD arguments }           cosine to 0 stepped each epoch
//! chain     = "(" schedule ")"
//!           | NAME arguments                           step every 5 epochs x0.5
//!           | NAME arguments "then" chain              warmup 5% then cosine to 0
//! ```

use std::ops::Range;

use super::{
    Fault, Problem,
    named_text::quoted_len,
    read_argument,
    schedule_text::{after_word, is_border},
};
use crate::{
    expression::Expression,
    horizon::parse_number,
    registry::{Argument, Arguments, Kind, Parameter},
};

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
    pub(super) at: usize,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, range: Range<usize>) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut word = None;
        let part = &text[range.clone()];
        let mut quoted_to = 0;
        for (at, c) in part.char_indices().map(|(at, c)| (range.start + at, c)) {
            if at < quoted_to {
                continue;
            }
            if c == '"' && word.is_none() {
                let rest = &text[at + 1..range.end];
                quoted_to = at + 1 + quoted_len(rest).unwrap_or(rest.len());
                word = Some(at);
                continue;
            }
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

    pub(super) fn peek_second(&self) -> Option<&'a str> {
        self.tokens.get(self.at + 1).map(|token| &self.text[token.start..token.end])
    }

    /// The bytes of the next token, or the end of the part.
    pub(super) fn span(&self) -> Range<usize> {
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
        let misread = if param.kind == Kind::Expression { Expression::read(&text).err() } else { None };
        match (misread, read_argument(param, &text)) {
            (Some((span, fault)), _) if !text.is_empty() => {
                self.note(value + span.start..value + span.end, fault);
            }
            (_, Ok(argument)) => {
                args.insert(param.name.to_owned(), argument);
            }
            (_, Err(fault)) => self.note(value.min(end)..end, fault),
        }
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
            Kind::Expression => self.expression(),
            Kind::Points => {
                let mut text = self.point();
                while self.eat(",") {
                    text.push_str(", ");
                    text.push_str(&self.point());
                }
                text
            }
            _ => self.single(kind),
        }
    }

    /// Everything up to a word that cannot belong to an expression.
    fn expression(&mut self) -> String {
        let (start, mut end, mut depth) = (self.span().start, self.span().start, 0_u32);
        while let Some(word) = self.peek() {
            // `floor` is a function here, if brackets follow.
            let function = self.peek_second() == Some("(") && after_word(word).is_some();
            if depth == 0 && !function && (is_border(word) || is_every(word)) {
                break;
            }
            depth = if word == "(" { depth + 1 } else { depth.saturating_sub(u32::from(word == ")")) };
            end = self.span().end;
            self.at += 1;
        }
        self.text[start..end].to_owned()
    }

    /// `10% at 5 epochs`, as far as it is there.
    fn point(&mut self) -> String {
        let level = self.single(Kind::Level);
        if self.eat("at") { format!("{level} at {}", self.single(Kind::Duration)) } else { level }
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
            Kind::Level => is_own_rate(word) || (parse_number(word).is_some() && self.peek() == Some("%")),
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
            text = format!("{text}{space}{next}");
            if kind == Kind::Level {
                text.make_ascii_lowercase();
            }
        }
        text
    }

    pub(super) fn number(&mut self, param: &'static Parameter) -> Result<f64, Stop> {
        match self.argument(param)? {
            Argument::Number(number) => Ok(number),
            _ => Err(Stop),
        }
    }

    /// The value of `param`, which is what comes next.
    pub(super) fn argument(&mut self, param: &'static Parameter) -> Result<Argument, Stop> {
        let (mut args, start) = (Arguments::new(), self.span().start);
        self.store(param, start, &mut Vec::new(), &mut args);
        args.remove(param.name).ok_or(Stop)
    }
}

pub(super) fn is_unit(word: &str) -> bool {
    word == "%" || ["step", "steps", "epoch", "epochs"].iter().any(|unit| unit.eq_ignore_ascii_case(word))
}

pub(super) fn starts_duration(word: &str) -> bool {
    is_unit(word) || word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
}

/// Whether a level that is no share begins with this word.
pub(super) fn is_own_rate(word: &str) -> bool {
    word.eq_ignore_ascii_case("lr") || word.eq_ignore_ascii_case("value")
}

/// Whether an expression ends here, and what it counts follows.
fn is_every(word: &str) -> bool {
    word.eq_ignore_ascii_case("every") || word.eq_ignore_ascii_case("each")
}
