//! How much of a file is ever held.

/// What a reader refuses to go beyond. The defaults let a machine of 8 GB read whatever they allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of content, after decompression; a gzip bomb ends here. 8 GiB by default.
    pub content: u64,
    /// Bytes of one line of a table, or of a file's header. 1 MiB by default.
    pub line: usize,
    /// Columns of a table. 10,000 by default.
    pub columns: usize,
    /// Numbers or characters kept in memory, of one array, table or text. 2^28 by default.
    pub values: usize,
    /// Different characters of a text. 4,096 by default.
    pub characters: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { content: 8 << 30, line: 1 << 20, columns: 10_000, values: 1 << 28, characters: 4096 }
    }
}
