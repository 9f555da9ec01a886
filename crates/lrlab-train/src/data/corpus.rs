//! Text for language models: a token is a character.

use std::collections::BTreeMap;

use super::read::{Limits, Place, ReadError, Source, text};

/// A text as numbers, and what they stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    /// The text: an index into `vocabulary` for each character.
    pub tokens: Vec<u32>,
    /// The characters that occur, each once, by code point.
    pub vocabulary: Vec<char>,
    /// What errors call the text.
    pub name: String,
}

/// Characters of the vocabulary that are shown at most.
const SHOWN: usize = 100;

impl Corpus {
    /// Reads a text of UTF-8, gzip or not. A byte order mark at its beginning is no part of it; nothing else
    /// is changed, so that `\r\n` is two characters.
    ///
    /// # Errors
    /// Bytes that are no UTF-8, with their line; an empty text; more than is allowed.
    pub fn read(source: &Source, limits: &Limits) -> Result<Self, ReadError> {
        let mut numbers: BTreeMap<char, u32> = BTreeMap::new();
        let mut tokens = Vec::new();
        // Numbered as they are met; by code point once all are known.
        text::each_char(source, limits, &mut |c| {
            let next = numbers.len() as u32;
            tokens.push(*numbers.entry(c).or_insert(next));
        })?;
        let refuse = |problem: String| Err(ReadError::refused(source.name(), Place::Whole, problem));
        if tokens.is_empty() {
            return refuse("the text is empty".to_owned());
        }
        if numbers.len() > limits.characters {
            return refuse(format!(
                "holds {} different characters, and the limit is {}; a model of characters has an output for each",
                numbers.len(),
                limits.characters
            ));
        }
        let mut place = vec![0; numbers.len()];
        for (at, met) in numbers.values().enumerate() {
            place[*met as usize] = at as u32;
        }
        for token in &mut tokens {
            *token = place[*token as usize];
        }
        Ok(Self { tokens, vocabulary: numbers.into_keys().collect(), name: source.name().to_owned() })
    }

    /// Refuses a text that is too short to take `examples` examples of `context` characters and the one
    /// that follows each.
    ///
    /// # Errors
    /// How long it is, and how long it has to be.
    pub fn check_length(&self, examples: usize, context: usize) -> Result<(), ReadError> {
        let least = context.saturating_add(examples);
        if self.tokens.len() >= least {
            return Ok(());
        }
        let problem = format!(
            "holds {} characters; a context of {context} needs {least} or more: give a longer text or a shorter context",
            self.tokens.len()
        );
        Err(ReadError::refused(&self.name, Place::Whole, problem))
    }

    /// The text and its vocabulary in a sentence.
    pub fn describe(&self) -> String {
        let shown: String =
            self.vocabulary.iter().take(SHOWN).map(|c| c.escape_debug().to_string()).collect();
        let more = if self.vocabulary.len() > SHOWN { ".." } else { "" };
        format!(
            "{}: {} characters, {} different ones: {shown}{more}",
            self.name,
            self.tokens.len(),
            self.vocabulary.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Corpus, String> {
        Corpus::read(&Source::bytes("made.txt", bytes), &Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn tokens_count_characters_by_code_point() {
        let corpus = read("\u{feff}b\u{e9}a\r\nb".as_bytes()).unwrap();
        assert_eq!(corpus.vocabulary, ['\n', '\r', 'a', 'b', '\u{e9}']);
        assert_eq!(corpus.tokens, [3, 4, 2, 1, 0, 3]);
        assert_eq!(corpus.describe(), "made.txt: 6 characters, 5 different ones: \\n\\rab\u{e9}");
    }

    #[test]
    fn what_is_no_text_or_too_short_is_told() {
        assert_eq!(read(b"").unwrap_err(), "made.txt: the text is empty");
        assert!(
            read(b"a\nb\xff")
                .unwrap_err()
                .starts_with("made.txt, line 2: the byte 0xff at byte 3 is no UTF-8")
        );
        assert!(read(&"\u{e9}".as_bytes()[..1]).unwrap_err().contains("the byte 0xc3 at byte 0 is no UTF-8"));
        let short = read(b"abc").unwrap();
        assert!(short.check_length(1, 2).is_ok());
        assert_eq!(
            short.check_length(1, 8).unwrap_err().to_string(),
            "made.txt: holds 3 characters; a context of 8 needs 9 or more: give a longer text or a shorter context"
        );
    }
}
