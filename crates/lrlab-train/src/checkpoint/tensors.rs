//! Tensors of f32 in one file, in the safetensors form: eight bytes with the length of a header, the
//! header in JSON, and the numbers, little-endian, tensor after tensor.
//!
//! Written piece by piece as a walk over a model shows its parameters, so that no second copy of them is
//! made; PyTorch's `safetensors.torch.load_file` reads it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use safetensors::tensor::{Dtype, Metadata, SafeTensorError, TensorInfo};

use super::{
    CheckpointError, Difference,
    stamp::{Stamp, StampedFile, open_stamped},
};

/// Numbers that are turned into bytes at a time: few enough to stay in the processor's cache.
const PIECE: usize = 1 << 15;

/// Bytes of the number that a file begins with, of which its header is a multiple long.
const WORD: usize = 8;

/// No header is longer, as the safetensors form has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// The name and shape of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
}

impl Tensor {
    /// A vector of so many numbers.
    pub(crate) fn vector(name: impl Into<String>, length: usize) -> Self {
        Self { name: name.into(), shape: vec![length] }
    }

    fn numbers(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A file of tensors that is being written.
#[derive(Debug)]
pub(crate) struct TensorWriter {
    file: StampedFile,
    buffer: Vec<u8>,
    /// Numbers that the header speaks of and that are not written yet.
    left: usize,
    refused: Option<io::Error>,
}

impl TensorWriter {
    /// Begins a new file of `tensors`, whose numbers have to follow in that order.
    pub(super) fn create(path: &Path, tensors: &[Tensor]) -> io::Result<Self> {
        let mut file = StampedFile::create(path)?;
        file.write(&header(tensors).map_err(io::Error::other)?)?;
        let left = tensors.iter().map(Tensor::numbers).sum();
        Ok(Self { file, buffer: Vec::with_capacity(PIECE * size_of::<f32>()), left, refused: None })
    }

    /// Adds a tensor's numbers. What the system refuses is told by [`finish`](Self::finish).
    pub(crate) fn push(&mut self, numbers: &[f32]) {
        if self.refused.is_some() {
            return;
        }
        self.refused = match self.left.checked_sub(numbers.len()) {
            None => Some(io::Error::other("more numbers than the header of the file speaks of")),
            Some(left) => {
                self.left = left;
                self.write(numbers).err()
            }
        };
    }

    fn write(&mut self, numbers: &[f32]) -> io::Result<()> {
        for piece in numbers.chunks(PIECE) {
            self.buffer.clear();
            self.buffer.extend(piece.iter().flat_map(|number| number.to_le_bytes()));
            self.file.write(&self.buffer)?;
        }
        Ok(())
    }

    /// Returns once the disk has all of it.
    pub(super) fn finish(self) -> io::Result<Stamp> {
        match (self.refused, self.left) {
            (Some(refused), _) => Err(refused),
            (None, 0) => self.file.finish(),
            (None, _) => Err(io::Error::other("fewer numbers than the header of the file speaks of")),
        }
    }
}

fn header(tensors: &[Tensor]) -> Result<Vec<u8>, SafeTensorError> {
    let mut end = 0;
    let info = |tensor: &Tensor| {
        let begin = end;
        end += tensor.numbers() * size_of::<f32>();
        let info = TensorInfo { dtype: Dtype::F32, shape: tensor.shape.clone(), data_offsets: (begin, end) };
        (tensor.name.clone(), info)
    };
    let metadata = Metadata::new(None, tensors.iter().map(info).collect())?;
    let mut json = serde_json::to_vec(&metadata)?;
    json.resize(json.len().next_multiple_of(WORD), b' ');
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut json);
    Ok(bytes)
}

/// A file of tensors that is what was stamped, to be read tensor after tensor.
///
/// It is read twice, first for its stamp and then for its numbers: they go to where they belong without a
/// second copy of all of them, and none goes there from a file that is damaged.
#[derive(Debug)]
pub(crate) struct TensorFile {
    path: PathBuf,
    /// At the beginning of the next tensor's numbers.
    file: File,
    buffer: Vec<u8>,
    tensors: Vec<Tensor>,
}

impl TensorFile {
    /// Opens the file, if it is what was stamped.
    pub(super) fn open(path: &Path, stamp: Stamp) -> Result<Self, CheckpointError> {
        let mut file = open_stamped(path, stamp)?;
        let damaged = |why: String| CheckpointError::Damaged { path: path.to_owned(), why };
        let unreadable = |source| CheckpointError::Unreadable { path: path.to_owned(), source };
        let mut length = [0; WORD];
        let bytes = stamp.bytes.checked_sub(WORD as u64);
        let bytes = bytes.ok_or_else(|| damaged("it is too short for a header".to_owned()))?;
        file.read_exact(&mut length).map_err(unreadable)?;
        let length = u64::from_le_bytes(length);
        if length > bytes.min(LONGEST_HEADER) {
            return Err(damaged(format!("its header cannot be of {length} bytes")));
        }
        let mut header = Vec::new();
        file.by_ref().take(length).read_to_end(&mut header).map_err(unreadable)?;
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|why| damaged(why.to_string()))?;
        if metadata.data_len() as u64 != bytes - length {
            return Err(damaged(format!(
                "it has {} bytes of numbers, its header tells {}",
                bytes - length,
                metadata.data_len()
            )));
        }
        let mut tensors = Vec::new();
        for name in metadata.offset_keys() {
            let Some(info) = metadata.info(&name) else { continue };
            if info.dtype != Dtype::F32 {
                return Err(damaged(format!("{name} is of {}, expected F32", info.dtype)));
            }
            tensors.push(Tensor { name, shape: info.shape.clone() });
        }
        Ok(Self { path: path.to_owned(), file, buffer: Vec::new(), tensors })
    }

    /// Names and shapes, in order.
    pub(crate) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// What is here and not in `wanted`, or there and not here, or of another shape. `kind` says what they
    /// are: `parameter`.
    pub(crate) fn differences(&self, kind: &str, wanted: &[Tensor]) -> Vec<Difference> {
        let shape = |tensor: Option<&Tensor>| match tensor {
            Some(tensor) => format!("of shape {:?}", tensor.shape),
            None => "none".to_owned(),
        };
        let differs = |there: Option<&Tensor>, here: Option<&Tensor>| {
            let name = &there.or(here)?.name;
            Difference::between(format!("{kind} {name}"), &there, &here, |tensor| shape(*tensor))
        };
        let named = |among: &'_ [Tensor], name: &str| among.iter().position(|tensor| tensor.name == name);
        let mut found: Vec<Difference> = wanted
            .iter()
            .filter_map(|here| {
                differs(named(&self.tensors, &here.name).map(|at| &self.tensors[at]), Some(here))
            })
            .collect();
        let more = self.tensors.iter().filter(|there| named(wanted, &there.name).is_none());
        found.extend(more.filter_map(|there| differs(Some(there), None)));
        if found.is_empty() && self.tensors != wanted {
            let names = |tensors: &[Tensor]| {
                tensors.iter().map(|tensor| tensor.name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let what = format!("order of each {kind}");
            found.push(Difference { what, there: names(&self.tensors), here: names(wanted) });
        }
        found
    }

    /// Reads the next tensor, in order, into a slice of as many numbers.
    pub(crate) fn read_into(&mut self, numbers: &mut [f32]) -> Result<(), CheckpointError> {
        for piece in numbers.chunks_mut(PIECE) {
            self.buffer.resize(size_of_val(piece), 0);
            let read = self.file.read_exact(&mut self.buffer);
            read.map_err(|source| CheckpointError::Unreadable { path: self.path.clone(), source })?;
            for (number, bytes) in piece.iter_mut().zip(self.buffer.chunks_exact(size_of::<f32>())) {
                *number = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
        }
        Ok(())
    }

    /// Reads all tensors as vectors, by name.
    pub(crate) fn vectors(mut self) -> Result<BTreeMap<String, Vec<f32>>, CheckpointError> {
        let mut vectors = BTreeMap::new();
        for tensor in std::mem::take(&mut self.tensors) {
            let mut numbers = vec![0.0; tensor.numbers()];
            self.read_into(&mut numbers)?;
            vectors.insert(tensor.name, numbers);
        }
        Ok(vectors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> [Tensor; 2] {
        [Tensor { name: "b".to_owned(), shape: vec![2, 3] }, Tensor::vector("a", 0)]
    }

    #[test]
    fn every_bit_is_read_back_in_the_order_of_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let numbers = [f32::NAN, -0.0, f32::from_bits(0xffc0_1234), f32::INFINITY, 1e-45, 0.1];
        let mut writer = TensorWriter::create(&path, &two()).unwrap();
        writer.push(&numbers);
        writer.push(&[]);
        let stamp = writer.finish().unwrap();
        let mut file = TensorFile::open(&path, stamp).unwrap();
        assert_eq!(file.tensors(), two());
        let mut read = [0.0; 6];
        file.read_into(&mut read).unwrap();
        assert_eq!(read.map(f32::to_bits), numbers.map(f32::to_bits));
        let vectors = TensorFile::open(&path, stamp).unwrap().vectors().unwrap();
        assert_eq!((vectors["a"].len(), vectors["b"][5], vectors.len()), (0, 0.1, 2));
    }

    #[test]
    fn what_differs_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let mut writer = TensorWriter::create(&path, &two()).unwrap();
        writer.push(&[0.0; 6]);
        let file = TensorFile::open(&path, writer.finish().unwrap()).unwrap();
        assert_eq!(file.differences("tensor", &two()), []);
        let told = |wanted: &[Tensor]| -> Vec<String> {
            let line = |d: Difference| format!("{}: {} / {}", d.what, d.there, d.here);
            file.differences("tensor", wanted).into_iter().map(line).collect()
        };
        assert_eq!(
            told(&[Tensor::vector("b", 6), Tensor::vector("c", 1)]),
            [
                "tensor b: of shape [2, 3] / of shape [6]",
                "tensor c: none / of shape [1]",
                "tensor a: of shape [0] / none"
            ]
        );
        let [b, a] = two();
        assert_eq!(told(&[a, b]), ["order of each tensor: b, a / a, b"]);
    }

    #[test]
    fn numbers_have_to_be_those_of_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let begin = |name: &str| TensorWriter::create(&folder.path().join(name), &two()).unwrap();
        let (mut less, mut more) = (begin("less"), begin("more"));
        less.push(&[0.0; 5]);
        more.push(&[0.0; 7]);
        assert!(less.finish().unwrap_err().to_string().contains("fewer"));
        assert!(more.finish().unwrap_err().to_string().contains("more"));
    }
}
