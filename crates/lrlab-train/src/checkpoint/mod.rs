//! Checkpoints: a trial between two steps, as a folder from which it goes on to the same bits.
//!
//! ```text
//! runs/000-sgd-lr-0.1-seed0/checkpoints/500-updates/
//!   manifest.jsonl           whose it is, the stamp of each file below, how far the log was
//!   state.json               clocks, scheduler, groups, batches, bounds: all that is no tensor
//!   parameters.safetensors   the weights, by the names of the task's parameters
//!   optimizer.safetensors    what optimizers keep for each of them: `hidden.weight/exp_avg`
//!   training.safetensors     the last gradient, averages of the weights, what probes remember
//! ```
//!
//! It is written under another name beside its place, each file and then the folder brought to the disk,
//! and moved there last. What is read is held against its stamp first, and against the trial that is to go
//! on; nothing of a trial changes before all of it fits.
//!
//! [`Trial::save`](crate::Trial::save) and [`Trial::load`](crate::Trial::load) write and read one;
//! [`Checkpoints`] are those of a run, of which the newest are kept, and [`Interval`] says how often they
//! are made. [Decision 023](https://github.com/lrlab/lrlab/blob/main/docs/decisions/023.md) says what is refused and why,
//! [024](https://github.com/lrlab/lrlab/blob/main/docs/decisions/024.md) why the files are such.

mod error;
mod folder;
mod interval;
mod manifest;
mod number;
mod run;
mod stamp;
mod tensors;

pub use error::{CheckpointError, Difference};
pub use interval::{Interval, IntervalError};
pub use manifest::LogMark;
pub use run::{Checkpoint, Checkpoints};
pub use stamp::Stamp;

pub(crate) use folder::{Draft, Saved};
pub(crate) use manifest::Identity;
pub(crate) use number::Number;
pub(crate) use stamp::{Digest, digest};
pub(crate) use tensors::Tensor;
