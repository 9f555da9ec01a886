//! Arrays as files hold them: a shape, and numbers in row-major order.

use super::source::CHUNK;
use super::{Limits, ReadError, source::Opened};

/// Numbers with a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Lengths of its axes; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, the last axis fastest; as many as the product of the shape.
    pub numbers: Numbers,
}

/// Numbers of one type, widened as far as needed to lose nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Unsigned bytes; `false` and `true` are 0 and 1.
    Bytes(Vec<u8>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Single precision.
    Singles(Vec<f32>),
    /// Double precision.
    Doubles(Vec<f64>),
}

impl Array {
    /// Numbers that belong to one step along the first axis.
    pub fn row_len(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(numbers) => numbers.len(),
            Self::Integers(numbers) => numbers.len(),
            Self::Singles(numbers) => numbers.len(),
            Self::Doubles(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index`; whole numbers beyond 2^53 are rounded.
    pub fn get(&self, index: usize) -> f64 {
        match self {
            Self::Bytes(numbers) => f64::from(numbers[index]),
            Self::Integers(numbers) => numbers[index] as f64,
            Self::Singles(numbers) => f64::from(numbers[index]),
            Self::Doubles(numbers) => numbers[index],
        }
    }

    /// Whether they are whole by their type.
    pub fn are_whole(&self) -> bool {
        matches!(self, Self::Bytes(_) | Self::Integers(_))
    }

    /// The numbers in the order of these indices.
    fn reordered(&self, order: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Bytes(numbers) => Self::Bytes(order.map(|at| numbers[at]).collect()),
            Self::Integers(numbers) => Self::Integers(order.map(|at| numbers[at]).collect()),
            Self::Singles(numbers) => Self::Singles(order.map(|at| numbers[at]).collect()),
            Self::Doubles(numbers) => Self::Doubles(order.map(|at| numbers[at]).collect()),
        }
    }
}

/// How one number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) kind: ElementKind,
    /// Bytes of one number: 1, 2, 4 or 8.
    pub(super) size: usize,
    pub(super) big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementKind {
    Bool,
    Unsigned,
    Signed,
    Float,
}

/// The number of elements of `shape`, if no more than allowed.
pub(super) fn count(shape: &[usize], limits: &Limits, content: &Opened<'_>) -> Result<usize, ReadError> {
    let product = shape.iter().try_fold(1_usize, |product, axis| product.checked_mul(*axis));
    product.filter(|count| *count <= limits.values).ok_or_else(|| {
        content.refuse(format!(
            "the header claims an array of shape {shape:?}, and the limit is {} numbers; take a part of the data",
            limits.values
        ))
    })
}

/// Reads `count` numbers, a chunk at a time: what a header claims is believed as far as bytes follow.
pub(super) fn read(content: &mut Opened<'_>, element: Element, count: usize) -> Result<Numbers, ReadError> {
    let mut numbers = match (element.kind, element.size) {
        (ElementKind::Bool, _) | (ElementKind::Unsigned, 1) => Numbers::Bytes(Vec::new()),
        (ElementKind::Unsigned | ElementKind::Signed, _) => Numbers::Integers(Vec::new()),
        (ElementKind::Float, 4) => Numbers::Singles(Vec::new()),
        (ElementKind::Float, _) => Numbers::Doubles(Vec::new()),
    };
    let mut chunk = vec![0; CHUNK];
    let mut left = count;
    while left > 0 {
        let wanted = (left * element.size).min(CHUNK);
        let filled = content.fill(&mut chunk[..wanted])?;
        for bytes in chunk[..filled].chunks_exact(element.size) {
            push(&mut numbers, element, bytes).map_err(|problem| content.refuse(problem))?;
        }
        if filled < wanted {
            return Err(content.refuse(format!(
                "the file ends after {} of {count} numbers: it is incomplete; fetch it again",
                numbers.len()
            )));
        }
        left -= wanted / element.size;
    }
    Ok(numbers)
}

fn push(numbers: &mut Numbers, element: Element, bytes: &[u8]) -> Result<(), String> {
    let mut wide = [0_u8; 8];
    for (at, byte) in bytes.iter().enumerate() {
        wide[if element.big_endian { bytes.len() - 1 - at } else { at }] = *byte;
    }
    let bits = u64::from_le_bytes(wide);
    match numbers {
        Numbers::Bytes(to) if element.kind == ElementKind::Bool && bits > 1 => {
            return Err(format!(
                "expected a boolean, which is a byte of 0 or 1, before here; got {bits}; {} values were read",
                to.len()
            ));
        }
        Numbers::Bytes(to) => to.push(bits as u8),
        Numbers::Integers(to) if element.kind == ElementKind::Signed => {
            let unused = 64 - 8 * element.size;
            to.push((bits << unused).cast_signed() >> unused);
        }
        Numbers::Integers(to) => to.push(
            i64::try_from(bits).map_err(|_| format!("the number {bits} before here is above 2^63 - 1"))?,
        ),
        Numbers::Singles(to) => to.push(f32::from_bits(bits as u32)),
        Numbers::Doubles(to) => to.push(f64::from_bits(bits)),
    }
    Ok(())
}

/// Brings numbers whose first axis is fastest (Fortran's order) into row-major order.
pub(super) fn row_major(numbers: &Numbers, shape: &[usize]) -> Numbers {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for axis in shape {
        strides.push(stride);
        stride *= axis;
    }
    let mut index = vec![0; shape.len()];
    let order = (0..numbers.len()).map(|_| {
        let at = index.iter().zip(&strides).map(|(i, stride)| i * stride).sum();
        for (i, axis) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *axis {
                break;
            }
            *i = 0;
        }
        at
    });
    numbers.reordered(order)
}
