//! How a study lies on disk: names only, so that the room which writes and the room which reads
//! agree without knowing each other.
//!
//! ```text
//! FOLDER/
//!   study.json                        what is asked, and the version of lrlab
//!   checkpoint-every.txt              how often a trial makes a checkpoint, where that was said
//!   runs/000-step-every-5-epochs-seed0/
//!     events.jsonl                    the event log, the only source of every table and picture
//!     timing.jsonl                    wall-clock times, kept apart so that equal trials have equal logs
//!     checkpoints/500-updates/        where the run goes on if it is killed; gone when it has ended
//! ```

/// The file that holds what a study asks.
pub const STUDY_FILE: &str = "study.json";
/// The file that holds how often the study's trials make a checkpoint.
pub const CHECKPOINT_EVERY_FILE: &str = "checkpoint-every.txt";
/// The folder of a study's runs.
pub const RUNS_FOLDER: &str = "runs";
/// A run's event log.
pub const EVENTS_FILE: &str = "events.jsonl";
/// A run's wall-clock times.
pub const TIMING_FILE: &str = "timing.jsonl";
/// A run's checkpoints.
pub const CHECKPOINTS_FOLDER: &str = "checkpoints";

/// The folder name of the run of an arm: `000-step-every-5-epochs-seed0`.
///
/// `arm` is the arm's index in its study; `label` is shortened to what every file system takes.
pub fn run_folder(arm: usize, label: &str, seed: u64) -> String {
    format!("{arm:03}-{}-seed{seed}", slug(label))
}

/// The beginning of the folder names of the runs by which an arm's rate was chosen:
/// `tune-000-step-every-5-epochs-`.
pub fn tuning_prefix(arm: usize, label: &str) -> String {
    format!("tune-{arm:03}-{}-", slug(label))
}

/// Whether a run's folder name says that it was made to choose a rate.
pub fn is_tuning(name: &str) -> bool {
    name.starts_with("tune-")
}

/// The arm's index that a run's folder name begins with; `None` for a name of another kind.
///
/// ```
/// use lrlab_core::layout::{arm_of, run_folder, tuning_prefix};
/// assert_eq!(arm_of(&run_folder(3, "cosine", 0)), Some(3));
/// assert_eq!(arm_of(&tuning_prefix(12, "cosine")), Some(12));
/// assert_eq!(arm_of("sweep-seed0"), None);
/// ```
pub fn arm_of(name: &str) -> Option<usize> {
    name.strip_prefix("tune-").unwrap_or(name).split('-').next()?.parse().ok()
}

/// A label as a file name: lower-case letters, digits and single hyphens, at most 40 of them.
pub fn slug(label: &str) -> String {
    let mut slug = String::new();
    for c in label.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() || c == '.' {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() == 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches(['-', '.']).to_owned();
    if slug.is_empty() { "run".to_owned() } else { slug }
}

/// A study's question as it lies in [`STUDY_FILE`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StudyFile {
    /// Version of lrlab that began it.
    pub lrlab: String,
    /// What was asked.
    #[serde(flatten)]
    pub question: crate::study::Question,
}
