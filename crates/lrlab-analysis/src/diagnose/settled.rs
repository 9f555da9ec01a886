//! Settled: neither a lower nor a higher rate would help by much at the end.
//!
//! It says nothing of how good the place is; a run settles in a bad minimum too.

use super::{Diagnosis, Finding, Held, Readings, Word};

pub(super) static SETTLED: Diagnosis = Diagnosis {
    word: Word::Settled,
    rule: "Settled: of the clones that left the run near its end, the one at half the rate gained less than 10 % \
           of the loss or 0.1 % of the starting loss, and the one at the raised rate would gain less than 1 % of \
           the starting loss in a tenth of the training, with no sign of more at a rate higher still.",
    judge,
};

fn judge(readings: &Readings) -> Finding {
    let held = if readings.branches().is_empty() { Held::Unclear } else { Held::Yes };
    Finding { held, evidence: vec![] }
}
