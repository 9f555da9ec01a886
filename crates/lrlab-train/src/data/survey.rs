//! What stands in the columns of a table, before any of it is kept.

use std::collections::BTreeMap;

use super::{
    read::{ReadError, delimited::Row},
    rows::Table,
};

/// Different texts of a column that are counted; a column of more is no category.
pub const MOST_DIFFERENT: usize = 256;

/// Cells that stand for a missing value where nothing else is said.
pub const MISSING: [&str; 7] = ["", "NA", "N/A", "NaN", "nan", "null", "?"];

/// What stands in a column.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Cells that are not missing.
    pub filled: u64,
    /// Missing cells.
    pub missing: u64,
    /// The first missing cell: its line, and what stands there.
    pub first_missing: Option<(u64, String)>,
    /// The first cell that is no number.
    pub first_word: Option<(u64, String)>,
    /// The first number that is not finite.
    pub first_infinite: Option<(u64, String)>,
    /// Whether every number is whole.
    pub whole: bool,
    /// How often each text occurs, of the first [`MOST_DIFFERENT`] different ones.
    pub texts: BTreeMap<String, u64>,
    /// Whether there are more.
    pub more: bool,
}

impl Survey {
    /// Every column of `table` in turn, and the number of rows.
    ///
    /// # Errors
    /// What the table's reader refuses.
    pub fn of(table: &Table, missing: &[String]) -> Result<(Vec<Self>, u64), ReadError> {
        let mut surveys = vec![Self { whole: true, ..Self::default() }; table.names().len()];
        let mut rows = 0;
        table.each_row(&mut |Row { line, cells }| {
            rows += 1;
            for (survey, cell) in surveys.iter_mut().zip(cells) {
                survey.add(line, cell, missing.iter().any(|mark| mark == cell));
            }
            Ok(())
        })?;
        Ok((surveys, rows))
    }

    /// Whether every cell that is not missing is a number.
    pub fn is_numeric(&self) -> bool {
        self.first_word.is_none()
    }

    /// Whether all cells that are not missing say the same.
    pub fn is_constant(&self) -> bool {
        self.texts.len() == 1 && !self.more
    }

    fn add(&mut self, line: u64, cell: &str, missing: bool) {
        let here = || Some((line, cell.to_owned()));
        if missing {
            self.missing += 1;
            self.first_missing = self.first_missing.take().or_else(here);
            return;
        }
        self.filled += 1;
        match number(cell) {
            Some(number) if number.is_finite() => self.whole &= number.fract() == 0.0,
            Some(_) => self.first_infinite = self.first_infinite.take().or_else(here),
            None => self.first_word = self.first_word.take().or_else(here),
        }
        if let Some(times) = self.texts.get_mut(cell) {
            *times += 1;
        } else if self.texts.len() < MOST_DIFFERENT {
            self.texts.insert(cell.to_owned(), 1);
        } else {
            self.more = true;
        }
    }
}

/// A cell as a number, if it is one; NaN and infinities are.
pub fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}
