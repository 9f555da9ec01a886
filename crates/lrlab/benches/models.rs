//! Times training steps of the convolutional networks and the GPT, and prints them as one JSON object.
//!
//! A step is the gradient of a batch and a plain update by it, as on PyTorch's side in
//! `golden/pytorch/peer_bench.py`, with the same sizes. Every figure is the least of several repeats.

use std::{error::Error, fs, path::Path};

use lrlab::train::{Batch, Task, clock::Stopwatch, task};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Pictures that are made up, of as many pixels a side, in ten classes; the last fifth validates.
const PICTURES: u8 = 80;
const SIDE: u8 = 28;
const CLASSES: u8 = 10;

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn main() -> Result<()> {
    let repeats = if std::env::args().any(|argument| argument == "--quick") { 3 } else { 15 };
    let folder = tempfile::tempdir()?;
    let [images, labels] = pictures(folder.path())?;
    let on_pictures = |model: &str| format!("images images=\"{images}\" labels=\"{labels}\" model={model}");
    let figures = serde_json::json!({
        "lenet_step_us": step_us(&on_pictures("lenet"), 32, 40, repeats)?,
        "residual_step_us": step_us(&on_pictures("residual"), 32, 4, repeats)?,
        "gpt_step_us": step_us("austen-char", 16, 10, repeats)?,
    });
    println!("{figures}");
    Ok(())
}

/// Paths of two IDX files.
fn pictures(folder: &Path) -> Result<[String; 2]> {
    let header = |axes: &[u8]| {
        let mut bytes = vec![0, 0, 8, axes.len() as u8];
        for axis in axes {
            bytes.extend([0, 0, 0, *axis]);
        }
        bytes
    };
    let count = usize::from(PICTURES) * usize::from(SIDE).pow(2);
    let pixels = (0..count).map(|at| (at * at % 251) as u8);
    let files = [
        ("images", header(&[PICTURES, SIDE, SIDE]).into_iter().chain(pixels).collect::<Vec<u8>>()),
        ("labels", header(&[PICTURES]).into_iter().chain((0..PICTURES).map(|at| at % CLASSES)).collect()),
    ];
    let mut paths = [String::new(), String::new()];
    for ((name, bytes), path) in files.into_iter().zip(&mut paths) {
        let file = folder.join(name);
        fs::write(&file, bytes)?;
        *path = file.display().to_string();
    }
    Ok(paths)
}

/// Microseconds of a step of `spec` in batches of so many rows.
fn step_us(spec: &str, rows: u64, steps: u32, repeats: usize) -> Result<f64> {
    let mut task = task::build(&spec.parse()?, 0)?;
    let batch: Vec<u64> = (0..rows).collect();
    let mut best = f64::INFINITY;
    step(&mut *task, &batch)?;
    for _ in 0..repeats {
        let watch = Stopwatch::start();
        for _ in 0..steps {
            step(&mut *task, &batch)?;
        }
        best = best.min(watch.elapsed().as_secs_f64());
    }
    Ok(best / f64::from(steps) * 1e6)
}

fn step(task: &mut dyn Task, batch: &[u64]) -> Result<()> {
    task.gradients(Batch::Rows(batch))?;
    task.visit(&mut |param| {
        param.value.iter_mut().zip(param.grad).for_each(|(value, grad)| *value -= 1e-3 * *grad);
    });
    Ok(())
}
