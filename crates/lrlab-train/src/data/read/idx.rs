//! IDX, the format of MNIST and its family: two zero bytes, a type, the number of axes, a big-endian
//! length of 32 bits for each, and the numbers.
//!
//! Source: "The IDX file format" on the page of the MNIST database (`LeCun`, Cortes and Burges).

use super::{
    Array, Limits, ReadError, Source,
    array::{self, Element, ElementKind},
};

/// More axes than any file of the family has.
const AXES: u8 = 8;

/// Reads an array from `source`, gzip or not.
///
/// # Errors
/// What is no IDX, breaks off, goes on, or is larger than allowed; with the byte.
pub fn read(source: &Source, limits: &Limits) -> Result<Array, ReadError> {
    let mut content = source.open(limits)?;
    let mut magic = [0; 4];
    let filled = content.fill(&mut magic)?;
    let [0, 0, code, axes] = magic else {
        return Err(content.refuse(format!(
            "an IDX file begins with two zero bytes, a type and a number of axes; this one begins with {:?}",
            &magic[..filled]
        )));
    };
    if filled < magic.len() {
        return Err(content.refuse("the file ends inside of its first four bytes"));
    }
    let of = |kind, size| Element { kind, size, big_endian: true };
    let element = match code {
        0x08 => of(ElementKind::Unsigned, 1),
        0x09 => of(ElementKind::Signed, 1),
        0x0B => of(ElementKind::Signed, 2),
        0x0C => of(ElementKind::Signed, 4),
        0x0D => of(ElementKind::Float, 4),
        0x0E => of(ElementKind::Float, 8),
        _ => {
            let known = "0x08, 0x09, 0x0B, 0x0C, 0x0D and 0x0E";
            return Err(content.refuse(format!("the type {code:#04x} is none of IDX, which are {known}")));
        }
    };
    if !(1..=AXES).contains(&axes) {
        return Err(content.refuse(format!("expected 1 to {AXES} axes, got {axes}")));
    }
    let mut shape = Vec::new();
    for axis in 0..axes {
        let mut length = [0; 4];
        if content.fill(&mut length)? < length.len() {
            return Err(content.refuse(format!("the file ends inside of the length of axis {axis}")));
        }
        shape.push(u32::from_be_bytes(length) as usize);
    }
    let count = array::count(&shape, limits, &content)?;
    let numbers = array::read(&mut content, element, count)?;
    content.end()?;
    Ok(Array { shape, numbers })
}
