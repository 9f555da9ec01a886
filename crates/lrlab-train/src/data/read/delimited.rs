//! Tables as text: CSV and TSV, quoted as RFC 4180 has it.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use csv::{ByteRecord, ReaderBuilder};

use super::{
    Limits, Place, ReadError, Source,
    source::{CHUNK, Opened},
};

/// What is known of a table's form before its cells are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What stands between two cells.
    pub separator: Separator,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Names of the columns, from the header; `column 1` and so on where it has none.
    pub names: Vec<String>,
}

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator.
    Tab,
    /// `|`
    Bar,
}

/// What a caller says of a table; the rest is taken from its first rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What stands between two cells; by default what the first row has most of.
    pub separator: Option<Separator>,
    /// Whether the first row names the columns; by default it does if none of its cells is a number.
    pub header: Option<bool>,
}

/// One row of a table.
#[derive(Debug)]
pub struct Row<'a> {
    /// Line of the file on which it begins, from 1.
    pub line: u64,
    /// Its cells, without quotation marks and surrounding spaces; as many as there are columns.
    pub cells: &'a [&'a str],
}

impl Separator {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// Its word in specs and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Bar => "bar",
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

impl Form {
    /// The form of the table in `source`, as told or from its first row.
    ///
    /// # Errors
    /// An empty file, a first row that is too long or no text, two columns of one name.
    pub fn of(source: &Source, told: Told, limits: &Limits) -> Result<Self, ReadError> {
        let separator = match told.separator {
            Some(separator) => separator,
            None => likely_separator(source, limits)?,
        };
        let mut first = None;
        walk(source, separator, limits, &mut |row| {
            first = Some(row.cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
            Ok(false)
        })?;
        let Some(cells) = first else {
            let problem = "the file holds no rows: a table has a row for each example";
            return Err(ReadError::refused(source.name(), Place::Whole, problem));
        };
        let named = cells.iter().any(|cell| !cell.is_empty())
            && cells.iter().all(|cell| cell.parse::<f64>().is_err());
        let header = told.header.unwrap_or(named);
        let names: Vec<String> = cells
            .into_iter()
            .enumerate()
            .map(|(at, cell)| if header && !cell.is_empty() { cell } else { format!("column {}", at + 1) })
            .collect();
        if let Some(name) =
            names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)).map(|(_, name)| name)
        {
            let remedy = if told.header.is_none() { ", or say header=no if it is no header" } else { "" };
            let problem = format!("two columns are called {name:?}; give each a name of its own{remedy}");
            return Err(ReadError::refused(source.name(), Place::Line { line: 1, column: None }, problem));
        }
        Ok(Self { separator, header, names })
    }

    /// Calls `f` with each row behind the header. Empty lines are passed over.
    ///
    /// # Errors
    /// A row of more or fewer cells than the first, a row that is too long, bytes that are no UTF-8;
    /// whatever `f` refuses.
    pub fn each_row(
        &self,
        source: &Source,
        limits: &Limits,
        f: &mut dyn FnMut(Row<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let (file, columns) = (source.name(), self.names.len());
        let mut behind_header = !self.header;
        walk(source, self.separator, limits, &mut |row| {
            if row.cells.len() != columns {
                let problem = format!(
                    "has {} cells, and the first row has {columns}; each row needs as many (a cell that holds a {} \
                     stands in quotation marks)",
                    row.cells.len(),
                    self.separator.word()
                );
                return Err(ReadError::refused(file, Place::Line { line: row.line, column: None }, problem));
            }
            if behind_header {
                f(row)?;
            }
            behind_header = true;
            Ok(true)
        })
    }
}

/// The separator that the first line has most of outside of quotation marks; a tab where a name ends in
/// `.tsv`, a comma where there is none.
fn likely_separator(source: &Source, limits: &Limits) -> Result<Separator, ReadError> {
    let name = source.name().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    if [".tsv", ".tab"].iter().any(|ending| name.ends_with(ending)) {
        return Ok(Separator::Tab);
    }
    let mut beginning = vec![0; CHUNK.min(limits.line)];
    let filled = source.open(limits)?.fill(&mut beginning)?;
    let (mut counts, mut quoted) = ([0_usize; Separator::ALL.len()], false);
    for byte in beginning[..filled].iter().skip_while(|byte| byte.is_ascii_whitespace() && **byte != b'\t') {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            byte => {
                if let Some(at) = Separator::ALL.iter().position(|separator| separator.byte() == *byte) {
                    counts[at] += 1;
                }
            }
        }
    }
    // The first of equals.
    let most = counts.iter().max().copied().unwrap_or(0);
    Ok(counts.iter().position(|count| *count == most).map_or(Separator::Comma, |at| Separator::ALL[at]))
}

/// Calls `f` with each row, the header too, until it says `false`.
fn walk(
    source: &Source,
    separator: Separator,
    limits: &Limits,
    f: &mut dyn FnMut(Row<'_>) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let file = source.name();
    let allowed = Rc::new(Cell::new(limits.line as u64));
    let content = Fence { content: source.open(limits)?, given: 0, allowed: Rc::clone(&allowed) };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator.byte())
        .buffer_capacity(CHUNK.min(limits.line.max(1)))
        .from_reader(content);
    let mut record = ByteRecord::new();
    loop {
        // What is in the reader's buffer was given before; the row may go on for a line's length beyond.
        allowed.set(reader.get_ref().given + limits.line as u64);
        let begins = reader.position().line();
        let refuse = |line: u64, problem: String| {
            Err(ReadError::refused(file, Place::Line { line, column: None }, problem))
        };
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                let csv::ErrorKind::Io(error) = error.into_kind() else {
                    return refuse(begins, "cannot be split into cells".to_owned());
                };
                if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<LineTooLong>) {
                    return refuse(
                        begins,
                        format!(
                            "goes on for more than {} bytes, which is the limit; a quotation mark that is never closed \
                             does that, and a file that is no table",
                            limits.line
                        ),
                    );
                }
                return Err(ReadError::of_io(file, reader.get_ref().content.at(), error));
            }
        }
        let line = record.position().map_or(begins, csv::Position::line);
        if record.len() > limits.columns {
            return refuse(line, format!("has {} cells, and the limit is {}", record.len(), limits.columns));
        }
        let mut cells = Vec::with_capacity(record.len());
        for (at, cell) in record.iter().enumerate() {
            let Ok(text) = std::str::from_utf8(cell) else {
                return refuse(
                    line,
                    format!(
                        "cell {} is no UTF-8; save the table as UTF-8 (iconv -f latin1 -t utf-8 does, if it is \
                         Latin-1)",
                        at + 1
                    ),
                );
            };
            cells.push(text.trim());
        }
        if !f(Row { line, cells: &cells })? {
            return Ok(());
        }
    }
}

/// Ends a row that goes on for too long, before it fills the memory.
struct Fence<'a> {
    content: Opened<'a>,
    given: u64,
    allowed: Rc<Cell<u64>>,
}

#[derive(Debug, thiserror::Error)]
#[error("a line is too long")]
struct LineTooLong;

impl Read for Fence<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.allowed.get() {
            return Err(io::Error::other(LineTooLong));
        }
        let read = self.content.read(buffer)?;
        self.given += read as u64;
        Ok(read)
    }
}
