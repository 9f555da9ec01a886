//! Times a checkpoint of 100 MB of state against the disk itself, and prints it as one JSON object for
//! `cargo xtask bench`.
//!
//! The state is that of Adam on a quadratic: parameters, two slots for each, and the last gradient, a
//! quarter each. The disk's speed is that of plain bytes, as many, written with `fsync` and read again, in
//! the same folder. Before anything is read, the system is told to forget it (on Linux), so that the disk is
//! read and not memory. Both sides take turns, and the least of several repeats counts; `--quick` repeats
//! less.

use std::{
    error::Error,
    fs::{self, File},
    hint::black_box,
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

use lrlab::{
    Event, TrialSpec,
    train::{Observer, TrainError, Trial, clock::Stopwatch, task::Quadratic},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Bytes of state.
const STATE: usize = 100_000_000;
/// What is kept for each parameter: itself, two slots and the last gradient.
const KEPT: usize = 4;

struct Ignore;

impl Observer for Ignore {
    fn on_event(&mut self, event: &Event) -> std::result::Result<(), TrainError> {
        black_box(event);
        Ok(())
    }
}

fn trial() -> Result<Trial> {
    let spec = TrialSpec {
        task: "quadratic".parse()?,
        strategy: Arc::new("adam lr=0.01".parse()?),
        seed: 0,
        budget: "10 steps".parse()?,
        batch_size: None,
        measure: false,
        stop: None,
    };
    let task = Quadratic::new(&vec![1.0; STATE / KEPT / size_of::<f32>()], 0.0, 1.0, 0);
    Ok(Trial::with_task(&spec, Box::new(task))?)
}

/// Megabytes a second, the most of all repeats.
#[derive(Default)]
struct Speeds {
    write: f64,
    read: f64,
    disk_write: f64,
    disk_read: f64,
}

fn time(best: &mut f64, bytes: u64, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let watch = Stopwatch::start();
    work()?;
    *best = best.max(bytes as f64 / 1e6 / watch.elapsed().as_secs_f64());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let repeats = if std::env::args().any(|argument| argument == "--quick") { 3 } else { 10 };
    // On the disk of the working folder: the one for temporary files may be memory.
    let folder = tempfile::tempdir_in(".")?;
    let place = folder.path().join("checkpoint");
    let mut trial = trial()?;
    trial.run_until(1, &mut Ignore)?;
    let mut speeds = Speeds::default();
    let mut bytes = 0;
    for _ in 0..repeats {
        time(&mut speeds.write, STATE as u64, || Ok(trial.save(&place)?))?;
        bytes = size(&place)?;
        for entry in fs::read_dir(&place)? {
            forget(&File::open(entry?.path())?);
        }
        time(&mut speeds.read, STATE as u64, || Ok(trial.restore(&place)?))?;
        fs::remove_dir_all(&place)?;
        disk(&mut speeds, &folder.path().join("plain"))?;
    }
    let figures = serde_json::json!({
        "bytes": bytes,
        "write_mb_per_s": speeds.write,
        "read_mb_per_s": speeds.read,
        "disk_write_mb_per_s": speeds.disk_write,
        "disk_read_mb_per_s": speeds.disk_read,
    });
    println!("{figures}");
    Ok(())
}

/// Plain bytes in a file, and back into memory that was in use before.
fn disk(speeds: &mut Speeds, path: &Path) -> Result<()> {
    let mut plain = vec![1_u8; STATE];
    time(&mut speeds.disk_write, STATE as u64, || {
        let mut file = File::create(path)?;
        file.write_all(&plain)?;
        Ok(file.sync_all()?)
    })?;
    forget(&File::open(path)?);
    time(&mut speeds.disk_read, STATE as u64, || Ok(File::open(path)?.read_exact(&mut plain)?))?;
    Ok(fs::remove_file(path)?)
}

/// Has the system forget what it keeps of a file in memory.
#[cfg(target_os = "linux")]
fn forget(file: &File) {
    use std::os::fd::AsRawFd;

    // SAFETY: the descriptor is open, and the call takes no pointer.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
}

#[cfg(not(target_os = "linux"))]
fn forget(_: &File) {}

fn size(folder: &Path) -> Result<u64> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
