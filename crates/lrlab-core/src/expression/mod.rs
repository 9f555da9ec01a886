//! A factor as a function of time, written down: `0.5 * (1 + cos(pi * t / T))`.
//!
//! The data form of the functions that PyTorch's `LambdaLR` and `MultiplicativeLR` take.
//!
//! ```text
//! expression = value [ "if" value "else" expression ]         a if c else b, as in Python
//! value      = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]          gives 1 or 0
//! sum        = product { ( "+" | "-" ) product }
//! product    = signed { ( "*" | "/" | "//" | "%" ) signed }
//! signed     = ( "-" | "+" ) signed | power
//! power      = atom [ ( "^" | "**" ) signed ]
//! atom       = number | "t" | "T" | "pi" | "e" | "(" expression ")"
//!            | "if" "(" expression "," expression "," expression ")"
//!            | function "(" expression { "," expression } ")"
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | t | updates since the expression's own start | steps |
//! | T | updates that it has in all | steps |
//!
//! Functions are sqrt, exp, ln (or log), log2, log10, sin, cos, tan, tanh, abs, floor, ceil, round
//! (half to even), min, max and pow, each also with `math.` before it, as are pi and e.
//!
//! Differences from the same text in Python: every number is an f64, so that `2 ** 70` is rounded;
//! dividing by 0, a logarithm of 0 and an overflow give an infinity or NaN instead of an exception
//! ([`Expression::check_factor`] finds them); `1 < t < 5` is refused; min and max need two values.

use std::{fmt, ops::Range, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::spec::{Fault, SpecError};

mod lambda;
mod print;
mod program;
mod read;
mod tree;

use program::Program;
use tree::Node;

/// A function of t and T, read from text once and then evaluated without allocating.
///
/// ```
/// use lrlab_core::Expression;
/// let cosine: Expression = "(1 + math.cos(math.pi * t / T)) / 2".parse()?;
/// assert_eq!(cosine.value(50.0, 100.0), 0.5);
/// assert_eq!(cosine.to_string(), "(1 + cos(pi * t / T)) / 2");
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    tree: Node,
    program: Program,
}

/// The most steps over which [`Expression::check_factor`] looks at every one.
pub const MOST_CHECKED_STEPS: u64 = 4_194_304;

/// The largest factor that [`Expression::check_factor`] lets by.
pub const LARGEST_FACTOR: f64 = 1e30;

impl Expression {
    /// Reads an expression; what is wrong comes with the bytes of `text` that it is about.
    ///
    /// Refused are texts over 8192 bytes, over 128 numbers, names and operations, or over 32 of them
    /// inside each other.
    pub fn read(text: &str) -> Result<Self, (Range<usize>, Fault)> {
        read::read(text).map(Self::of)
    }

    fn of(tree: Node) -> Self {
        let program = Program::of(&tree);
        Self { tree, program }
    }

    /// The value after `t` of `total` steps. NaN or an infinity where mathematics has no number.
    pub fn value(&self, t: f64, total: f64) -> f64 {
        self.program.run(t, total)
    }

    /// Whether the expression uses T, so that it needs to know how many steps it has in all.
    pub fn uses_total(&self) -> bool {
        self.tree.uses_total()
    }

    /// Checks that the value is a factor for a rate, finite and from 0 to 1e30, at every whole t in
    /// `0..=total`; names the first that is not.
    ///
    /// Refuses to check more than [`MOST_CHECKED_STEPS`].
    pub fn check_factor(&self, total: u64) -> Result<(), Fault> {
        if total > MOST_CHECKED_STEPS {
            return Err(Fault::refused(format!(
                "`{self}` cannot be checked at each of {total} steps, {MOST_CHECKED_STEPS} are the most: \
                 let it count epochs instead of steps, or name a schedule such as `cosine` or `exponential`"
            )));
        }
        for t in 0..=total {
            let value = self.value(t as f64, total as f64);
            if !(0.0..=LARGEST_FACTOR).contains(&value) {
                return Err(Fault::value(
                    format!("factor `{self}` at t = {t} of T = {total}"),
                    value.to_string(),
                    "a finite number from 0 to 1e30 at every step; `max(0, ...)` or `if(t < 1, ..., ...)` may help",
                ));
            }
        }
        Ok(())
    }
}

impl FromStr for Expression {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        Self::read(text).map_err(|(span, fault)| SpecError::at(text, span, fault))
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Expression;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the text of {}", read::EXAMPLE)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Expression, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
