//! Results that are kept: a trial is trained once, however often somebody asks for it.
//!
//! A result is a line of JSON under the trial's own hash, in a file that is named by a hash of the
//! sources that training goes through: change one of them, and a new file is begun.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use lrlab::{
    Outcome,
    analysis::{
        Planner, TrialResult,
        planner::{Action, Next, Request},
    },
    investigate::Investigator,
};
use serde_json::{Value, json};

use crate::Result;

/// What decides a trial's result, below `crates`.
const SOURCES: [&str; 9] = [
    "lrlab-train/data",
    "lrlab-train/src/data",
    "lrlab-train/src/probe",
    "lrlab-train/src/task",
    "lrlab-train/src/trial",
    "lrlab-core/src/optimizer",
    "lrlab-core/src/schedule",
    "lrlab-core/src/scheduler",
    "lrlab-core/src/vector",
];

/// All results so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    kept: Mutex<HashMap<u64, Kept>>,
    file: Mutex<File>,
    stop: AtomicBool,
    trained: AtomicUsize,
}

/// A trial's result without what was asked for.
#[derive(Clone, Debug)]
struct Kept {
    outcome: Outcome,
    updates: u64,
    gradients: u64,
    untrained: Option<f64>,
    objectives: Vec<(u64, f64)>,
    sweep: Vec<(f64, f64)>,
    stable: Vec<(u64, f64)>,
}

impl Ledger {
    /// The results below `folder`; `fresh` forgets them first.
    pub(crate) fn open(folder: &Path, fresh: bool) -> Result<Self> {
        let path = folder.join(format!("results-{:016x}.jsonl", hash_of_sources()?));
        let told = |why: std::io::Error| format!("{}: {why}", path.display());
        fs::create_dir_all(folder).map_err(told)?;
        if fresh && path.exists() {
            fs::remove_file(&path).map_err(told)?;
        }
        let file = OpenOptions::new().create(true).append(true).read(true).open(&path).map_err(told)?;
        // A line that was cut off is trained again.
        let lines = BufReader::new(file.try_clone().map_err(told)?).lines();
        let kept = lines.map_while(std::io::Result::ok).filter_map(|line| read(&line)).collect();
        Ok(Self {
            kept: Mutex::new(kept),
            file: Mutex::new(file),
            stop: AtomicBool::new(false),
            trained: AtomicUsize::new(0),
        })
    }

    /// Trials that were trained and not found.
    pub(crate) fn trained(&self) -> usize {
        self.trained.load(Ordering::Relaxed)
    }

    /// The results of `requests`, in their order.
    pub(crate) fn run(&self, requests: Vec<Request>) -> Result<Vec<TrialResult>> {
        self.run_with(&Investigator::without_logs(&self.stop), requests, &HashSet::new())
    }

    /// What `planner` answers.
    pub(crate) fn ask<P: Planner>(&self, planner: &mut P) -> Result<P::Answer> {
        let investigator = Investigator::without_logs(&self.stop);
        let mut seen = Vec::new();
        // Trials that were paused live on in the investigator.
        let mut alive = HashSet::new();
        loop {
            let requests = match planner.next(&seen) {
                Next::Run(requests) => requests,
                Next::Stop(answer) => return Ok(answer),
            };
            let paused = requests.iter().filter(|request| request.action != Action::Run);
            alive.extend(paused.map(|request| request.name.clone()));
            seen.extend(self.run_with(&investigator, requests, &alive)?);
        }
    }

    fn run_with(
        &self,
        investigator: &Investigator,
        requests: Vec<Request>,
        alive: &HashSet<String>,
    ) -> Result<Vec<TrialResult>> {
        let mut results: Vec<Option<TrialResult>> =
            requests.iter().map(|request| self.find(request, alive)).collect();
        let missing: Vec<Request> = (requests.into_iter().zip(&results))
            .filter_map(|(request, result)| result.is_none().then_some(request))
            .collect();
        let keep: Vec<bool> = missing.iter().map(|request| !alive.contains(&request.name)).collect();
        let trained = investigator.run(missing, &()).map_err(|why| why.to_string())?;
        for (result, keep) in trained.iter().zip(keep) {
            if let Some(Outcome::Failed { why }) = &result.outcome {
                return Err(format!("{} of {} failed: {why}", result.name, result.trial.task));
            }
            if keep {
                self.keep(result)?;
            }
        }
        let mut trained = trained.into_iter();
        for place in results.iter_mut().filter(|place| place.is_none()) {
            *place = trained.next();
        }
        Ok(results.into_iter().flatten().collect())
    }

    fn find(&self, request: &Request, alive: &HashSet<String>) -> Option<TrialResult> {
        if alive.contains(&request.name) {
            return None;
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&request.trial.spec_hash())?.clone();
        Some(TrialResult {
            name: request.name.clone(),
            trial: request.trial.clone(),
            outcome: Some(kept.outcome),
            updates: kept.updates,
            gradients: kept.gradients,
            clipped: 0,
            untrained: kept.untrained,
            objectives: kept.objectives,
            sweep: kept.sweep,
            stable: kept.stable,
        })
    }

    fn keep(&self, result: &TrialResult) -> Result<()> {
        let Some(outcome) = result.outcome.clone() else { return Ok(()) };
        let hash = result.trial.spec_hash();
        let kept = Kept {
            outcome,
            updates: result.updates,
            gradients: result.gradients,
            untrained: result.untrained,
            objectives: result.objectives.clone(),
            sweep: result.sweep.clone(),
            stable: result.stable.clone(),
        };
        let line = format!("{}\n", written(hash, &kept)?);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(|why| format!("cannot keep a result: {why}"))?;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, kept);
        self.trained.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// JSON has no infinity and no NaN: they are words.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

fn as_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn written(hash: u64, kept: &Kept) -> Result<String> {
    let pairs = |pairs: &[(u64, f64)]| -> Vec<Value> {
        pairs.iter().map(|&(t, value)| json!([t, number(value)])).collect()
    };
    let sweep: Vec<Value> =
        kept.sweep.iter().map(|&(rate, loss)| json!([number(rate), number(loss)])).collect();
    let outcome = serde_json::to_value(&kept.outcome).map_err(|why| why.to_string())?;
    Ok(json!([
        format!("{hash:016x}"),
        outcome,
        kept.updates,
        kept.gradients,
        pairs(&kept.objectives),
        sweep,
        pairs(&kept.stable),
        kept.untrained.map(number)
    ])
    .to_string())
}

fn read(line: &str) -> Option<(u64, Kept)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let pairs = |value: &Value| -> Option<Vec<(u64, f64)>> {
        value.as_array()?.iter().map(|pair| Some((pair[0].as_u64()?, as_number(&pair[1])?))).collect()
    };
    let sweep: Option<Vec<(f64, f64)>> =
        line[5].as_array()?.iter().map(|pair| Some((as_number(&pair[0])?, as_number(&pair[1])?))).collect();
    let kept = Kept {
        outcome: serde_json::from_value(line[1].clone()).ok()?,
        updates: line[2].as_u64()?,
        gradients: line[3].as_u64()?,
        untrained: as_number(&line[7]),
        objectives: pairs(&line[4])?,
        sweep: sweep?,
        stable: pairs(&line[6])?,
    };
    Some((u64::from_str_radix(line[0].as_str()?, 16).ok()?, kept))
}

/// FNV-1a over the names and the bytes of [`SOURCES`].
fn hash_of_sources() -> Result<u64> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<PathBuf> = Vec::new();
    for source in SOURCES {
        walk(&crates.join(source), &mut files)?;
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for path in files {
        let name = path.strip_prefix(&crates).unwrap_or(&path).to_string_lossy().into_owned();
        let bytes = fs::read(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        for byte in name.bytes().chain(bytes) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(hash)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let told = |why: std::io::Error| format!("{}: {why}", path.display());
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(told)? {
        walk(&entry.map_err(told)?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_where_they_are_looked_for() {
        hash_of_sources().unwrap();
    }

    #[test]
    fn what_is_written_is_read() {
        let kept = Kept {
            outcome: Outcome::Diverged { t: 7, loss: f64::INFINITY },
            updates: 7,
            gradients: 9,
            untrained: Some(0.3),
            objectives: vec![(3, 0.1), (6, f64::NAN)],
            sweep: vec![(1e-7, 2.5), (1e-6, f64::INFINITY)],
            stable: vec![(0, 1.0 / 3.0)],
        };
        let line = written(u64::MAX, &kept).unwrap();
        let (hash, back) = read(&line).unwrap();
        assert_eq!(hash, u64::MAX);
        // NaN equals nothing, its text does.
        assert_eq!(format!("{back:?}"), format!("{kept:?}"));
        for end in 0..line.len() {
            assert!(read(&line[..end]).is_none(), "cut off at {end}");
        }
    }
}
