//! What tells a file from a damaged one: its length and its CRC-32.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::CheckpointError;

/// Bytes that are read at a time: few enough to stay in the processor's cache.
const PIECE: usize = 1 << 17;

/// The length and checksum of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// How many bytes there are.
    pub bytes: u64,
    /// Their CRC-32 (IEEE 802.3), which any change of up to four neighbouring bytes changes.
    #[serde(with = "hexadecimal")]
    pub crc32: u32,
}

impl Stamp {
    /// That of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digest = Digest::default();
        digest.add(bytes);
        digest.stamp()
    }
}

/// Eight hexadecimal digits, as other programs print a CRC-32.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde's `with` asks for")]
    pub(super) fn serialize<S: Serializer>(crc32: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{crc32:08x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16)
            .map_err(|_| D::Error::custom(format!("expected eight hexadecimal digits, got {text:?}")))
    }
}

/// A stamp of bytes that come one after another.
#[derive(Clone, Default)]
pub(crate) struct Digest {
    crc32: crc32fast::Hasher,
    bytes: u64,
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stamp().fmt(f)
    }
}

impl Digest {
    /// Takes in the next bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.crc32.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// What it comes to so far.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { bytes: self.bytes, crc32: self.crc32.clone().finalize() }
    }
}

/// A new file that is stamped while it is written.
#[derive(Debug)]
pub(super) struct StampedFile {
    file: File,
    digest: Digest,
}

impl StampedFile {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create_new(path)?, digest: Digest::default() })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.add(bytes);
        self.file.write_all(bytes)
    }

    /// Returns once the disk has all of it.
    pub(super) fn finish(self) -> io::Result<Stamp> {
        self.file.sync_all()?;
        Ok(self.digest.stamp())
    }
}

/// The file at `path`, at its beginning, if it holds the bytes that were stamped.
pub(super) fn open_stamped(path: &Path, stamp: Stamp) -> Result<File, CheckpointError> {
    let unreadable = |source| CheckpointError::Unreadable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let damaged = |why: String| CheckpointError::Damaged { path: path.to_owned(), why };
    let length = file.metadata().map_err(unreadable)?.len();
    if length != stamp.bytes {
        return Err(damaged(format!(
            "it has {length} bytes instead of the {} that were written",
            stamp.bytes
        )));
    }
    let found = digest(&mut file).map_err(unreadable)?.stamp();
    if found != stamp {
        let why = format!("its bytes have the CRC-32 {:08x} instead of {:08x}", found.crc32, stamp.crc32);
        return Err(damaged(why));
    }
    file.rewind().map_err(unreadable)?;
    Ok(file)
}

/// What is left of a file, piece by piece.
pub(crate) fn digest(file: &mut impl Read) -> io::Result<Digest> {
    let (mut digest, mut piece) = (Digest::default(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(digest),
            Ok(read) => digest.add(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_crc_32_of_the_published_check_value() {
        assert_eq!(Stamp::of(b"123456789"), Stamp { bytes: 9, crc32: 0xcbf4_3926 });
        let text = serde_json::to_string(&Stamp::of(b"123456789")).unwrap();
        assert_eq!(text, r#"{"bytes":9,"crc32":"cbf43926"}"#);
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), Stamp::of(b"123456789"));
        assert!(serde_json::from_str::<Stamp>(r#"{"bytes":9,"crc32":"xyz"}"#).is_err());
    }

    #[test]
    fn pieces_come_to_what_the_whole_does() {
        let mut digest = Digest::default();
        digest.add(b"1234");
        digest.add(b"");
        digest.add(b"56789");
        assert_eq!(digest.stamp(), Stamp::of(b"123456789"));
    }
}
