//! The readers of users' files by themselves: `lrlab-train` would bring the tensor engine.

#[path = "../crates/lrlab-train/src/data/corpus.rs"]
pub mod corpus;
#[path = "../crates/lrlab-train/src/data/images.rs"]
pub mod images;
#[path = "../crates/lrlab-train/src/data/read/mod.rs"]
pub mod read;
