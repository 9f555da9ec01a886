//! The vendored tables; their sources and licences are in `data/README.md`.

use super::table::{Layout, Table};
use crate::TaskError;

/// The UCI handwritten digits: 1,797 images of 8 x 8 pixels, scaled from 0..=16 to 0..=1.
pub(crate) static DIGITS: Vendored = Vendored {
    gzip: include_bytes!("../../data/digits.csv.gz"),
    layout: Layout { file: "digits.csv", header: 0, width: 64, classes: 10, scale: 1.0 / 16.0 },
    every: 5,
    standardised: false,
};

/// The UCI breast cancer samples: 569 of 30 features, malignant or benign.
pub(crate) static BREAST_CANCER: Vendored = Vendored {
    gzip: include_bytes!("../../data/breast_cancer.csv.gz"),
    layout: Layout { file: "breast_cancer.csv", header: 1, width: 30, classes: 2, scale: 1.0 },
    every: 2,
    standardised: true,
};

/// The UCI wines: 178 of 13 features, by three growers.
pub(crate) static WINE: Vendored = Vendored {
    gzip: include_bytes!("../../data/wine_data.csv.gz"),
    layout: Layout { file: "wine_data.csv", header: 1, width: 13, classes: 3, scale: 1.0 },
    every: 2,
    standardised: true,
};

/// A table inside the program.
#[derive(Debug)]
pub(crate) struct Vendored {
    gzip: &'static [u8],
    pub(crate) layout: Layout,
    /// The last of every so many rows validates. Of a small table it is every second: a few dozen
    /// rows can all lie far on the right side, and then any growth of the weights would look good.
    every: usize,
    /// Whether each feature is brought to mean 0 and standard deviation 1 over the training rows.
    standardised: bool,
}

/// Training and validation rows.
#[derive(Debug)]
pub(crate) struct Halves {
    pub(crate) train: Table,
    pub(crate) validation: Table,
}

impl Vendored {
    /// The table, decompressed at every call.
    pub(crate) fn load(&self) -> Result<Halves, TaskError> {
        let all = Table::from_gzip(self.gzip, &self.layout)?;
        let validates = |row: usize| row % self.every == self.every - 1;
        let mut train = all.filter(|row| !validates(row));
        let mut validation = all.filter(validates);
        if self.standardised {
            let moments = train.moments();
            train.standardise(&moments);
            validation.standardise(&moments);
        }
        Ok(Halves { train, validation })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_table_of_the_documents_is_the_vendored_one() {
        let csv = include_str!("../../../../docs/own-data/wine.csv");
        let growers = ["first", "second", "third"];
        let rows: Vec<(Vec<f32>, usize)> = csv
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                let numbers = cells[..13].iter().map(|cell| cell.parse().unwrap()).collect();
                (numbers, growers.iter().position(|grower| grower == &cells[13]).unwrap())
            })
            .collect();
        let table = Table::from_gzip(WINE.gzip, &WINE.layout).unwrap();
        let vendored = table.features.chunks(13).zip(&table.labels);
        assert!(vendored.map(|(row, label)| (row.to_vec(), usize::from(*label))).eq(rows));
    }

    #[test]
    fn tables_are_those_of_the_readme() {
        let readme = include_str!("../../data/README.md");
        for (table, train, validation) in [(&DIGITS, 1438, 359), (&BREAST_CANCER, 285, 284), (&WINE, 89, 89)]
        {
            let mut csv = Vec::new();
            GzDecoder::new(table.gzip).read_to_end(&mut csv).unwrap();
            let hex =
                |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap());
            let digest: String = Sha256::digest(&csv).iter().flat_map(hex).collect();
            assert!(readme.contains(&format!("`{digest}`")), "{}: {digest}", table.layout.file);
            let halves = table.load().unwrap();
            assert_eq!((halves.train.labels.len(), halves.validation.labels.len()), (train, validation));
            for half in [&halves.train, &halves.validation] {
                assert_eq!(half.features.len(), half.labels.len() * table.layout.width);
                for class in 0..table.layout.classes {
                    assert!(half.labels.contains(&class), "{}: class {class}", table.layout.file);
                }
            }
        }
    }

    #[test]
    fn standardised_training_features_have_mean_0_and_deviation_1() {
        for table in [&BREAST_CANCER, &WINE] {
            for (mean, deviation) in table.load().unwrap().train.moments() {
                assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5, "{mean}, {deviation}");
            }
        }
    }
}
