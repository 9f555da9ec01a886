//! The vendored novel; its source and licence are in `data/README.md`.

use super::{
    corpus::Corpus,
    read::{Limits, ReadError, Source},
};

const GZIP: &[u8] = include_bytes!("../../data/persuasion.txt.gz");

/// Jane Austen's *Persuasion* (1818), decompressed at every call.
pub(crate) fn persuasion() -> Result<Corpus, ReadError> {
    Corpus::read(&Source::bytes("persuasion.txt", GZIP), &Limits::default())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_novel_is_that_of_the_readme() {
        let mut text = Vec::new();
        GzDecoder::new(GZIP).read_to_end(&mut text).unwrap();
        let digest = Sha256::digest(&text);
        let hex =
            |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap());
        let hex: String = digest.iter().flat_map(hex).collect();
        let readme = include_str!("../../data/README.md");
        assert!(readme.contains(&format!("`{hex}`")), "{hex}");
        let corpus = persuasion().unwrap();
        assert_eq!((corpus.tokens.len(), corpus.vocabulary.len()), (466_854, 75));
    }
}
