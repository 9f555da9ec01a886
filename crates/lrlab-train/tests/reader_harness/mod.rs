//! What has to hold of each reader, whatever it is given; for the property tests and the fuzz targets.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::data::{
    corpus::Corpus,
    images::{Images, Part},
    read::{
        Array, Limits, Numbers, ReadError, Source,
        delimited::{Form, Separator, Told},
        idx, npy,
        npz::Archive,
    },
};

/// Low, so that a few bytes reach them.
pub(crate) const LIMITS: Limits =
    Limits { content: 1 << 16, line: 4096, columns: 64, values: 2048, characters: 100 };

pub(crate) fn source(bytes: &[u8]) -> Source {
    Source::bytes("made", bytes)
}

/// A refusal names the file and says something.
fn told(error: &ReadError) {
    let text = error.to_string();
    assert!(text.starts_with("made") && text.len() > "made: ".len(), "{text}");
}

/// A table is refused, or its rows are written down and read again as the same cells.
pub(crate) fn holds_of_table(bytes: &[u8]) {
    for separator in [None, Some(Separator::Comma), Some(Separator::Tab)] {
        let told_of = Told { separator, header: None };
        match rows(bytes, told_of) {
            Err(error) => told(&error),
            Ok((form, rows)) => {
                assert!(form.names.iter().enumerate().all(|(at, name)| !form.names[..at].contains(name)));
                assert!(rows.iter().all(|row| row.len() == form.names.len()));
                let told_of = Told { separator: Some(form.separator), header: Some(true) };
                let (_, again) =
                    self::rows(&written(&form, &rows), told_of).expect("what was written is read");
                assert_eq!(again, rows);
            }
        }
    }
}

/// All cells of a table.
pub(crate) fn rows(bytes: &[u8], told: Told) -> Result<(Form, Vec<Vec<String>>), ReadError> {
    let form = Form::of(&source(bytes), told, &LIMITS)?;
    let mut rows = Vec::new();
    form.each_row(&source(bytes), &LIMITS, &mut |row| {
        assert!(row.line >= 1);
        rows.push(row.cells.iter().map(|cell| (*cell).to_owned()).collect());
        Ok(())
    })?;
    Ok((form, rows))
}

/// A table as text, each cell in quotation marks.
pub(crate) fn written(form: &Form, rows: &[Vec<String>]) -> Vec<u8> {
    let separator = match form.separator {
        Separator::Comma => ",",
        Separator::Semicolon => ";",
        Separator::Tab => "\t",
        Separator::Bar => "|",
    };
    let line = |cells: &[String]| {
        let quoted: Vec<String> =
            cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        quoted.join(separator) + "\n"
    };
    let names: Vec<String> = (0..form.names.len()).map(|at| format!("n{at}")).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    (line(&names) + &body).into_bytes()
}

/// An `.npy` is refused, or what was read is written down and read again as the same bits.
pub(crate) fn holds_of_npy(bytes: &[u8]) {
    match npy::read(&source(bytes), &LIMITS) {
        Err(error) => told(&error),
        Ok(array) => {
            whole(&array);
            let again = npy::read(&source(&npy_of(&array)), &LIMITS).expect("what was written is read");
            assert_eq!(bits(&again), bits(&array));
        }
    }
}

/// An `.npz` is refused, or each of its arrays is.
pub(crate) fn holds_of_npz(bytes: &[u8]) {
    match Archive::open(&source(bytes), &LIMITS) {
        Err(error) => told(&error),
        Ok(mut archive) => {
            for name in archive.names().to_vec() {
                match archive.array(&name) {
                    Err(error) => told(&error),
                    Ok(array) => whole(&array),
                }
            }
        }
    }
    for part in [Part::Train, Part::Test] {
        match Images::from_npz(&source(bytes), part, &LIMITS) {
            Err(error) => told(&error),
            Ok(images) => images.iter().for_each(pictures),
        }
    }
}

/// An IDX file is refused, or read whole; as pictures too.
pub(crate) fn holds_of_idx(bytes: &[u8]) {
    match idx::read(&source(bytes), &LIMITS) {
        Err(error) => told(&error),
        Ok(array) => whole(&array),
    }
    match Images::from_idx(&source(bytes), &source(bytes), &LIMITS) {
        Err(error) => told(&error),
        Ok(images) => pictures(&images),
    }
}

/// A text is refused, or its tokens spell it.
pub(crate) fn holds_of_text(bytes: &[u8]) {
    match Corpus::read(&source(bytes), &LIMITS) {
        Err(error) => told(&error),
        Ok(corpus) => {
            assert!(corpus.vocabulary.is_sorted() && corpus.tokens.len() <= LIMITS.values);
            let spelt: String =
                corpus.tokens.iter().map(|token| corpus.vocabulary[*token as usize]).collect();
            if let Ok(text) = std::str::from_utf8(bytes) {
                assert_eq!(spelt, text.strip_prefix('\u{feff}').unwrap_or(text));
            }
            assert!(corpus.describe().contains(&format!("{} characters", corpus.tokens.len())));
        }
    }
}

fn whole(array: &Array) {
    assert_eq!(array.numbers.len(), array.shape.iter().product::<usize>());
    assert!(array.numbers.len() <= LIMITS.values);
}

fn pictures(images: &Images) {
    assert_eq!(images.pixels.len(), images.len() * images.picture_len());
    assert!(images.pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    assert!(images.labels.iter().all(|label| (*label as usize) < images.classes));
}

/// Shape and the bits of each number, so that NaN is equal to itself.
pub(crate) fn bits(array: &Array) -> (Vec<usize>, Vec<u64>) {
    let bits = match &array.numbers {
        Numbers::Bytes(numbers) => numbers.iter().map(|x| u64::from(*x)).collect(),
        Numbers::Integers(numbers) => numbers.iter().map(|x| x.cast_unsigned()).collect(),
        Numbers::Singles(numbers) => numbers.iter().map(|x| u64::from(x.to_bits())).collect(),
        Numbers::Doubles(numbers) => numbers.iter().map(|x| x.to_bits()).collect(),
    };
    (array.shape.clone(), bits)
}

/// The array as `numpy.save` writes it, little-endian and in row-major order.
pub(crate) fn npy_of(array: &Array) -> Vec<u8> {
    let (descr, data): (&str, Vec<u8>) = match &array.numbers {
        Numbers::Bytes(numbers) => ("|u1", numbers.clone()),
        Numbers::Integers(numbers) => ("<i8", numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Numbers::Singles(numbers) => ("<f4", numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Numbers::Doubles(numbers) => ("<f8", numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
    };
    npy_with(descr, false, &array.shape, &data)
}

/// An `.npy` of this header and data.
pub(crate) fn npy_with(descr: &str, fortran: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let axes: Vec<String> = shape.iter().map(|axis| format!("{axis},")).collect();
    let order = if fortran { "True" } else { "False" };
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({}), }}\n", axes.join(" "));
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// An archive of these arrays, as `numpy.savez_compressed` writes it.
pub(crate) fn npz_of(arrays: &[(&str, &Array)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).expect("memory takes it");
        zip.write_all(&npy_of(array)).expect("memory takes it");
    }
    let bytes = zip.finish().expect("memory takes it").into_inner();
    assert_eq!(ZipArchive::new(Cursor::new(&bytes)).expect("memory takes it").len(), arrays.len());
    bytes
}

/// An IDX file of unsigned bytes.
pub(crate) fn idx_of(shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|axis| (*axis as u32).to_be_bytes()));
    file.extend(bytes);
    file
}

/// These bytes, compressed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
