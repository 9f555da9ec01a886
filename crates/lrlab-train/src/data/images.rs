//! Pictures with a class each, from IDX pairs or an `.npz`.

use super::read::{Array, Limits, Numbers, Place, ReadError, Source, idx, npz::Archive};

/// Pictures of one size, each of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Pixels in 0..=1, of shape `[pictures, channels, height, width]`, row-major, as PyTorch has it.
    pub pixels: Vec<f32>,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// 1 for shades of grey, 3 for colours, 4 with transparency.
    pub channels: usize,
    /// The class of each picture, below `classes`.
    pub labels: Vec<u32>,
    /// One more than the largest label here.
    pub classes: usize,
}

/// Which pictures of an archive that holds both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those to train on.
    Train,
    /// Those that are kept for judging.
    Test,
}

/// More classes than this are refused.
pub const MOST_CLASSES: usize = 65_536;
/// Channels that a picture may have.
const CHANNELS: [usize; 3] = [1, 3, 4];

/// Names under which archives keep pictures and labels: Keras's, `MedMNIST`'s, and plain ones.
const TRAIN_NAMES: [(&str, &str); 4] =
    [("x_train", "y_train"), ("train_images", "train_labels"), ("images", "labels"), ("x", "y")];
const TEST_NAMES: [(&str, &str); 2] = [("x_test", "y_test"), ("test_images", "test_labels")];

impl Images {
    /// Pictures and labels from two IDX files, gzip or not.
    ///
    /// # Errors
    /// What cannot be read, is not of pictures or labels, or does not fit together.
    pub fn from_idx(pictures: &Source, labels: &Source, limits: &Limits) -> Result<Self, ReadError> {
        let pixels = idx::read(pictures, limits)?;
        let classes = idx::read(labels, limits)?;
        Self::new((pictures.name(), Place::Whole, pixels), (labels.name(), Place::Whole, &classes))
    }

    /// Pictures and labels from the arrays of an `.npz`: `x_train` and `y_train`, `train_images` and
    /// `train_labels`, `images` and `labels`, or `x` and `y`; for the test part those with `test`.
    /// `None` where the archive has no test part.
    ///
    /// # Errors
    /// What cannot be read, no arrays of these names for training, or arrays that do not fit together.
    pub fn from_npz(source: &Source, part: Part, limits: &Limits) -> Result<Option<Self>, ReadError> {
        let mut archive = Archive::open(source, limits)?;
        let known: &[_] = if part == Part::Train { &TRAIN_NAMES } else { &TEST_NAMES };
        let there = |name: &str| archive.names().iter().any(|known| known == name);
        let Some((x, y)) = known.iter().find(|(x, y)| there(x) && there(y)) else {
            if part == Part::Test {
                return Ok(None);
            }
            let expected: Vec<String> = known.iter().map(|(x, y)| format!("{x} and {y}")).collect();
            let problem = format!(
                "expected pictures and labels under the names {}; the arrays there are {}",
                expected.join(", or "),
                archive.names().join(", ")
            );
            return Err(ReadError::refused(source.name(), Place::Whole, problem));
        };
        let (pixels, labels) = (archive.array(x)?, archive.array(y)?);
        let place = |name: &str| Place::Member(name.to_owned());
        Self::new((source.name(), place(x), pixels), (source.name(), place(y), &labels)).map(Some)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Numbers of one picture.
    pub fn picture_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    fn new(
        (file, place, pixels): (&str, Place, Array),
        (labels_file, labels_place, labels): (&str, Place, &Array),
    ) -> Result<Self, ReadError> {
        let refuse = |problem: String| Err(ReadError::refused(file, place.clone(), problem));
        let (size, channels_last) = match pixels.shape[..] {
            [_, height, width] => ([1, height, width], false),
            [_, height, width, channels] if CHANNELS.contains(&channels) => ([channels, height, width], true),
            [_, channels, height, width] if CHANNELS.contains(&channels) => {
                ([channels, height, width], false)
            }
            _ => {
                return refuse(format!(
                    "expected pictures, of shape [pictures, height, width] or with 1, 3 or 4 channels as a last or \
                     second axis; got {:?}",
                    pixels.shape
                ));
            }
        };
        let pictures = pixels.shape[0];
        if pixels.numbers.is_empty() {
            return refuse(format!("holds no pixels: its shape is {:?}", pixels.shape));
        }
        let labels = classes_of(labels)
            .map_err(|problem| ReadError::refused(labels_file, labels_place.clone(), problem))?;
        if labels.len() != pictures {
            let problem = format!("holds {} labels, and {file} has {pictures} pictures", labels.len());
            return Err(ReadError::refused(labels_file, labels_place, problem));
        }
        let mut scaled = match in_unit(pixels.numbers) {
            Ok(scaled) => scaled,
            Err((at, problem)) => {
                let picture = at / (size[0] * size[1] * size[2]);
                return refuse(format!("picture {picture}: {problem}"));
            }
        };
        let [channels, height, width] = size;
        if channels_last && channels > 1 {
            scaled = channels_first(&scaled, channels, height * width);
        }
        let classes = labels.iter().max().map_or(0, |largest| *largest as usize + 1);
        Ok(Self { pixels: scaled, height, width, channels, labels, classes })
    }
}

/// Labels of shape `[pictures]` or `[pictures, 1]`.
fn classes_of(array: &Array) -> Result<Vec<u32>, String> {
    if !matches!(array.shape[..], [_] | [_, 1]) {
        return Err(format!(
            "expected one label for each picture, of shape [pictures]; got {:?}",
            array.shape
        ));
    }
    (0..array.numbers.len())
        .map(|at| {
            let label = array.numbers.get(at);
            let fits = label.fract() == 0.0 && (0.0..MOST_CLASSES as f64).contains(&label);
            if fits {
                Ok(label as u32)
            } else {
                Err(format!("label {at} is {label}; expected whole numbers from 0 to {}", MOST_CLASSES - 1))
            }
        })
        .collect()
}

/// Pixels in 0..=1: bytes are divided by 255, others have to lie there already.
fn in_unit(numbers: Numbers) -> Result<Vec<f32>, (usize, String)> {
    let outside =
        |at: usize, value: f64| (at, format!("a pixel of {value}; expected bytes, or numbers from 0 to 1"));
    match numbers {
        Numbers::Bytes(bytes) => Ok(bytes.into_iter().map(|byte| f32::from(byte) / 255.0).collect()),
        Numbers::Singles(pixels) => match pixels.iter().position(|pixel| !(0.0..=1.0).contains(pixel)) {
            Some(at) => Err(outside(at, f64::from(pixels[at]))),
            None => Ok(pixels),
        },
        numbers => (0..numbers.len())
            .map(|at| match numbers.get(at) {
                value if (0.0..=1.0).contains(&value) => Ok(value as f32),
                value => Err(outside(at, value)),
            })
            .collect(),
    }
}

/// From channels as the last axis to channels before rows, picture by picture of so many places.
fn channels_first(pixels: &[f32], channels: usize, places: usize) -> Vec<f32> {
    let picture = |pixels: &[f32]| {
        let of_channel = |channel: usize| pixels.iter().skip(channel).step_by(channels).copied();
        (0..channels).flat_map(of_channel).collect::<Vec<f32>>()
    };
    pixels.chunks_exact(channels * places).flat_map(picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idx(shape: &[u8], bytes: &[u8]) -> Source {
        let mut file = vec![0, 0, 8, shape.len() as u8];
        file.extend(shape.iter().flat_map(|axis| [0, 0, 0, *axis]));
        file.extend(bytes);
        Source::bytes("made", file)
    }

    fn read(shape: &[u8], bytes: &[u8], labels: &[u8]) -> Result<Images, String> {
        let labels = idx(&[labels.len() as u8], labels);
        Images::from_idx(&idx(shape, bytes), &labels, &Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn bytes_become_numbers_from_0_to_1() {
        let images = read(&[2, 1, 2], &[0, 255, 51, 0], &[3, 0]).unwrap();
        assert_eq!(images.pixels, [0.0, 1.0, 0.2, 0.0]);
        assert_eq!((images.height, images.width, images.channels, images.classes), (1, 2, 1, 4));
        assert_eq!((images.labels, images.pixels.len()), (vec![3, 0], 4));
    }

    #[test]
    fn channels_come_before_rows() {
        let images = read(&[2, 1, 2, 3], &[0, 51, 255, 51, 0, 0, 255, 0, 0, 0, 0, 51], &[0, 1]).unwrap();
        assert_eq!(images.pixels, [0.0, 0.2, 0.2, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.2]);
        assert_eq!((images.channels, images.height, images.width), (3, 1, 2));
        let first = read(&[1, 3, 1, 2], &[0, 51, 51, 0, 255, 0], &[0]).unwrap();
        assert_eq!(first.pixels, images.pixels[..6]);
    }

    #[test]
    fn what_does_not_fit_together_is_told() {
        let told = |shape: &[u8], bytes: &[u8], labels: &[u8]| read(shape, bytes, labels).unwrap_err();
        assert_eq!(told(&[1, 1, 1], &[9], &[0, 1]), "made: holds 2 labels, and made has 1 pictures");
        assert!(
            told(&[2], &[9, 9], &[0, 1]).contains("expected pictures, of shape [pictures, height, width]")
        );
        assert_eq!(told(&[0, 4, 4], &[], &[]), "made: holds no pixels: its shape is [0, 4, 4]");
        let floats = Numbers::Singles(vec![0.5, 1.0, 7.0]);
        assert_eq!(in_unit(floats).unwrap_err().1, "a pixel of 7; expected bytes, or numbers from 0 to 1");
    }
}
