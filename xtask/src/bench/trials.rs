//! What trials by the thousand cost beyond their training, and how long `lrlab find` takes.

use serde_json::Value;

use super::figure::{Bound, Figure};

/// Milliseconds that queue, planner and log may add to a trial.
const OVERHEAD: Bound = Bound::AtMost(0.5);

/// A study may take so many times the time of two bare processes: nine tenths of their throughput.
const SLOWDOWN: Bound = Bound::AtMost(1.0 / 0.9);

/// Bytes by which a study's peak memory may grow with each trial: 10,000 of them stay below 20 MB.
const MEMORY: Bound = Bound::AtMost(2000.0);

/// Seconds of `lrlab find --task digits`.
const FIND: Bound = Bound::AtMost(3.0);

/// The lines of `trials`, from `crates/lrlab/benches/trials.rs`, and of `find`, in seconds.
pub(super) fn figures(trials: &Value, find: f64) -> Vec<Figure> {
    let own = |name: &str| trials[name].as_f64();
    let count = trials["trials"].as_u64().unwrap_or(0);
    let slowdown = own("study_s").zip(own("two_processes_s")).map(|(study, bare)| study / bare);
    vec![
        Figure::new(format!("queue and log of a trial, of {count}"), "ms", own("overhead_ms"))
            .wanted(Some(OVERHEAD)),
        Figure::new("a short trial, trained alone", "ms", own("short_trial_ms")),
        Figure::new(format!("{count} short trials, 2 threads, over two bare processes"), "x", slowdown)
            .wanted(Some(SLOWDOWN)),
        Figure::new("peak memory that a trial adds to a study", "bytes", own("memory_bytes_per_trial"))
            .wanted(Some(MEMORY)),
        Figure::new("lrlab find on digits, whole process", "s", Some(find)).wanted(Some(FIND)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn missed(trials: &Value, find: f64) -> Vec<String> {
        figures(trials, find).into_iter().filter(Figure::is_missed).map(|figure| figure.name).collect()
    }

    #[test]
    fn what_is_within_its_bound_is_met_and_what_is_beyond_is_missed() {
        let good = json!({
            "trials": 10, "overhead_ms": 0.5, "study_s": 1.1, "two_processes_s": 1.0,
            "memory_bytes_per_trial": 2000.0,
        });
        assert!(missed(&good, 3.0).is_empty());
        let bad = json!({
            "trials": 10, "overhead_ms": 0.6, "study_s": 1.2, "two_processes_s": 1.0,
            "memory_bytes_per_trial": 2001.0,
        });
        assert_eq!(missed(&bad, 3.1).len(), 4);
    }

    #[test]
    fn what_was_not_measured_is_missed() {
        assert_eq!(missed(&json!({}), 1.0).len(), 3);
    }
}
