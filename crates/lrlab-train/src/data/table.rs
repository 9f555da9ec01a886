//! Comma-separated numbers with the label last, as the vendored tables are stored.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::TaskError;

/// Rows of features with a class each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    /// Features of all rows, row by row.
    pub(crate) features: Vec<f32>,
    /// Features in a row.
    pub(crate) width: usize,
    /// The class of each row.
    pub(crate) labels: Vec<u8>,
}

/// What stands in a table's file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Names the table in errors.
    pub(crate) file: &'static str,
    /// Lines before the first row.
    pub(crate) header: usize,
    /// Features in a row.
    pub(crate) width: usize,
    /// Labels are below this.
    pub(crate) classes: u8,
    /// Multiplies each feature.
    pub(crate) scale: f32,
}

impl Table {
    /// Reads a gzip-compressed table. Rows in errors are lines of the file, from 1.
    pub(crate) fn from_gzip(bytes: &[u8], layout: &Layout) -> Result<Self, TaskError> {
        let Layout { file, header, width, classes, scale } = *layout;
        let refuse = |row: usize, problem: String| TaskError::Data { file: file.to_owned(), row, problem };
        let mut text = String::new();
        GzDecoder::new(bytes)
            .read_to_string(&mut text)
            .map_err(|why| refuse(1, format!("cannot be decompressed: {why}")))?;
        let mut table = Self { features: Vec::new(), width, labels: Vec::new() };
        for (index, line) in text.lines().enumerate().skip(header) {
            let row = index + 1;
            let cells: Vec<&str> = line.split(',').collect();
            let [features @ .., label] = cells.as_slice() else {
                return Err(refuse(row, "is empty".to_owned()));
            };
            if features.len() != width {
                return Err(refuse(row, format!("has {} features, expected {width}", features.len())));
            }
            for (column, cell) in features.iter().enumerate() {
                let value: f32 =
                    cell.trim().parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| {
                        refuse(row, format!("column {}: expected a finite number, got {cell:?}", column + 1))
                    })?;
                table.features.push(value * scale);
            }
            let label: u8 = label.trim().parse().ok().filter(|l| *l < classes).ok_or_else(|| {
                refuse(row, format!("expected a label from 0 to {}, got {label:?}", classes - 1))
            })?;
            table.labels.push(label);
        }
        if table.labels.is_empty() {
            return Err(refuse(1, "holds no rows".to_owned()));
        }
        Ok(table)
    }

    /// The rows whose index satisfies `keep`, in order.
    pub(crate) fn filter(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.labels.len()).filter(|&row| keep(row)).collect();
        let features = kept
            .iter()
            .flat_map(|&row| &self.features[row * self.width..(row + 1) * self.width])
            .copied()
            .collect();
        Self { features, width: self.width, labels: kept.iter().map(|&row| self.labels[row]).collect() }
    }

    /// Mean and standard deviation (the root of the mean squared distance) of each feature.
    pub(crate) fn moments(&self) -> Vec<(f64, f64)> {
        let rows = self.labels.len() as f64;
        let column = |at: usize| self.features[at..].iter().step_by(self.width).map(|x| f64::from(*x));
        (0..self.width)
            .map(|at| {
                let mean = column(at).sum::<f64>() / rows;
                let variance = column(at).map(|x| (x - mean) * (x - mean)).sum::<f64>() / rows;
                (mean, variance.sqrt())
            })
            .collect()
    }

    /// Subtracts the mean from each feature and divides it by the deviation; a feature that never
    /// varies becomes 0.
    pub(crate) fn standardise(&mut self, moments: &[(f64, f64)]) {
        for row in self.features.chunks_exact_mut(self.width) {
            for (x, (mean, deviation)) in row.iter_mut().zip(moments) {
                let distance = f64::from(*x) - mean;
                *x = if *deviation > 0.0 { (distance / deviation) as f32 } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const LAYOUT: Layout = Layout { file: "test.csv", header: 0, width: 2, classes: 10, scale: 0.5 };

    fn read(text: &str) -> Result<Table, String> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        Table::from_gzip(&gzip.finish().unwrap(), &LAYOUT).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_rows_and_scales_features() {
        let table = read("1,2,3\n4,5,9\n").unwrap();
        assert_eq!(table.features, [0.5, 1.0, 2.0, 2.5]);
        assert_eq!(table.labels, [3, 9]);
        assert_eq!(table.filter(|row| row == 1).features, [2.0, 2.5]);
    }

    #[test]
    fn says_where_a_table_is_malformed() {
        assert_eq!(read("").unwrap_err(), "test.csv, row 1: holds no rows");
        assert_eq!(read("1,2,3\n1,3\n").unwrap_err(), "test.csv, row 2: has 1 features, expected 2");
        assert_eq!(
            read("1,x,3\n").unwrap_err(),
            "test.csv, row 1: column 2: expected a finite number, got \"x\""
        );
        assert_eq!(
            read("1,NaN,3\n").unwrap_err(),
            "test.csv, row 1: column 2: expected a finite number, got \"NaN\""
        );
        assert_eq!(
            read("1,2,10\n").unwrap_err(),
            "test.csv, row 1: expected a label from 0 to 9, got \"10\""
        );
        let torn = Table::from_gzip(b"not gzip", &LAYOUT).unwrap_err().to_string();
        assert!(torn.starts_with("test.csv, row 1: cannot be decompressed"), "{torn}");
    }
}
