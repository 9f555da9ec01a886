//! Writes a run's folder: `events.jsonl`, append-only, and `timing.jsonl` beside it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use lrlab_core::{
    Event, Outcome,
    layout::{EVENTS_FILE, TIMING_FILE},
};

use crate::{
    Observer, TrainError,
    checkpoint::{CheckpointError, Digest, LogMark, Stamp, digest},
    clock::Stopwatch,
};

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Records a trial's events in a folder of its own.
#[derive(Debug)]
pub struct Recorder<'a> {
    lines: Lines,
    timing: Timing,
    stop: &'a AtomicBool,
}

impl<'a> Recorder<'a> {
    /// Begins the log in `folder`, made anew if need be; an unfinished log there is replaced. The
    /// trial ends as stopped once `stop` is set.
    ///
    /// # Errors
    /// A folder or file that cannot be made.
    pub fn begin(folder: &Path, stop: &'a AtomicBool) -> Result<Self, TrainError> {
        fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
        let path = folder.join(EVENTS_FILE);
        let events = File::create(&path).map_err(|source| io(&path, source))?;
        let lines = Lines::after(path, events, Digest::default())?;
        Ok(Self { lines, timing: Timing::start(folder), stop })
    }

    /// Goes on with the log in `folder` from where it was at a checkpoint; what follows is cut off, since it
    /// will be written again.
    ///
    /// # Errors
    /// A log that does not begin as it did then, or that cannot be written.
    pub fn resume(folder: &Path, mark: LogMark, stop: &'a AtomicBool) -> Result<Self, TrainError> {
        let path = folder.join(EVENTS_FILE);
        let digest = begins_with(&path, mark.events)?;
        let events =
            File::options().read(true).write(true).open(&path).map_err(|source| io(&path, source))?;
        let timing = Timing { steps: mark.steps, before: mark.seconds, ..Timing::start(folder) };
        Ok(Self { lines: Lines::after(path, events, digest)?, timing, stop })
    }
}

/// Refuses a log whose first bytes are not those that were stamped.
pub(crate) fn begins_with(path: &Path, stamp: Stamp) -> Result<Digest, CheckpointError> {
    let unreadable = |source| CheckpointError::Unreadable { path: path.to_owned(), source };
    let digest = digest(&mut File::open(path).map_err(unreadable)?.take(stamp.bytes)).map_err(unreadable)?;
    let found = digest.stamp();
    if found == stamp {
        return Ok(digest);
    }
    let why = if found.bytes < stamp.bytes {
        format!("the log has {} bytes, but had {} at the checkpoint", found.bytes, stamp.bytes)
    } else {
        format!(
            "the first {} bytes of the log have the CRC-32 {:08x} instead of {:08x}",
            stamp.bytes, found.crc32, stamp.crc32
        )
    };
    Err(CheckpointError::Damaged { path: path.to_owned(), why })
}

/// Calls `f` with every event of the log in `folder`.
///
/// # Errors
/// A log that cannot be read, or a line that is no event; what `f` fails with.
pub fn each_event(
    folder: &Path,
    f: &mut dyn FnMut(&Event) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    let path = folder.join(EVENTS_FILE);
    let log = BufReader::new(File::open(&path).map_err(|source| io(&path, source))?);
    for (number, line) in log.lines().enumerate() {
        let refuse = |why: String| TrainError::Unreadable {
            path: path.clone(),
            why: format!("line {}: {why}", number + 1),
        };
        let line = line.map_err(|why| refuse(why.to_string()))?;
        f(&serde_json::from_str(&line).map_err(|why| refuse(why.to_string()))?)?;
    }
    Ok(())
}

impl Observer for Recorder<'_> {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        self.lines.push(event)?;
        match event {
            Event::Step(_) => self.timing.steps += 1,
            Event::Finished { .. } => {
                self.timing.write()?;
                self.lines.flush()?;
            }
            _ => {}
        }
        if self.lines.is_full() { self.lines.flush() } else { Ok(()) }
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn mark(&mut self) -> Result<Option<LogMark>, TrainError> {
        self.lines.flush()?;
        let Lines { path, file, digest, .. } = &self.lines;
        file.sync_data().map_err(|source| io(path, source))?;
        let (events, steps, seconds) = (digest.stamp(), self.timing.steps, self.timing.seconds());
        Ok(Some(LogMark { events, steps, seconds }))
    }
}

/// A log that grows by whole lines only: a line that a kill tears all the same is dropped by whoever
/// reads it, and one that the system refused is taken back.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// Of what the file holds, all of it whole lines.
    digest: Digest,
}

impl Lines {
    /// Goes on after the bytes of the file that are in `digest`; what follows them is cut off.
    pub(crate) fn after(path: PathBuf, file: File, digest: Digest) -> Result<Self, TrainError> {
        let mut lines = Self { path, file, buffer: Vec::with_capacity(BUFFER + 4096), digest };
        lines.cut().map_err(|source| io(&lines.path, source))?;
        Ok(lines)
    }

    /// Adds a line, which is written with the next flush.
    pub(crate) fn push(&mut self, event: &Event) -> Result<(), TrainError> {
        serde_json::to_writer(&mut self.buffer, event).map_err(|why| io(&self.path, why.into()))?;
        self.buffer.push(b'\n');
        Ok(())
    }

    /// Whether so much is gathered that it should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= BUFFER
    }

    /// Hands all lines to the system. Where that fails they are kept, and the next flush tries again.
    pub(crate) fn flush(&mut self) -> Result<(), TrainError> {
        if let Err(source) = self.file.write_all(&self.buffer) {
            // The refusal is what the caller must hear of, whether or not the torn line goes.
            let _ = self.cut();
            return Err(io(&self.path, source));
        }
        self.digest.add(&self.buffer);
        self.buffer.clear();
        Ok(())
    }

    fn cut(&mut self) -> std::io::Result<()> {
        let written = self.digest.stamp().bytes;
        // What is no file (a device, a pipe) has no length to be cut to.
        if self.file.metadata()?.len() > written {
            self.file.set_len(written)?;
        }
        self.file.seek(SeekFrom::Start(written)).map(drop)
    }
}

/// The wall-clock time of a run.
#[derive(Debug)]
pub(crate) struct Timing {
    path: PathBuf,
    stopwatch: Stopwatch,
    /// Seconds that the run took before it was interrupted.
    before: f64,
    /// Updates made meanwhile, those before an interruption among them.
    pub(crate) steps: u64,
}

impl Timing {
    /// Begins now, for the run in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        Self { path: folder.join(TIMING_FILE), stopwatch: Stopwatch::start(), before: 0.0, steps: 0 }
    }

    /// Seconds since the beginning.
    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.stopwatch.elapsed().as_secs_f64()
    }

    /// Writes what it comes to.
    pub(crate) fn write(&self) -> Result<(), TrainError> {
        let line = format!("{{\"steps\":{},\"seconds\":{:.6}}}\n", self.steps, self.seconds());
        fs::write(&self.path, line).map_err(|source| io(&self.path, source))
    }
}

/// How the run in `folder` ended; `None` if it has no log, or one without a proper end. A run that
/// was stopped has not ended.
pub fn outcome_of(folder: &Path) -> Option<Outcome> {
    const TAIL: u64 = 64 * 1024;
    let mut file = File::open(folder.join(EVENTS_FILE)).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = String::new();
    file.take(TAIL).read_to_string(&mut tail).ok()?;
    let last = tail.strip_suffix('\n')?.rsplit('\n').next()?;
    match serde_json::from_str(last).ok()? {
        Event::Finished { outcome: Outcome::Stopped } => None,
        Event::Finished { outcome } => Some(outcome),
        _ => None,
    }
}

/// An [`TrainError::Io`] about `path`.
pub(crate) fn io(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io { path: path.to_owned(), source }
}
