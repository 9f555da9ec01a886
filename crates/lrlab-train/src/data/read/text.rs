//! Plain text as characters: UTF-8, read a chunk at a time.

use super::{Limits, Place, ReadError, Source, source::CHUNK};

/// Calls `f` with each character, in order. A byte order mark at the beginning is passed over.
///
/// # Errors
/// Bytes that are no UTF-8, with their line and byte; more than is allowed.
pub fn each_char(source: &Source, limits: &Limits, f: &mut dyn FnMut(char)) -> Result<(), ReadError> {
    let mut content = source.open(limits)?;
    let (mut chunk, mut kept) = (vec![0; CHUNK], 0);
    let (mut start, mut line, mut characters) = (0_u64, 1_u64, 0_usize);
    loop {
        let read = content.fill(&mut chunk[kept..])?;
        let filled = kept + read;
        let (valid, broken) = match std::str::from_utf8(&chunk[..filled]) {
            Ok(_) => (filled, false),
            // Without a length the bytes may go on in the next chunk.
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || read == 0),
        };
        let text = String::from_utf8_lossy(&chunk[..valid]);
        for c in text.strip_prefix('\u{feff}').filter(|_| start == 0).unwrap_or(&text).chars() {
            line += u64::from(c == '\n');
            characters += 1;
            f(c);
        }
        if characters > limits.values {
            let problem =
                format!("holds more than {} characters, which is the limit; take a part", limits.values);
            return Err(ReadError::refused(source.name(), Place::Whole, problem));
        }
        start += valid as u64;
        if broken {
            let problem = format!(
                "the byte {:#04x} at byte {start} is no UTF-8; save the text as UTF-8 (iconv -f latin1 -t utf-8 does, \
                 if it is Latin-1)",
                chunk[valid]
            );
            return Err(ReadError::refused(source.name(), Place::Line { line, column: None }, problem));
        }
        if read == 0 {
            return Ok(());
        }
        chunk.copy_within(valid..filled, 0);
        kept = filled - valid;
    }
}
