//! Reads pickles that hold nothing but dictionaries, lists, texts and numbers.
//!
//! A pickle is a program for a stack machine, and most of its instructions can call any function of
//! the machine that reads it. This reader knows the few that build plain data (Python's `pickletools`
//! lists them) and refuses a file with any other.

use std::collections::HashMap;

use crate::Result;

/// Plain data.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    List(Vec<Value>),
    Map(HashMap<String, Value>),
}

/// Reads one pickle.
///
/// # Errors
/// An instruction that is not among the known ones, data cut off, or a stack that does not hold what an
/// instruction needs, with the place in the file.
pub(super) fn read(bytes: &[u8]) -> Result<Value> {
    let mut machine = Machine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: Vec::new() };
    loop {
        let at = machine.at;
        match machine.step() {
            Some(Step::On) => {}
            Some(Step::Done(value)) => return Ok(value),
            Some(Step::Refused(code)) => {
                return Err(format!(
                    "byte {at} is the instruction 0x{code:02x}, which does not belong to plain data; \
                     the file must hold dictionaries, lists, texts and numbers alone"
                ));
            }
            None => return Err(format!("the file is cut off or damaged at byte {at}")),
        }
    }
}

enum Step {
    On,
    Done(Value),
    Refused(u8),
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// Where on the stack the open lists and dictionaries keep their contents.
    marks: Vec<usize>,
    /// Texts can be referred to again; other things are only counted.
    memo: Vec<Option<String>>,
}

impl Machine<'_> {
    /// `None` where the bytes or the stack end too early, or hold something else than is needed.
    fn step(&mut self) -> Option<Step> {
        let code = self.take(1)?[0];
        match code {
            // Protocol and frame lengths.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'}' => self.stack.push(Value::Map(HashMap::new())),
            b']' => self.stack.push(Value::List(Vec::new())),
            b'(' => self.marks.push(self.stack.len()),
            b'G' => {
                let bits = u64::from_be_bytes(self.take(8)?.try_into().ok()?);
                self.stack.push(Value::Number(f64::from_bits(bits)));
            }
            0x8c => {
                let length = usize::from(self.take(1)?[0]);
                self.text(length)?;
            }
            b'X' => {
                let length = self.long()?;
                self.text(length)?;
            }
            0x94 => {
                let text = match self.stack.last()? {
                    Value::Text(text) => Some(text.clone()),
                    _ => None,
                };
                self.memo.push(text);
            }
            b'h' => {
                let index = usize::from(self.take(1)?[0]);
                self.again(index)?;
            }
            b'j' => {
                let index = self.long()?;
                self.again(index)?;
            }
            b'a' | b'e' => {
                let items = self.contents(code == b'e', 1)?;
                let Value::List(list) = self.stack.last_mut()? else { return None };
                list.extend(items);
            }
            b's' | b'u' => {
                let mut items = self.contents(code == b'u', 2)?.into_iter();
                let Value::Map(map) = self.stack.last_mut()? else { return None };
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    let Value::Text(key) = key else { return None };
                    map.insert(key, value);
                }
            }
            b'.' => return Some(Step::Done(self.stack.pop()?)),
            code => return Some(Step::Refused(code)),
        }
        Some(Step::On)
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn long(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.take(4)?.try_into().ok()?)).ok()
    }

    fn text(&mut self, length: usize) -> Option<()> {
        let text = String::from_utf8(self.take(length)?.to_vec()).ok()?;
        self.stack.push(Value::Text(text));
        Some(())
    }

    fn again(&mut self, index: usize) -> Option<()> {
        let text = self.memo.get(index)?.clone()?;
        self.stack.push(Value::Text(text));
        Some(())
    }

    /// What goes into the list or dictionary below: all since the mark, or so many.
    fn contents(&mut self, marked: bool, otherwise: usize) -> Option<Vec<Value>> {
        let from = if marked { self.marks.pop()? } else { self.stack.len().checked_sub(otherwise)? };
        (from <= self.stack.len()).then(|| self.stack.split_off(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pickle.dumps({"a": [1.5, -2.0], "b": {"a": [0.0]}}, protocol=4)`
    const PLAIN: &[u8] = b"\x80\x04\x954\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(G?\xf8\x00\x00\x00\x00\x00\x00G\xc0\x00\x00\x00\x00\x00\x00\x00e\x8c\x01b\x94}\x94h\x01]\x94G\x00\x00\x00\x00\x00\x00\x00\x00asu.";

    #[test]
    fn plain_data_is_read() {
        let Value::Map(map) = read(PLAIN).unwrap() else { panic!("not a dictionary") };
        assert_eq!(map["a"], Value::List(vec![Value::Number(1.5), Value::Number(-2.0)]));
        let inner = HashMap::from([("a".to_owned(), Value::List(vec![Value::Number(0.0)]))]);
        assert_eq!(map["b"], Value::Map(inner));
    }

    #[test]
    fn what_calls_a_function_is_refused() {
        // `os.system("true")` as protocol 0 writes it.
        let why = read(b"cos\nsystem\n(S'true'\ntR.").unwrap_err();
        assert!(why.contains("byte 0 is the instruction 0x63"), "{why}");
        // STACK_GLOBAL of protocol 4.
        let why = read(b"\x80\x04\x8c\x02os\x8c\x06system\x93.").unwrap_err();
        assert!(why.contains("0x93"), "{why}");
    }

    #[test]
    fn wherever_it_is_cut_off_it_is_refused() {
        for end in 0..PLAIN.len() {
            let why = read(&PLAIN[..end]).unwrap_err();
            assert!(why.contains("cut off"), "{end}: {why}");
        }
    }
}
