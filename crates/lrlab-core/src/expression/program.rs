//! An expression as a flat program over a small stack: nothing is allocated when it runs.

use std::f64::consts;

use super::{
    read::DEEPEST,
    tree::{Function, Name, Node, Operator},
};

/// What to do, in order. The last value computed is held apart from the stack of those before it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program(Box<[Act]>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Number(f64),
    Step,
    Total,
    Negative,
    /// On the last two values.
    Binary(Operator),
    Min,
    Max,
    /// On the last value.
    Call(Function),
    /// Drops the last value, and goes on at this act if it is 0.
    Unless(usize),
    /// Goes on at this act.
    Jump(usize),
}

impl Program {
    pub(super) fn of(tree: &Node) -> Self {
        let mut acts = Vec::new();
        append(&mut acts, tree);
        Self(acts.into())
    }

    pub(super) fn run(&self, t: f64, total: f64) -> f64 {
        // A part needs one place more than the deepest part inside it, at most.
        let mut stack = [0.0; DEEPEST];
        let (mut held, mut last, mut at) = (0, 0.0, 0);
        while let Some(act) = self.0.get(at) {
            at += 1;
            match *act {
                Act::Number(_) | Act::Step | Act::Total => {
                    stack[held % DEEPEST] = last;
                    held += 1;
                    last = match *act {
                        Act::Number(value) => value,
                        Act::Step => t,
                        _ => total,
                    };
                }
                Act::Negative => last = -last,
                Act::Call(function) => last = call(function, last),
                Act::Binary(operator) => {
                    held -= 1;
                    last = binary(operator, stack[held % DEEPEST], last);
                }
                // As Python's: the first of equals, and the first where they cannot be compared.
                Act::Min | Act::Max => {
                    held -= 1;
                    let first = stack[held % DEEPEST];
                    let replaces = if *act == Act::Min { last < first } else { last > first };
                    last = if replaces { last } else { first };
                }
                Act::Unless(otherwise) => {
                    if last == 0.0 {
                        at = otherwise;
                    }
                    held -= 1;
                    last = stack[held % DEEPEST];
                }
                Act::Jump(end) => at = end,
            }
        }
        last
    }
}

fn append(acts: &mut Vec<Act>, node: &Node) {
    match node {
        Node::Number(value) => acts.push(Act::Number(*value)),
        Node::Name(Name::Step) => acts.push(Act::Step),
        Node::Name(Name::Total) => acts.push(Act::Total),
        Node::Name(Name::Pi) => acts.push(Act::Number(consts::PI)),
        Node::Name(Name::E) => acts.push(Act::Number(consts::E)),
        Node::Negative(value) => {
            append(acts, value);
            acts.push(Act::Negative);
        }
        Node::Binary(operator, sides) => {
            append(acts, &sides[0]);
            append(acts, &sides[1]);
            acts.push(Act::Binary(*operator));
        }
        Node::Choice(parts) => {
            append(acts, &parts[0]);
            let unless = acts.len();
            acts.push(Act::Unless(0));
            append(acts, &parts[1]);
            let jump = acts.len();
            acts.push(Act::Jump(0));
            acts[unless] = Act::Unless(acts.len());
            append(acts, &parts[2]);
            acts[jump] = Act::Jump(acts.len());
        }
        Node::Call(function, arguments) => {
            for (index, argument) in arguments.iter().enumerate() {
                append(acts, argument);
                match function {
                    Function::Min if index > 0 => acts.push(Act::Min),
                    Function::Max if index > 0 => acts.push(Act::Max),
                    Function::Min | Function::Max => {}
                    _ => acts.push(Act::Call(*function)),
                }
            }
        }
    }
}

fn call(function: Function, x: f64) -> f64 {
    match function {
        Function::Sqrt => x.sqrt(),
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Log2 => x.log2(),
        Function::Log10 => x.log10(),
        Function::Sin => x.sin(),
        Function::Cos => x.cos(),
        Function::Tan => x.tan(),
        Function::Tanh => x.tanh(),
        Function::Abs => x.abs(),
        Function::Floor => x.floor(),
        Function::Ceil => x.ceil(),
        Function::Round => x.round_ties_even(),
        Function::Min | Function::Max => x,
    }
}

fn binary(operator: Operator, x: f64, y: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match operator {
        Operator::Less => truth(x < y),
        Operator::LessOrEqual => truth(x <= y),
        Operator::More => truth(x > y),
        Operator::MoreOrEqual => truth(x >= y),
        Operator::Equal => truth(x == y),
        Operator::NotEqual => truth(x != y),
        Operator::Add => x + y,
        Operator::Subtract => x - y,
        Operator::Multiply => x * y,
        Operator::Divide => x / y,
        Operator::FloorDivide => floored_quotient(x, y),
        Operator::Remainder => floored_remainder(x, y),
        Operator::Power => x.powf(y),
    }
}

/// `x - y * floor(x / y)`, exact, with the sign of y.
fn floored_remainder(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if remainder == 0.0 {
        0.0_f64.copysign(y)
    } else if (remainder < 0.0) == (y < 0.0) {
        remainder
    } else {
        remainder + y
    }
}

/// `floor(x / y)` of the exact quotient; the plain x / y may have been rounded up to a whole number.
fn floored_quotient(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        return x / y;
    }
    let remainder = x % y;
    let below = remainder != 0.0 && (remainder < 0.0) != (y < 0.0);
    let whole = (x - remainder) / y - f64::from(u8::from(below));
    if whole == 0.0 { 0.0_f64.copysign(x / y) } else { whole.round_ties_even() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotient_and_remainder_are_floored_as_in_python() {
        let cases = [
            (7.0, 3.0, 2.0, 1.0),
            (-7.0, 3.0, -3.0, 2.0),
            (7.0, -3.0, -3.0, -2.0),
            (-7.0, -3.0, 2.0, -1.0),
            // 1 / 0.1 rounds to 10, though 0.1 is a little above a tenth.
            (1.0, 0.1, 9.0, 0.099_999_999_999_999_95),
            (-1.0, f64::INFINITY, -1.0, f64::INFINITY),
        ];
        for (x, y, quotient, remainder) in cases {
            assert_eq!((floored_quotient(x, y), floored_remainder(x, y)), (quotient, remainder), "{x} {y}");
        }
        assert_eq!(floored_quotient(1.0, 0.0), f64::INFINITY);
        assert!(floored_remainder(1.0, 0.0).is_nan());
    }
}
