//! A formula as a list of operations, for engines whose tensors are not slices.
//!
//! [`Optimizer::trace`](super::Optimizer::trace) runs the formula once on symbols. What comes out
//! is short (SGD with momentum: four operations), holds the coefficients of one update, and is
//! carried out on any tensors by one `match`; no optimizer has to be written again for them.

use std::{
    cell::RefCell,
    ops::{Add, Div, Mul, Neg, Sub},
};

use super::Value;

/// One operation on whole tensors, element by element.
///
/// `R` is what an operand is: a [`Register`] in a [`Program`], a tensor while it is carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op<R> {
    /// The sum.
    Add(R, R),
    /// The first minus the second.
    Sub(R, R),
    /// The product.
    Mul(R, R),
    /// The first over the second.
    Div(R, R),
    /// The larger of the two; NaN where either is NaN.
    Max(R, R),
    /// The second where the first is below 0, the third where it is not; NaN where the first is NaN.
    IfNegative(R, R, R),
    /// The value with its sign turned.
    Neg(R),
    /// The size without the sign.
    Abs(R),
    /// The square root.
    Sqrt(R),
    /// 1 above zero, -1 below it, else the value itself.
    Sign(R),
    /// The value times a number, which the engine narrows to the tensor's float.
    Scale(R, f64),
    /// The value plus a number.
    Offset(R, f64),
    /// The value over a number.
    Divide(R, f64),
    /// The value, but no less than a number; NaN where it is NaN.
    AtLeast(R, f64),
    /// The value, but no more than a number; NaN where it is NaN.
    AtMost(R, f64),
    /// A number in the shape of the value.
    ReplacedBy(R, f64),
}

impl<R> Op<R> {
    /// The same operation on other operands.
    pub fn map<T>(self, mut operand: impl FnMut(R) -> T) -> Op<T> {
        match self {
            Self::Add(a, b) => Op::Add(operand(a), operand(b)),
            Self::Sub(a, b) => Op::Sub(operand(a), operand(b)),
            Self::Mul(a, b) => Op::Mul(operand(a), operand(b)),
            Self::Div(a, b) => Op::Div(operand(a), operand(b)),
            Self::Max(a, b) => Op::Max(operand(a), operand(b)),
            Self::IfNegative(a, b, c) => Op::IfNegative(operand(a), operand(b), operand(c)),
            Self::Neg(a) => Op::Neg(operand(a)),
            Self::Abs(a) => Op::Abs(operand(a)),
            Self::Sqrt(a) => Op::Sqrt(operand(a)),
            Self::Sign(a) => Op::Sign(operand(a)),
            Self::Scale(a, c) => Op::Scale(operand(a), c),
            Self::Offset(a, c) => Op::Offset(operand(a), c),
            Self::Divide(a, c) => Op::Divide(operand(a), c),
            Self::AtLeast(a, c) => Op::AtLeast(operand(a), c),
            Self::AtMost(a, c) => Op::AtMost(operand(a), c),
            Self::ReplacedBy(a, c) => Op::ReplacedBy(operand(a), c),
        }
    }
}

impl<V: Value> Op<V> {
    /// The operation carried out on plain numbers, as the fused pass does it.
    pub fn apply(self) -> V {
        match self {
            Self::Add(a, b) => a + b,
            Self::Sub(a, b) => a - b,
            Self::Mul(a, b) => a * b,
            Self::Div(a, b) => a / b,
            Self::Max(a, b) => a.max(b),
            Self::IfNegative(a, b, c) => a.if_negative(b, c),
            Self::Neg(a) => -a,
            Self::Abs(a) => a.abs(),
            Self::Sqrt(a) => a.sqrt(),
            Self::Sign(a) => a.sign(),
            Self::Scale(a, c) => a.scale(c),
            Self::Offset(a, c) => a.offset(c),
            Self::Divide(a, c) => a.divide(c),
            Self::AtLeast(a, c) => a.at_least(c),
            Self::AtMost(a, c) => a.at_most(c),
            Self::ReplacedBy(a, c) => a.replaced_by(c),
        }
    }
}

/// Names a value of a [`Program`]: 0 is the parameter, 1 its gradient, then come the slots, then
/// the result of each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register(usize);

/// One update of one parameter, as operations on whole tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    slots: usize,
    ops: Vec<Op<Register>>,
    outputs: Vec<Register>,
}

impl Program {
    /// The operations, in order.
    pub fn ops(&self) -> &[Op<Register>] {
        &self.ops
    }

    /// Carries the program out.
    ///
    /// `inputs` are the parameter, its gradient and its slots; `apply` does one operation. Returns
    /// the new parameter and the new slots.
    ///
    /// # Panics
    ///
    /// When there are more or fewer inputs than the program has.
    ///
    /// ```
    /// use lrlab_core::optimizer::{Moment, Optimizer, registry};
    ///
    /// let built = (registry::find("sgd").unwrap().build)(&Default::default()).unwrap();
    /// let at = Moment { group: &built.group, t: 0, numbers: &[] };
    /// let program = built.optimizer.trace(at).unwrap();
    /// let new = program.run(vec![1.0_f32, 10.0], |op| op.map(|value| *value).apply());
    /// assert_eq!(new, [0.99]); // 1 - 0.001 * 10
    /// ```
    pub fn run<T: Clone>(&self, inputs: Vec<T>, mut apply: impl FnMut(Op<&T>) -> T) -> Vec<T> {
        assert_eq!(inputs.len(), 2 + self.slots, "parameter, gradient and one input for each slot");
        let mut values = inputs;
        values.reserve(self.ops.len());
        for op in &self.ops {
            let result = apply(op.map(|register| &values[register.0]));
            values.push(result);
        }
        self.outputs.iter().map(|register| values[register.0].clone()).collect()
    }
}

/// Writes down what is done to its symbols.
#[derive(Debug)]
pub(super) struct Tape {
    inputs: usize,
    ops: RefCell<Vec<Op<Register>>>,
}

impl Tape {
    /// A blank tape for a parameter, its gradient and `slots` slots.
    pub(super) fn new(slots: usize) -> Self {
        Self { inputs: 2 + slots, ops: RefCell::default() }
    }

    /// The symbol of input `index`.
    pub(super) fn input(&self, index: usize) -> Trace<'_> {
        Trace { tape: self, register: Register(index) }
    }

    /// The program whose results are `outputs`: the parameter, then the slots.
    pub(super) fn finish<'a>(&'a self, outputs: impl IntoIterator<Item = Trace<'a>>) -> Program {
        Program {
            slots: self.inputs - 2,
            ops: self.ops.borrow().clone(),
            outputs: outputs.into_iter().map(|symbol| symbol.register).collect(),
        }
    }

    fn record(&self, op: Op<Register>) -> Trace<'_> {
        let mut ops = self.ops.borrow_mut();
        ops.push(op);
        Trace { tape: self, register: Register(self.inputs + ops.len() - 1) }
    }
}

/// A symbol: every operation on it is written down instead of carried out.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    tape: &'a Tape,
    register: Register,
}

impl Add for Trace<'_> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.tape.record(Op::Add(self.register, other.register))
    }
}

impl Sub for Trace<'_> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.tape.record(Op::Sub(self.register, other.register))
    }
}

impl Mul for Trace<'_> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.tape.record(Op::Mul(self.register, other.register))
    }
}

impl Div for Trace<'_> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        self.tape.record(Op::Div(self.register, other.register))
    }
}

impl Neg for Trace<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.tape.record(Op::Neg(self.register))
    }
}

impl Value for Trace<'_> {
    fn scale(self, coefficient: f64) -> Self {
        self.tape.record(Op::Scale(self.register, coefficient))
    }

    fn offset(self, coefficient: f64) -> Self {
        self.tape.record(Op::Offset(self.register, coefficient))
    }

    fn divide(self, coefficient: f64) -> Self {
        self.tape.record(Op::Divide(self.register, coefficient))
    }

    fn sqrt(self) -> Self {
        self.tape.record(Op::Sqrt(self.register))
    }

    fn max(self, other: Self) -> Self {
        self.tape.record(Op::Max(self.register, other.register))
    }

    fn abs(self) -> Self {
        self.tape.record(Op::Abs(self.register))
    }

    fn sign(self) -> Self {
        self.tape.record(Op::Sign(self.register))
    }

    fn if_negative(self, then: Self, otherwise: Self) -> Self {
        self.tape.record(Op::IfNegative(self.register, then.register, otherwise.register))
    }

    fn at_least(self, bound: f64) -> Self {
        self.tape.record(Op::AtLeast(self.register, bound))
    }

    fn at_most(self, bound: f64) -> Self {
        self.tape.record(Op::AtMost(self.register, bound))
    }

    fn replaced_by(self, number: f64) -> Self {
        self.tape.record(Op::ReplacedBy(self.register, number))
    }
}
