//! Settled: neither a lower nor a higher rate would help by much at the end.
//!
//! It says little of how good the place is; a run settles in a bad minimum too. But where the loss
//! has hardly fallen, nothing has come to rest: a network that a high rate has broken answers to no
//! rate at all.

use super::{Diagnosis, Finding, Held, Readings, Sample, Word};

/// How far the loss must have fallen, over its start.
const FALL: f64 = 0.1;

pub(super) static SETTLED: Diagnosis = Diagnosis {
    word: Word::Settled,
    rule: "Settled: of the clones that left the run near its end, the one at half the rate gained less than 10 % \
           of the loss or 0.1 % of the starting loss, and the one at the raised rate would gain less than 1 % of \
           the starting loss in a tenth of the training, with no sign of more at a rate higher still; and the \
           loss had fallen by more than 10 % of its start.",
    judge,
};

fn judge(readings: &Readings) -> Finding {
    let fall: Vec<f64> = readings.runs.iter().map(|run| -run.growth).collect();
    let starts: Vec<f64> = readings.runs.iter().map(|run| run.start).collect();
    let fall = Sample::ratio(&fall, &starts, readings.noiseless);
    if readings.branches().is_empty() || fall.is_empty() {
        return Finding { held: Held::Unclear, evidence: vec![] };
    }
    // Whatever has not clearly fallen is as unclear as what straddles the bound.
    let held = if fall.above(FALL) == Held::Yes { Held::Yes } else { Held::Unclear };
    let mut evidence = vec![fall.evidence("fall of the loss, over its start", Some(FALL))];
    evidence
        .extend(readings.context("net progress, over the way between the probes", |run| run.net_progress));
    Finding { held, evidence }
}
