//! What an expression is made of.

/// An expression as a tree. Numbers are finite and 0 or more: a sign is an operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Number(f64),
    Name(Name),
    Negative(Box<Node>),
    /// The operator with its left and right side.
    Binary(Operator, Box<[Node; 2]>),
    /// Condition, value where it is not 0, value where it is 0.
    Choice(Box<[Node; 3]>),
    /// One argument, or two and more for `min` and `max`.
    Call(Function, Vec<Node>),
}

/// A value that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Step,
    Total,
    Pi,
    E,
}

/// What stands between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    Equal,
    NotEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

/// What stands before brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Sqrt,
    Exp,
    Ln,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Tanh,
    Abs,
    Floor,
    Ceil,
    Round,
    Min,
    Max,
}

/// How tightly the parts of an expression hold together, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Python's `a if c else b`.
    Choice,
    Comparison,
    Sum,
    Product,
    Signed,
    Power,
    Atom,
}

/// Every function: its name here, its name in Python, and what it is.
pub(super) const FUNCTIONS: &[(&str, &str, Function)] = &[
    ("sqrt", "math.sqrt", Function::Sqrt),
    ("exp", "math.exp", Function::Exp),
    ("ln", "math.log", Function::Ln),
    ("log2", "math.log2", Function::Log2),
    ("log10", "math.log10", Function::Log10),
    ("sin", "math.sin", Function::Sin),
    ("cos", "math.cos", Function::Cos),
    ("tan", "math.tan", Function::Tan),
    ("tanh", "math.tanh", Function::Tanh),
    ("abs", "abs", Function::Abs),
    ("floor", "math.floor", Function::Floor),
    ("ceil", "math.ceil", Function::Ceil),
    ("round", "round", Function::Round),
    ("min", "min", Function::Min),
    ("max", "max", Function::Max),
];

impl Function {
    /// Its names here and in Python.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        FUNCTIONS
            .iter()
            .find(|(.., function)| *function == self)
            .map_or(("", ""), |(own, python, _)| (own, python))
    }

    /// Whether it takes two values or more instead of one.
    pub(super) fn takes_many(self) -> bool {
        matches!(self, Self::Min | Self::Max)
    }
}

impl Operator {
    /// As it is written, `^` for powers.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::More => ">",
            Self::MoreOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "^",
        }
    }

    /// How tightly it binds.
    pub(super) fn level(self) -> Level {
        match self {
            Self::Add | Self::Subtract => Level::Sum,
            Self::Multiply | Self::Divide | Self::FloorDivide | Self::Remainder => Level::Product,
            Self::Power => Level::Power,
            _ => Level::Comparison,
        }
    }

    /// How tightly its left and right side must hold together to stand there without brackets.
    pub(super) fn sides(self) -> [Level; 2] {
        match self.level() {
            Level::Sum => [Level::Sum, Level::Product],
            Level::Product => [Level::Product, Level::Signed],
            Level::Power => [Level::Atom, Level::Signed],
            _ => [Level::Sum, Level::Sum],
        }
    }
}

impl Node {
    /// The parts right inside this one.
    pub(super) fn parts(&self) -> &[Node] {
        match self {
            Self::Number(_) | Self::Name(_) => &[],
            Self::Negative(value) => std::slice::from_ref(value),
            Self::Binary(_, sides) => &sides[..],
            Self::Choice(parts) => &parts[..],
            Self::Call(_, arguments) => arguments,
        }
    }

    /// How many parts are inside each other; 1 for a number or a name.
    pub(super) fn depth(&self) -> usize {
        1 + self.parts().iter().map(Self::depth).max().unwrap_or(0)
    }

    pub(super) fn uses_total(&self) -> bool {
        *self == Self::Name(Name::Total) || self.parts().iter().any(Self::uses_total)
    }
}
