//! Expressions as Python's `lambda`, the form in which `LambdaLR` takes them.

use std::ops::Range;

use super::{
    Expression,
    read::{is_word, read_body},
};
use crate::spec::Fault;

const FORM: &str = "a function of one parameter such as `lambda epoch: 0.95 ** epoch`";

impl Expression {
    /// Reads `lambda epoch: 0.95 ** epoch`; its parameter, whatever its name, becomes t.
    ///
    /// What is wrong comes with the bytes of `text` that it is about. Names of other variables are
    /// refused: what they hold is not in the text. T has no name there.
    pub fn from_python_lambda(text: &str) -> Result<Self, (Range<usize>, Fault)> {
        let wrong = |at: usize, expected: &str| {
            let rest = &text[at..];
            let at = at + rest.len() - rest.trim_start().len();
            let word = text[at..].split_whitespace().next().unwrap_or_default();
            let got = match word.chars().take(40).collect::<String>() {
                word if word.is_empty() => "the end".to_owned(),
                word => format!("`{word}`"),
            };
            Err((at..at + word.len(), Fault::syntax(expected, got)))
        };
        let inside =
            text.trim_start().strip_prefix("lambda").filter(|rest| rest.starts_with(char::is_whitespace));
        let Some(rest) = inside.map(str::trim_start) else { return wrong(0, FORM) };
        let start = text.len() - rest.len();
        let name = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let reserved = ["if", "else", "lambda", "and", "or", "not"].contains(&name);
        if reserved || !name.starts_with(|c: char| is_word(c) && !c.is_ascii_digit()) {
            return wrong(start, "the name of the parameter");
        }
        let colon = rest[name.len()..].trim_start();
        let at = text.len() - colon.len();
        if !colon.starts_with(':') {
            return wrong(at, "`:` after the only parameter");
        }
        read_body(text, at + 1, name, None).map(Self::of)
    }

    /// The expression as a Python lambda of t, for a training of `total` steps.
    ///
    /// ```
    /// use lrlab_core::Expression;
    /// let linear: Expression = "1 - t / T".parse()?;
    /// assert_eq!(linear.to_python_lambda(500), "lambda t: 1.0 - t / 500.0");
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn to_python_lambda(&self, total: u64) -> String {
        format!("lambda t: {}", self.python("t", &format!("{total}.0")))
    }
}
