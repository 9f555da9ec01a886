//! What a checkpoint says of itself: whose it is, and the stamp of each of its files.
//!
//! Two lines of JSON, the second with the CRC-32 of the first, so that nothing in it can change unseen:
//!
//! ```text
//! {"form":1,"lrlab":"0.1.0","t":500,"trial":{..},"spec_hash":"..","horizon":{..},"files":{..},"log":{..}}
//! {"crc32":"1c291ca3"}
//! ```

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use lrlab_core::{Horizon, TrialSpec};
use serde::{Deserialize, Serialize};

use super::{
    CheckpointError, Difference,
    stamp::{Stamp, StampedFile},
};

/// The manifest's file.
pub(super) const MANIFEST_FILE: &str = "manifest.jsonl";

/// The form of checkpoint that is written and read here.
const FORM: u64 = 1;

/// A manifest is a few kilobytes; nothing beyond this is read.
const LONGEST: u64 = 1 << 24;

/// Whose checkpoint it is: what has to be the same for the bits to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Version of lrlab.
    pub(crate) lrlab: String,
    /// What is trained.
    pub(crate) trial: TrialSpec,
    /// The hash of the trial's spec, in hexadecimal.
    pub(crate) spec_hash: String,
    /// How long it is.
    pub(crate) horizon: Horizon,
}

/// How far the log of a run was when its checkpoint was made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMark {
    /// The event log so far.
    pub events: Stamp,
    /// Updates made while the clock ran.
    pub steps: u64,
    /// Seconds that the clock ran.
    pub seconds: f64,
}

/// A checkpoint's manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    form: u64,
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// Updates made.
    pub(crate) t: u64,
    /// The stamp of every other file.
    pub(crate) files: BTreeMap<String, Stamp>,
    /// Of a trial whose log is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<LogMark>,
}

/// What is read first, since another form may have other fields.
#[derive(Deserialize)]
struct Form {
    form: u64,
}

impl Identity {
    pub(crate) fn of(trial: &TrialSpec, horizon: Horizon) -> Self {
        Self {
            lrlab: env!("CARGO_PKG_VERSION").to_owned(),
            trial: trial.clone(),
            spec_hash: format!("{:016x}", trial.spec_hash()),
            horizon,
        }
    }

    /// Everything in which a checkpoint of `self` is not one of `here`.
    pub(crate) fn differences(&self, here: &Self) -> Vec<Difference> {
        let (a, b) = (&self.trial, &here.trial);
        let plain = |text: &String| text.clone();
        let or = |text: Option<String>, none: &str| text.unwrap_or_else(|| none.to_owned());
        let rows = |trial: &TrialSpec| or(trial.batch_size.map(|rows| rows.to_string()), "the task's own");
        let stop = |trial: &TrialSpec| or(trial.stop.map(|rule| format!("{rule:?}")), "none");
        let length = |h: &Horizon| format!("{} steps, {} of them an epoch", h.total_steps, h.steps_per_epoch);
        let pairs = [
            ("version of lrlab", self.lrlab.clone(), here.lrlab.clone()),
            ("task", format!("`{}`", a.task), format!("`{}`", b.task)),
            ("strategy", format!("`{}`", a.strategy), format!("`{}`", b.strategy)),
            ("seed", a.seed.to_string(), b.seed.to_string()),
            ("budget", a.budget.to_string(), b.budget.to_string()),
            ("rows of a batch", rows(a), rows(b)),
            ("rule to stop by", stop(a), stop(b)),
            ("measurements", a.measure.to_string(), b.measure.to_string()),
            ("length", length(&self.horizon), length(&here.horizon)),
            ("hash of the spec", self.spec_hash.clone(), here.spec_hash.clone()),
        ];
        let mut found: Vec<Difference> = pairs
            .iter()
            .filter_map(|(what, there, here)| Difference::between(*what, there, here, plain))
            .collect();
        // The hash follows from the rest; alone it would tell of a field that has no line here.
        if found.len() > 1 {
            found.retain(|difference| difference.what != "hash of the spec");
        }
        if found.is_empty() && a != b {
            let text = |trial: &TrialSpec| format!("{trial:?}");
            found.extend(Difference::between("spec", a, b, text));
        }
        found
    }
}

impl Manifest {
    pub(super) fn new(
        identity: Identity,
        t: u64,
        files: BTreeMap<String, Stamp>,
        log: Option<LogMark>,
    ) -> Self {
        Self { form: FORM, identity, t, files, log }
    }

    /// Writes it into the checkpoint in `folder`; returns once the disk has it.
    pub(super) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let mut file = StampedFile::create(&folder.join(MANIFEST_FILE))?;
        file.write(&self.to_bytes()?)?;
        file.finish().map(drop)
    }

    fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        let seal = seal(&bytes);
        bytes.push(b'\n');
        bytes.extend(seal);
        Ok(bytes)
    }

    /// Reads that of the checkpoint in `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self, CheckpointError> {
        let path = folder.join(MANIFEST_FILE);
        let unreadable = |source| CheckpointError::Unreadable { path: path.clone(), source };
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(unreadable)?;
        file.take(LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
        Self::of_bytes(&bytes, &path)
    }

    /// Reads the bytes of a manifest; `path` is told in errors.
    ///
    /// # Errors
    /// Anything but the bytes of a whole manifest of this form.
    fn of_bytes(bytes: &[u8], path: &Path) -> Result<Self, CheckpointError> {
        let damaged = |why: String| CheckpointError::Damaged { path: path.to_owned(), why };
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let content =
            first.strip_suffix(b"\n").ok_or_else(|| damaged("its first line is cut off".to_owned()))?;
        if bytes[first.len()..] != seal(content) {
            return Err(damaged("its second line is not the CRC-32 of the first".to_owned()));
        }
        let Form { form: found } = serde_json::from_slice(content).map_err(|why| damaged(why.to_string()))?;
        if found != FORM {
            let (path, version) = (path.to_owned(), env!("CARGO_PKG_VERSION"));
            return Err(CheckpointError::Form { path, found, known: FORM, version });
        }
        serde_json::from_slice(content).map_err(|why| damaged(why.to_string()))
    }
}

fn seal(content: &[u8]) -> Vec<u8> {
    format!("{{\"crc32\":\"{:08x}\"}}\n", Stamp::of(content).crc32).into_bytes()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn trial() -> TrialSpec {
        TrialSpec {
            task: "digits model=softmax".parse().unwrap(),
            strategy: Arc::new("sgd lr=0.1 | cosine to 0".parse().unwrap()),
            seed: 3,
            budget: "20 epochs".parse().unwrap(),
            batch_size: Some(32),
            measure: true,
            stop: None,
        }
    }

    fn manifest() -> Manifest {
        let files = BTreeMap::from([("state.json".to_owned(), Stamp::of(b"{}"))]);
        let log = LogMark { events: Stamp::of(b"line\n"), steps: 500, seconds: 1.25 };
        Manifest::new(Identity::of(&trial(), Horizon::new(900, 45)), 500, files, Some(log))
    }

    fn read(bytes: &[u8]) -> Result<Manifest, CheckpointError> {
        Manifest::of_bytes(bytes, Path::new("manifest.jsonl"))
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&manifest().to_bytes().unwrap()).unwrap(), manifest());
    }

    #[test]
    fn another_form_is_told_as_such() {
        let later = Manifest { form: 2, ..manifest() };
        let told = read(&later.to_bytes().unwrap()).unwrap_err().to_string();
        assert!(told.contains("has the form 2") && told.contains("reads form 1"), "{told}");
    }

    #[test]
    fn every_difference_is_named() {
        let same = Identity::of(&trial(), Horizon::new(900, 45));
        assert_eq!(same.differences(&same), []);
        let mut other = trial();
        (other.seed, other.strategy) = (4, Arc::new("adam lr=0.1".parse().unwrap()));
        let mut other = Identity::of(&other, Horizon::new(900, 45));
        other.lrlab = "9.9.9".to_owned();
        let told: Vec<String> = same.differences(&other).into_iter().map(|d| d.what).collect();
        assert_eq!(told, ["version of lrlab", "strategy", "seed"]);
    }

    proptest! {
        #[test]
        fn any_flipped_byte_and_any_cut_is_found(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let whole = manifest().to_bytes().unwrap();
            let at = at.index(whole.len());
            let mut flipped = whole.clone();
            flipped[at] ^= flip;
            prop_assert!(read(&flipped).is_err());
            prop_assert!(read(&whole[..at]).is_err());
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(content in any::<Vec<u8>>(), tail in any::<Vec<u8>>()) {
            prop_assert!(read(&tail).is_err());
            // With the right seal, so that the reader behind it sees them.
            let sealed = [&content[..], b"\n", &seal(&content)].concat();
            prop_assert!(read(&sealed).is_err());
        }
    }
}
