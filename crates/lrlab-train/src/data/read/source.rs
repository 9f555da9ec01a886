//! Where bytes come from, and how they are opened.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Seek},
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::bufread::MultiGzDecoder;

use super::{Limits, Place, ReadError, error::ContentLimit};

/// What is read: a file, bytes in memory, or a stream that can be opened again.
#[derive(Clone)]
pub struct Source {
    name: String,
    content: Content,
}

#[derive(Clone)]
enum Content {
    File(PathBuf),
    Bytes(Arc<[u8]>),
    Stream(Arc<dyn Fn() -> Box<dyn Read> + Send + Sync>),
}

/// How a gzip stream begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Bytes that are asked for at a time.
pub(super) const CHUNK: usize = 1 << 16;

impl Source {
    /// The file at `path`, which errors call by that path.
    pub fn file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        Self { name: path.display().to_string(), content: Content::File(path.to_owned()) }
    }

    /// These bytes, under a name for errors.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), content: Content::Bytes(bytes.into()) }
    }

    /// Whatever `open` gives, the same at each call, under a name for errors.
    pub fn stream(name: impl Into<String>, open: impl Fn() -> Box<dyn Read> + Send + Sync + 'static) -> Self {
        Self { name: name.into(), content: Content::Stream(Arc::new(open)) }
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content from its beginning, decompressed where it is gzip.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub(super) fn open(&self, limits: &Limits) -> Result<Opened<'_>, ReadError> {
        let raw: Box<dyn Read> = match &self.content {
            Content::File(path) => Box::new(self.system(File::open(path))?),
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Content::Stream(open) => open(),
        };
        let mut raw = BufReader::with_capacity(CHUNK, raw);
        let zipped = self.system(raw.fill_buf())?.starts_with(&GZIP);
        let name = self.name.clone();
        Ok(if zipped {
            Opened::new(name, MultiGzDecoder::new(raw), limits)
        } else {
            Opened::new(name, raw, limits)
        })
    }

    /// The bytes as they lie there, which can be read in any order.
    ///
    /// # Errors
    /// A file that cannot be opened, or a stream.
    pub(super) fn seekable(&self) -> Result<Box<dyn ReadSeek>, ReadError> {
        Ok(match &self.content {
            Content::File(path) => Box::new(BufReader::with_capacity(CHUNK, self.system(File::open(path))?)),
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Content::Stream(_) => {
                return self.system(Err(io::Error::other("an archive has to be a file, not a stream")));
            }
        })
    }

    fn system<T>(&self, result: io::Result<T>) -> Result<T, ReadError> {
        result.map_err(|source| ReadError::Io { file: self.name.clone(), source })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

/// What an archive is read from.
pub(super) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Content on its way in: counted, and ended where the limit is.
pub(super) struct Opened<'a> {
    name: String,
    inner: Box<dyn Read + 'a>,
    at: u64,
    limit: u64,
}

impl<'a> Opened<'a> {
    /// The content that `inner` gives, which errors call `name`.
    pub(super) fn new(name: String, inner: impl Read + 'a, limits: &Limits) -> Self {
        Self { name, inner: Box::new(inner), at: 0, limit: limits.content }
    }

    /// Bytes of content given so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// A refusal of the byte that would come next.
    pub(super) fn refuse(&self, problem: impl Into<String>) -> ReadError {
        ReadError::refused(&self.name, Place::Byte(self.at), problem)
    }

    /// Fills as much of `buffer` as there is; how much that is.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadError::of_io(&self.name, self.at, error)),
            }
        }
        Ok(filled)
    }

    /// Refuses whatever is left.
    pub(super) fn end(&mut self) -> Result<(), ReadError> {
        let at = self.at;
        if self.fill(&mut [0])? == 0 {
            return Ok(());
        }
        let problem = "the array ends here, but the file goes on; it is not what its header says";
        Err(ReadError::refused(&self.name, Place::Byte(at), problem))
    }
}

impl Read for Opened<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.at += read as u64;
        if self.at > self.limit {
            return Err(io::Error::other(ContentLimit(self.limit)));
        }
        Ok(read)
    }
}
