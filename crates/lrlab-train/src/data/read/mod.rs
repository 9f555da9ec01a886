//! Readers of files that are not lrlab's own: tables, NumPy arrays, IDX, text.
//!
//! A file may hold anything, so each of them streams, holds no more than [`Limits`] allows whatever the
//! file claims of itself, and says of what it refuses where that stands and what was expected there.
//! Nothing here names the rest of the crate: the fuzz targets compile this folder alone.

mod error;
mod limits;
mod source;

pub mod array;
pub mod delimited;
pub mod idx;
pub mod npy;
pub mod npz;
pub mod text;

pub use array::{Array, Numbers};
pub use error::{Place, ReadError};
pub use limits::Limits;
pub use source::Source;
