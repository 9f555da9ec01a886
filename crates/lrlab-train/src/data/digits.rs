//! The UCI handwritten digits: 1,797 images of 8 x 8 pixels, ten classes. See `data/README.md`.

use std::sync::OnceLock;

use super::table::Table;
use crate::TaskError;

static GZIP: &[u8] = include_bytes!("../../data/digits.csv.gz");

/// Pixels in an image.
pub(crate) const PIXELS: usize = 64;
/// Digits to tell apart.
pub(crate) const CLASSES: usize = 10;

/// Training and validation rows; pixels are scaled from 0..=16 to 0..=1.
#[derive(Debug)]
pub(crate) struct Digits {
    pub(crate) train: Table,
    pub(crate) validation: Table,
}

/// The data, decompressed once a process. Every fifth row is kept for validation.
pub(crate) fn digits() -> Result<&'static Digits, TaskError> {
    static DIGITS: OnceLock<Digits> = OnceLock::new();
    if let Some(digits) = DIGITS.get() {
        return Ok(digits);
    }
    let all = Table::from_gzip(GZIP, "digits.csv", PIXELS, CLASSES as u8, 1.0 / 16.0)?;
    Ok(DIGITS.get_or_init(|| Digits {
        train: all.filter(|row| row % 5 != 4),
        validation: all.filter(|row| row % 5 == 4),
    }))
}
