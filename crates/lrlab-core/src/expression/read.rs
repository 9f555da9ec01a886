//! Reads an expression, character by character.

use std::ops::Range;

use super::tree::{FUNCTIONS, Level, Name, Node, Operator};
use crate::{horizon::parse_number, spec::Fault};

/// What is wrong, and which bytes it is about.
pub(super) type Misread = (Range<usize>, Fault);

/// For messages.
pub(super) const EXAMPLE: &str = "an expression such as `0.95 ^ t`";

/// Far more than any schedule needs, few enough for any stack: what is inside what, and how many
/// numbers, names and operations there are.
pub(super) const DEEPEST: usize = 32;
const MOST_NODES: usize = 128;
/// No tree of so many nodes prints as more, so that whatever was read can be printed and read again.
const LONGEST: usize = 8192;
/// A level of the tree opens at most two when read: a sign and a bracket.
const DEEPEST_NESTING: usize = 2 * DEEPEST;

const OPERATORS: &[Operator] = &[
    // Longer ones first, so that `<=` is not read as `<`.
    Operator::LessOrEqual,
    Operator::MoreOrEqual,
    Operator::Equal,
    Operator::NotEqual,
    Operator::FloorDivide,
    Operator::Less,
    Operator::More,
    Operator::Add,
    Operator::Subtract,
    Operator::Multiply,
    Operator::Divide,
    Operator::Remainder,
];

pub(super) fn read(text: &str) -> Result<Node, Misread> {
    read_body(text, 0, "t", Some("T"))
}

/// Reads all of `text` from byte `at` on. `step` and `total` are what t and T are called there.
pub(super) fn read_body(text: &str, at: usize, step: &str, total: Option<&str>) -> Result<Node, Misread> {
    if text.len() > LONGEST {
        let why = format!("an expression of {} bytes is too long, {LONGEST} are the most", text.len());
        return Err((0..text.len(), Fault::refused(why)));
    }
    let mut reader = Reader { text, at, nesting: 0, nodes: 0, step, total };
    let node = reader.expression()?;
    if reader.next().is_some() {
        return reader.wrong("an operator or the end");
    }
    Ok(node)
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nesting: usize,
    nodes: usize,
    step: &'a str,
    total: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character that is no space; it is read on from there.
    fn next(&mut self) -> Option<char> {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.rest().chars().next()
    }

    fn eat(&mut self, symbol: &str) -> bool {
        self.next();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    /// The word that stands here, `math.` and all; empty where none does.
    fn word(&mut self) -> &'a str {
        let begins = self.next().is_some_and(|c| is_word(c) && !c.is_ascii_digit());
        let length = self.rest().find(|c: char| !is_word(c) && c != '.').unwrap_or(self.rest().len());
        if begins { &self.rest()[..length] } else { "" }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn wrong<T>(&mut self, expected: &str) -> Result<T, Misread> {
        let word = self.word();
        let fault = match (word, self.next()) {
            ("and" | "or" | "not", _) => Fault::refused(format!(
                "`{word}` is not known here: comparisons give 1 or 0, so write `(t > 5) * (t < 10)` for \
                 and, `max(t < 5, t > 10)` for or, `1 - (t > 5)` for not"
            )),
            (_, None) => Fault::syntax(expected, "the end"),
            (_, Some('=')) => Fault::syntax(format!("{expected} (`==` compares)"), "`=`"),
            ("", Some(c)) => Fault::syntax(expected, format!("`{c}`")),
            _ => {
                let shown: String = word.chars().take(40).collect();
                Fault::syntax(expected, format!("`{shown}`"))
            }
        };
        let length = word.len().max(self.next().map_or(0, char::len_utf8));
        Err((self.at..self.at + length, fault))
    }

    /// Reads something inside brackets, a sign or another such thing.
    fn nested(&mut self, part: fn(&mut Self) -> Result<Node, Misread>) -> Result<Node, Misread> {
        if self.nesting == DEEPEST_NESTING {
            return self.wrong("fewer brackets inside brackets");
        }
        self.nesting += 1;
        let node = part(self)?;
        self.nesting -= 1;
        Ok(node)
    }

    /// Counts a node that began at byte `start`, and holds it against the limits.
    fn grown(&mut self, start: usize, node: Node) -> Result<Node, Misread> {
        self.nodes += 1;
        let why = if self.nodes > MOST_NODES {
            format!("over {MOST_NODES} numbers, names and operations are too many for one expression")
        } else if node.depth() > DEEPEST {
            format!(
                "over {DEEPEST} operations inside each other are too deep; brackets make a long sum flatter, \
                 `(a + b) + (c + d)`"
            )
        } else {
            return Ok(node);
        };
        Err((start..self.at, Fault::refused(why)))
    }

    fn expression(&mut self) -> Result<Node, Misread> {
        self.next();
        let start = self.at;
        let value = self.binary(Level::Comparison)?;
        if !self.eat_word("if") {
            return Ok(value);
        }
        let condition = self.binary(Level::Comparison)?;
        if !self.eat_word("else") {
            return self.wrong("`else` and the other value");
        }
        let other = self.nested(Self::expression)?;
        self.grown(start, Node::Choice(Box::new([condition, value, other])))
    }

    /// Operators that bind as tightly as `level` or more; of equals, the left one first.
    fn binary(&mut self, level: Level) -> Result<Node, Misread> {
        self.next();
        let start = self.at;
        let mut left = self.signed()?;
        let mut compared = false;
        while let Some(operator) = self.operator().filter(|operator| operator.level() >= level) {
            if operator.level() == Level::Comparison {
                if compared {
                    return self.wrong("one comparison (write `(a < b) * (b < c)` for a < b < c)");
                }
                compared = true;
            }
            self.at += operator.symbol().len();
            let right = self.binary(operator.sides()[1])?;
            left = self.grown(start, Node::Binary(operator, Box::new([left, right])))?;
        }
        Ok(left)
    }

    fn operator(&mut self) -> Option<Operator> {
        self.next();
        OPERATORS.iter().copied().find(|operator| self.rest().starts_with(operator.symbol()))
    }

    fn signed(&mut self) -> Result<Node, Misread> {
        self.next();
        let start = self.at;
        if self.eat("+") {
            self.nested(Self::signed)
        } else if self.eat("-") {
            let value = self.nested(Self::signed)?;
            self.grown(start, Node::Negative(Box::new(value)))
        } else {
            self.power()
        }
    }

    fn power(&mut self) -> Result<Node, Misread> {
        self.next();
        let start = self.at;
        let base = self.atom()?;
        if !(self.eat("^") || self.eat("**")) {
            return Ok(base);
        }
        let exponent = self.nested(Self::signed)?;
        self.grown(start, Node::Binary(Operator::Power, Box::new([base, exponent])))
    }

    fn atom(&mut self) -> Result<Node, Misread> {
        match self.next() {
            Some('(') => {
                self.at += 1;
                let inner = self.nested(Self::expression)?;
                if self.eat(")") { Ok(inner) } else { self.wrong("an operator or `)`") }
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if is_word(c) => self.named(),
            _ => self.wrong(if self.at == 0 { EXAMPLE } else { "a number, a name or `(`" }),
        }
    }

    fn number(&mut self) -> Result<Node, Misread> {
        let start = self.at;
        let rest = self.rest();
        let digits = |from: usize| {
            let end = rest[from..].find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_')));
            end.map_or(rest.len(), |length| from + length)
        };
        let mut end = digits(0);
        if let Some(exponent) = rest[end..].strip_prefix(['e', 'E']) {
            let sign = usize::from(exponent.starts_with(['-', '+']));
            if exponent[sign..].starts_with(|c: char| c.is_ascii_digit()) {
                end = digits(end + 1 + sign);
            }
        }
        self.at += end;
        if let Some(value) = parse_number(&rest[..end]) {
            return self.grown(start, Node::Number(value));
        }
        let shown: String = rest[..end].chars().take(40).collect();
        Err((start..self.at, Fault::syntax("a finite number", format!("`{shown}`"))))
    }

    /// A variable, a constant, or a function with its arguments.
    fn named(&mut self) -> Result<Node, Misread> {
        let start = self.at;
        let word = self.word();
        let span = start..start + word.len();
        self.at = span.end;
        let plain = word.strip_prefix("math.").unwrap_or(word);
        let name = match plain {
            _ if word == self.step => Some(Name::Step),
            _ if Some(word) == self.total => Some(Name::Total),
            "pi" => Some(Name::Pi),
            "e" => Some(Name::E),
            _ => None,
        };
        if let Some(name) = name {
            return self.grown(start, Node::Name(name));
        }
        let function = FUNCTIONS.iter().find(|(own, ..)| *own == plain || (plain == "log" && *own == "ln"));
        if function.is_none() && !matches!(plain, "pow" | "if") {
            return Err((span, self.unknown(word)));
        }
        if !self.eat("(") {
            return self.wrong(&format!("`(` after `{word}`"));
        }
        let arguments = self.arguments()?;
        let count = arguments.len();
        let (needed, node) = match function {
            Some((.., function)) if function.takes_many() => {
                ("2 values or more", (count >= 2).then_some(Node::Call(*function, arguments)))
            }
            Some((.., function)) => ("1 value", (count == 1).then_some(Node::Call(*function, arguments))),
            None if plain == "pow" => {
                let sides = <[Node; 2]>::try_from(arguments).ok();
                ("2 values", sides.map(|sides| Node::Binary(Operator::Power, Box::new(sides))))
            }
            None => {
                let parts = <[Node; 3]>::try_from(arguments).ok();
                ("3: `if(condition, value, other)`", parts.map(|parts| Node::Choice(Box::new(parts))))
            }
        };
        match node {
            Some(node) => self.grown(start, node),
            None => Err((
                start..self.at,
                Fault::value(format!("number of values for {word}"), count.to_string(), needed),
            )),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>, Misread> {
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.nested(Self::expression)?);
            if self.eat(")") {
                return Ok(arguments);
            }
            if !self.eat(",") {
                return self.wrong("an operator, `,` or `)`");
            }
        }
    }

    fn unknown(&mut self, word: &str) -> Fault {
        let functions = FUNCTIONS.iter().map(|(own, ..)| *own).chain(["log", "pow", "if"]);
        if self.next() == Some('(') {
            return Fault::unknown("function", word, functions);
        }
        let names = [Some(self.step), self.total, Some("pi"), Some("e")];
        Fault::unknown("name", word, names.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_and_operator_is_read() {
        for (own, python, function) in FUNCTIONS {
            let values = if function.takes_many() { "(t, T)" } else { "(t)" };
            for name in [*own, python] {
                let node = read(&format!("{name}{values}")).unwrap();
                assert!(matches!(node, Node::Call(found, _) if found == *function), "{name}");
            }
            assert_eq!(function.names(), (*own, *python));
        }
        assert_eq!(read("log(t)"), read("ln(t)"));
        for operator in OPERATORS.iter().copied().chain([Operator::Power]) {
            let node = read(&format!("t{}T", operator.symbol())).unwrap();
            assert!(matches!(node, Node::Binary(found, _) if found == operator), "{operator:?}");
        }
    }
}
