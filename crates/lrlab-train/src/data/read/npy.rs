//! NumPy's `.npy`: a magic word, a version, a Python dictionary as text, and the numbers.
//!
//! Source: NumPy, `numpy.lib.format`, versions 1.0 to 3.0. The dictionary is read as NumPy writes it,
//! three keys with plain values, not as any Python literal: that would take a recursion as deep as a
//! file likes ([decision 025](../../../../../docs/decisions/025.md)).

use super::{
    Array, Limits, ReadError, Source,
    array::{self, Element, ElementKind},
    source::Opened,
};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy allows 64 axes.
const AXES: usize = 64;

/// Reads an array from `source`.
///
/// # Errors
/// What is no `.npy`, holds other than numbers, breaks off, goes on, or is larger than allowed; with the
/// byte.
pub fn read(source: &Source, limits: &Limits) -> Result<Array, ReadError> {
    read_content(&mut source.open(limits)?, limits)
}

/// Reads an array from a file's content, or from an archive's member.
pub(super) fn read_content(content: &mut Opened<'_>, limits: &Limits) -> Result<Array, ReadError> {
    let header = header(content, limits)?;
    let Header { element, fortran, shape } = read_header(&header).map_err(|why| content.refuse(why))?;
    let count = array::count(&shape, limits, content)?;
    let numbers = array::read(content, element, count)?;
    content.end()?;
    let numbers = if fortran && shape.len() > 1 { array::row_major(&numbers, &shape) } else { numbers };
    Ok(Array { shape, numbers })
}

/// The text of the header.
fn header(content: &mut Opened<'_>, limits: &Limits) -> Result<String, ReadError> {
    let mut magic = [0; 8];
    let filled = content.fill(&mut magic)?;
    if filled < magic.len() || !magic.starts_with(MAGIC) {
        return Err(content.refuse("an .npy file begins with \\x93NUMPY and a version; this one does not"));
    }
    let long = match magic[6] {
        1 => 2,
        2 | 3 => 4,
        other => return Err(content.refuse(format!("expected version 1, 2 or 3 of the format, got {other}"))),
    };
    let mut length = [0; 4];
    if content.fill(&mut length[..long])? < long {
        return Err(content.refuse("the file ends inside of its header"));
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > limits.line {
        return Err(content.refuse(format!(
            "the header claims a length of {length} bytes, and the limit is {}",
            limits.line
        )));
    }
    let mut text = vec![0; length];
    if content.fill(&mut text)? < length {
        return Err(content.refuse("the file ends inside of its header"));
    }
    String::from_utf8(text).map_err(|_| content.refuse("the header is no text"))
}

/// What a header says.
#[derive(Debug, PartialEq)]
struct Header {
    element: Element,
    fortran: bool,
    shape: Vec<usize>,
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, the keys in any order.
fn read_header(text: &str) -> Result<Header, String> {
    let wrong = |what: &str| format!("the header {:?} is none of an array of numbers: {what}", short(text));
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .ok_or_else(|| wrong("expected a dictionary"))?;
    let (mut element, mut fortran, mut shape) = (None, None, None);
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let (key, after) = quoted(rest).ok_or_else(|| wrong("expected a key in quotation marks"))?;
        let value =
            after.trim_start().strip_prefix(':').ok_or_else(|| wrong("expected a colon"))?.trim_start();
        let (again, after) = match key {
            "descr" => {
                let (descr, after) = quoted(value).ok_or_else(|| {
                    wrong("its elements are structures; save each field as an array of its own")
                })?;
                (element.replace(element_of(descr)?).is_some(), after)
            }
            "fortran_order" => {
                let end = value.find([',', '}']).unwrap_or(value.len());
                let flag = match value[..end].trim() {
                    "True" => true,
                    "False" => false,
                    _ => return Err(wrong("expected True or False behind 'fortran_order'")),
                };
                (fortran.replace(flag).is_some(), &value[end..])
            }
            "shape" => {
                let (axes, after) = value
                    .strip_prefix('(')
                    .and_then(|value| value.split_once(')'))
                    .ok_or_else(|| wrong("expected a tuple behind 'shape'"))?;
                let axes = axes.trim().trim_end_matches(',');
                let read = axes.split(',').filter(|_| !axes.is_empty()).map(|axis| axis.trim().parse().ok());
                let axes: Option<Vec<usize>> = read.collect();
                let axes = axes.filter(|axes| axes.len() <= AXES);
                (shape.replace(axes.ok_or_else(|| wrong("expected lengths in its shape"))?).is_some(), after)
            }
            _ => return Err(wrong("expected the keys 'descr', 'fortran_order' and 'shape'")),
        };
        if again {
            return Err(wrong("a key stands there twice"));
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if after.is_empty() => after,
            None => return Err(wrong("expected a comma between entries")),
        };
    }
    match (element, fortran, shape) {
        (Some(element), Some(fortran), Some(shape)) => Ok(Header { element, fortran, shape }),
        _ => Err(wrong("expected the keys 'descr', 'fortran_order' and 'shape'")),
    }
}

/// A text in either kind of quotation marks, without escapes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '\'' | '"'))?;
    text[1..].split_once(mark)
}

/// What a type such as `<f4` says.
fn element_of(descr: &str) -> Result<Element, String> {
    let refuse = |why: &str| Err(format!("elements of type '{}' are not read: {why}", short(descr)));
    let order = descr.chars().next().filter(char::is_ascii).unwrap_or(' ');
    let (kind, size) = match descr.get(1..) {
        Some("f4") => (ElementKind::Float, 4),
        Some("f8") => (ElementKind::Float, 8),
        Some("i1") => (ElementKind::Signed, 1),
        Some("i2") => (ElementKind::Signed, 2),
        Some("i4") => (ElementKind::Signed, 4),
        Some("i8") => (ElementKind::Signed, 8),
        Some("u1") => (ElementKind::Unsigned, 1),
        Some("u2") => (ElementKind::Unsigned, 2),
        Some("u4") => (ElementKind::Unsigned, 4),
        Some("u8") => (ElementKind::Unsigned, 8),
        Some("b1") => (ElementKind::Bool, 1),
        Some("O") => return refuse("they are Python objects; save numbers, with array.astype('float32')"),
        Some(text) if text.starts_with(['U', 'S']) => {
            return refuse(
                "they are texts; number the classes, with numpy.unique(array, return_inverse=True)",
            );
        }
        _ => return refuse("expected f4, f8, b1, or whole numbers i1 to i8 and u1 to u8; use array.astype"),
    };
    let big_endian = match order {
        '>' => true,
        '<' => false,
        '|' if size == 1 => false,
        _ => return refuse("the order of its bytes is neither < nor >"),
    };
    Ok(Element { kind, size, big_endian })
}

/// The beginning of a text, for messages.
fn short(text: &str) -> String {
    let mut short: String = text.trim().chars().take(120).collect();
    if short.len() < text.trim().len() {
        short.push_str("..");
    }
    short
}
