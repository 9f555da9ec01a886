//! Prints an expression with as few brackets as its tree needs, here and in Python.

use std::fmt::{self, Write};

use super::{
    Expression,
    tree::{Level, Name, Node, Operator},
};
use crate::{horizon::number_text, spec::float_text};

/// Which words and signs are used.
#[derive(Clone, Copy)]
enum Language<'a> {
    Own,
    /// With what stands for t and T.
    Python(&'a str, &'a str),
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Language::Own.write(f, &self.tree, Level::Choice)
    }
}

impl Expression {
    /// The same expression as Python source that needs `import math` and nothing else.
    ///
    /// `t` and `total` stand for t and T; anything but a name or a number gets brackets. Numbers are
    /// written as floats, so that Python computes in f64 as lrlab does.
    pub fn python(&self, t: &str, total: &str) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = Language::Python(t, total).write(&mut text, &self.tree, Level::Choice);
        text
    }
}

impl Language<'_> {
    /// Writes `node` where what binds looser than `least` needs brackets.
    fn write(self, out: &mut dyn Write, node: &Node, least: Level) -> fmt::Result {
        let bare = self.level(node) >= least;
        if !bare {
            out.write_char('(')?;
        }
        self.write_bare(out, node)?;
        if bare { Ok(()) } else { out.write_char(')') }
    }

    fn level(self, node: &Node) -> Level {
        match node {
            Node::Negative(_) => Level::Signed,
            Node::Binary(operator, _) => operator.level(),
            Node::Choice(_) if matches!(self, Self::Python(..)) => Level::Choice,
            _ => Level::Atom,
        }
    }

    fn write_bare(self, out: &mut dyn Write, node: &Node) -> fmt::Result {
        match (node, self) {
            (Node::Number(value), Self::Own) => out.write_str(&number_text(*value)),
            (Node::Number(value), Self::Python(..)) => out.write_str(&float_text(*value)),
            (Node::Name(name), _) => self.write_name(out, *name),
            (Node::Negative(value), _) => {
                out.write_char('-')?;
                self.write(out, value, Level::Signed)
            }
            (Node::Binary(operator, sides), _) => {
                let symbol = match (operator, self) {
                    (Operator::Power, Self::Python(..)) => "**",
                    _ => operator.symbol(),
                };
                let [left, right] = operator.sides();
                self.write(out, &sides[0], left)?;
                write!(out, " {symbol} ")?;
                self.write(out, &sides[1], right)
            }
            (Node::Choice(parts), Self::Own) => self.write_call(out, "if", &parts[..]),
            (Node::Choice(parts), Self::Python(..)) => {
                self.write(out, &parts[1], Level::Comparison)?;
                out.write_str(" if ")?;
                self.write(out, &parts[0], Level::Comparison)?;
                out.write_str(" else ")?;
                self.write(out, &parts[2], Level::Choice)
            }
            (Node::Call(function, arguments), Self::Own) => {
                self.write_call(out, function.names().0, arguments)
            }
            (Node::Call(function, arguments), Self::Python(..)) => {
                self.write_call(out, function.names().1, arguments)
            }
        }
    }

    fn write_call(self, out: &mut dyn Write, name: &str, arguments: &[Node]) -> fmt::Result {
        write!(out, "{name}(")?;
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                out.write_str(", ")?;
            }
            self.write(out, argument, Level::Choice)?;
        }
        out.write_char(')')
    }

    fn write_name(self, out: &mut dyn Write, name: Name) -> fmt::Result {
        let text = match (name, self) {
            (Name::Step, Self::Own) => "t",
            (Name::Total, Self::Own) => "T",
            (Name::Pi, Self::Own) => "pi",
            (Name::E, Self::Own) => "e",
            (Name::Pi, Self::Python(..)) => "math.pi",
            (Name::E, Self::Python(..)) => "math.e",
            (Name::Step, Self::Python(text, _)) | (Name::Total, Self::Python(_, text)) => text,
        };
        if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            out.write_str(text)
        } else {
            write!(out, "({text})")
        }
    }
}
