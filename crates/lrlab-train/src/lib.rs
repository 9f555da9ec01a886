//! Trains: tasks, the trial loop, measurements, the event log and studies.
//!
//! This is the only crate that names Burn. What happens here is measured and written down; what it
//! means is judged elsewhere, from the log alone.

pub mod adapter;
pub mod bounds;
pub mod checkpoint;
pub mod clock;
pub mod data;
pub mod groups;
pub mod log;
pub mod model;
pub mod probe;
pub mod recording;
pub mod study;
pub mod suite;
pub mod task;
pub mod torch_init;
pub mod trial;

mod batches;
mod error;
mod flex;
mod horizon;
mod weights;

pub use error::TrainError;
pub use study::StudyFolder;
pub use task::{Batch, Metrics, Task, TaskError};
pub use trial::{Observer, Trial};
