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

/// Bytes gathered before they are written. Only whole lines are handed to the system; a line that
/// a kill tears all the same is dropped by whoever reads the log.
const BUFFER: usize = 1 << 16;

/// Records a trial's events in a folder of its own.
#[derive(Debug)]
pub struct Recorder<'a> {
    folder: PathBuf,
    events: File,
    buffer: Vec<u8>,
    steps: u64,
    stopwatch: Stopwatch,
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
        Ok(Self {
            folder: folder.to_owned(),
            events,
            buffer: Vec::with_capacity(BUFFER + 4096),
            steps: 0,
            stopwatch: Stopwatch::start(),
            stop,
        })
    }

    fn flush(&mut self) -> Result<(), TrainError> {
        self.events.write_all(&self.buffer).map_err(|source| io(&self.folder.join(EVENTS_FILE), source))?;
        self.buffer.clear();
        Ok(())
    }

    fn write_timing(&self) -> Result<(), TrainError> {
        let path = self.folder.join(TIMING_FILE);
        let seconds = self.stopwatch.elapsed().as_secs_f64();
        let line = format!("{{\"steps\":{},\"seconds\":{seconds:.6}}}\n", self.steps);
        fs::write(&path, line).map_err(|source| io(&path, source))
    }
}

impl Observer for Recorder<'_> {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        serde_json::to_writer(&mut self.buffer, event)
            .map_err(|why| io(&self.folder.join(EVENTS_FILE), why.into()))?;
        self.buffer.push(b'\n');
        match event {
            Event::Step(_) => self.steps += 1,
            Event::Finished { .. } => {
                self.write_timing()?;
                self.flush()?;
            }
            _ => {}
        }
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
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
