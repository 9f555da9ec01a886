//! Writes a run's folder: `events.jsonl`, append-only, and `timing.jsonl` beside it.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use lrlab_core::{
    Event, Outcome,
    layout::{EVENTS_FILE, TIMING_FILE},
};

use crate::{Observer, TrainError, clock::Stopwatch};

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
        Ok(Self { lines: Lines::after(path, events, 0)?, timing: Timing::start(folder), stop })
    }
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
}

/// A log that grows by whole lines only: a line that a kill tears all the same is dropped by whoever
/// reads it, and one that the system refused is taken back.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// Length of the file, all of it whole lines.
    written: u64,
}

impl Lines {
    /// Goes on after the first `written` bytes of the file; what follows them is cut off.
    pub(crate) fn after(path: PathBuf, file: File, written: u64) -> Result<Self, TrainError> {
        let mut lines = Self { path, file, buffer: Vec::with_capacity(BUFFER + 4096), written };
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
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn cut(&mut self) -> std::io::Result<()> {
        // What is no file (a device, a pipe) has no length to be cut to.
        if self.file.metadata()?.len() > self.written {
            self.file.set_len(self.written)?;
        }
        self.file.seek(SeekFrom::Start(self.written)).map(drop)
    }
}

/// The wall-clock time of a run.
#[derive(Debug)]
pub(crate) struct Timing {
    path: PathBuf,
    stopwatch: Stopwatch,
    /// Updates made meanwhile.
    pub(crate) steps: u64,
}

impl Timing {
    /// Begins now, for the run in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        Self { path: folder.join(TIMING_FILE), stopwatch: Stopwatch::start(), steps: 0 }
    }

    /// Seconds since the beginning.
    pub(crate) fn seconds(&self) -> f64 {
        self.stopwatch.elapsed().as_secs_f64()
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
