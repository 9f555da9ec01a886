//! A schedule as Python code for PyTorch.

/// The rates of a schedule as PyTorch code.
///
/// Factors are Python expressions for `rate / base`, with `{t}` where the updates made since the
/// schedule's (or the part's) own start stand.
#[derive(Clone, Debug, PartialEq)]
pub struct TorchForm {
    /// The whole as one expression.
    pub factor: String,
    /// The same as schedulers that follow one another.
    pub parts: Vec<Part>,
}

/// One of several schedulers that follow one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Updates before its start.
    pub from: u64,
    /// A constructor of PyTorch that gives its rates, if one does.
    pub class: Option<String>,
    /// Its rates as an expression.
    pub factor: String,
    /// What a reader of the code should know.
    pub note: Option<String>,
}

impl TorchForm {
    /// A form of one part.
    pub fn single(factor: String, class: Option<String>) -> Self {
        let part = Part { from: 0, class, factor: factor.clone(), note: None };
        Self { factor, parts: vec![part] }
    }

    /// This form's parts, then those of `next` from `start` on.
    pub fn then(mut self, start: u64, next: Self) -> Self {
        let later = at(&next.factor, &format!("({{t}} - {start})"));
        self.factor = format!("({} if {{t}} < {start} else {later})", self.factor);
        self.parts.retain(|part| part.from < start);
        self.parts.extend(
            next.parts.into_iter().map(|part| Part { from: part.from.saturating_add(start), ..part }),
        );
        self
    }
}

/// The expression with `t` put in for the updates made.
pub(crate) fn at(factor: &str, t: &str) -> String {
    factor.replace("{t}", t)
}
