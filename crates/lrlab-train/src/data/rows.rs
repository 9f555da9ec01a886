//! Tables from files of any kind, row by row: text, or the columns of NumPy arrays.

use super::read::{
    Array, Limits, Place, ReadError, Source,
    delimited::{Form, Row, Told},
    npy,
    npz::Archive,
};

/// A table that can be walked as often as wanted.
#[derive(Debug)]
pub struct Table {
    source: Source,
    limits: Limits,
    names: Vec<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Text, read anew at each walk.
    Text(Form),
    /// Arrays of as many rows each, whose columns stand side by side.
    Arrays(Vec<Array>),
}

impl Table {
    /// The table in `source`: `.npy` and `.npz` by the ending of its name, text otherwise.
    ///
    /// An `.npy` has shape `[rows, columns]`, its columns being called `column 1` and so on. Each array of an
    /// `.npz` is a column of its own name, or, of shape `[rows, columns]`, several: `x 1`, `x 2`.
    ///
    /// # Errors
    /// What its reader refuses, or arrays that are no columns of one table.
    pub fn open(source: Source, told: Told, limits: Limits) -> Result<Self, ReadError> {
        let ends = |ending: &str| source.name().to_ascii_lowercase().ends_with(ending);
        let (names, kind) = if ends(".npy") {
            let array = npy::read(&source, &limits)?;
            let names = columns(&source, Place::Whole, "column", &array)?;
            (names, Kind::Arrays(vec![array]))
        } else if ends(".npz") {
            let mut archive = Archive::open(&source, &limits)?;
            let (mut names, mut arrays) = (Vec::new(), Vec::<Array>::new());
            for name in archive.names().to_vec() {
                let array = archive.array(&name)?;
                let place = Place::Member(name.clone());
                let of_array = columns(&source, place.clone(), &name, &array)?;
                if let Some(first) = arrays.first().filter(|first| first.shape[0] != array.shape[0]) {
                    let (rows, expected) = (array.shape[0], first.shape[0]);
                    let problem = format!("has {rows} rows, and the first array has {expected}");
                    return Err(ReadError::refused(source.name(), place, problem));
                }
                let held: usize = arrays.iter().map(|array| array.numbers.len()).sum();
                if held + array.numbers.len() > limits.values {
                    let problem = format!("the arrays hold more than {} numbers, the limit", limits.values);
                    return Err(ReadError::refused(source.name(), place, problem));
                }
                names.extend(of_array);
                arrays.push(array);
            }
            (names, Kind::Arrays(arrays))
        } else {
            let form = Form::of(&source, told, &limits)?;
            (form.names.clone(), Kind::Text(form))
        };
        if names.len() > limits.columns {
            let problem = format!("has {} columns, and the limit is {}", names.len(), limits.columns);
            return Err(ReadError::refused(source.name(), Place::Whole, problem));
        }
        Ok(Self { source, limits, names, kind })
    }

    /// What errors call its file.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// Names of its columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What is held at most.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How it is written, in a few words.
    pub fn form(&self) -> String {
        match &self.kind {
            Kind::Text(form) => {
                let header = if form.header { "the first row names the columns" } else { "without a header" };
                format!("cells between {}s, {header}", form.separator.word())
            }
            Kind::Arrays(_) => "NumPy arrays".to_owned(),
        }
    }

    /// Calls `f` with each row; rows of arrays are counted from 1 as lines are.
    ///
    /// # Errors
    /// What its reader refuses, or `f`.
    pub fn each_row(&self, f: &mut dyn FnMut(Row<'_>) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let arrays = match &self.kind {
            Kind::Text(form) => return form.each_row(&self.source, &self.limits, f),
            Kind::Arrays(arrays) => arrays,
        };
        for row in 0..arrays.first().map_or(0, |array| array.shape[0]) {
            let cells: Vec<String> = arrays
                .iter()
                .flat_map(|array| {
                    let width = array.row_len();
                    // The shortest text of a number reads back to the same bits.
                    (row * width..(row + 1) * width).map(|at| array.numbers.get(at).to_string())
                })
                .collect();
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            f(Row { line: row as u64 + 1, cells: &cells })?;
        }
        Ok(())
    }
}

/// Names for the columns of an array.
fn columns(source: &Source, place: Place, name: &str, array: &Array) -> Result<Vec<String>, ReadError> {
    match array.shape[..] {
        [_] if name != "column" => Ok(vec![name.to_owned()]),
        [_, columns] => Ok((1..=columns).map(|at| format!("{name} {at}")).collect()),
        _ => {
            let problem =
                format!("expected rows and columns, of shape [rows, columns]; got {:?}", array.shape);
            Err(ReadError::refused(source.name(), place, problem))
        }
    }
}
