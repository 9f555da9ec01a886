//! What a whole process costs, from its start to its end.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::Result;

/// The least over several runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Wall time in milliseconds.
    pub(super) wall_ms: f64,
    /// Peak resident memory in MB, where the system tells it.
    pub(super) peak_mb: Option<f64>,
}

/// A stopwatch of its own: this crate knows none of the others.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock; nothing is trained here")]
pub(super) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let start = Instant::now();
    let done = work()?;
    Ok((done, start.elapsed()))
}

impl Cost {
    /// The figures as data.
    pub(super) fn to_json(self) -> Value {
        json!({ "wall_ms": self.wall_ms, "peak_mb": self.peak_mb })
    }
}

/// Runs `lrlab train` as a newcomer does.
pub(super) fn first_program(binary: &Path, repeats: usize) -> Result<Cost> {
    eprintln!("measuring the first program ...");
    least(binary, &["train"], repeats)
}

/// Runs `lrlab find` on the digits with its defaults.
pub(super) fn find(binary: &Path, repeats: usize) -> Result<Cost> {
    eprintln!("measuring lrlab find on digits ...");
    least(binary, &["find", "--task", "digits"], repeats)
}

/// Runs the program several times, each time in a folder of its own.
fn least(binary: &Path, arguments: &[&str], repeats: usize) -> Result<Cost> {
    let mut least = Cost { wall_ms: f64::INFINITY, peak_mb: None };
    for _ in 0..repeats {
        let folder = tempfile::tempdir().map_err(|why| format!("cannot make a folder: {why}"))?;
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let (peak, wall) = timed(|| {
            let mut child =
                command.spawn().map_err(|why| format!("cannot run {}: {why}", binary.display()))?;
            wait(&mut child)
        })?;
        least.wall_ms = least.wall_ms.min(wall.as_secs_f64() * 1000.0);
        least.peak_mb = match (least.peak_mb, peak) {
            (Some(least), Some(peak)) => Some(least.min(peak)),
            (least, peak) => least.or(peak),
        };
    }
    Ok(least)
}

/// Waits for a child that must succeed; its peak resident memory in MB.
#[cfg(unix)]
fn wait(child: &mut Child) -> Result<Option<f64>> {
    let pid = libc::pid_t::try_from(child.id()).map_err(|why| format!("process {}: {why}", child.id()))?;
    let mut status = 0;
    // SAFETY: all bytes zero are a valid `rusage`, which holds only integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers lead to values that outlive the call, and nobody else waits for this
    // child: it is borrowed alone, and its owner drops it without waiting.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    if waited != pid {
        return Err(format!("cannot wait for process {pid}: {}", std::io::Error::last_os_error()));
    }
    if !(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0) {
        return Err(format!("lrlab ended with status {status:#x}"));
    }
    // Linux counts KiB, macOS bytes.
    let bytes = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    Ok(Some(usage.ru_maxrss as f64 * bytes / 1e6))
}

/// Waits for a child that must succeed; its memory is not told here.
#[cfg(not(unix))]
fn wait(child: &mut Child) -> Result<Option<f64>> {
    let status = child.wait().map_err(|why| format!("cannot wait for process {}: {why}", child.id()))?;
    if status.success() { Ok(None) } else { Err(format!("lrlab ended with {status}")) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_its_memory_and_its_failure() {
        let peak = wait(&mut Command::new("true").spawn().unwrap()).unwrap().unwrap();
        assert!((0.1..1000.0).contains(&peak), "{peak} MB");
        assert!(wait(&mut Command::new("false").spawn().unwrap()).is_err());
    }
}
